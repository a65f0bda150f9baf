"""tune: measure the algorithms for the convolutions that a function really traces, and keep the fastest."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import jax

from jconv._algorithms import ALGORITHMS
from jconv._choice.choose import choose_algorithm
from jconv._choice.limits import why_not_auto
from jconv._choice.tuned import load_tuned, tuned_path, tuned_table
from jconv._choice.tuned_file import PathLike, Tuned, read_tables, save_tuned
from jconv._equation.problem import ConvProblem
from jconv._programs.measure import measure
from jconv._programs.trace import traced_problems, with_gradients


def tune(
    target: Callable[..., Any] | Iterable[ConvProblem],
    *args: Any,
    seconds: float = 0.2,
    budget: float | None = None,
    most_bytes: int = 2**31,
    path: PathLike | None = None,
    dry_run: bool = False,
    progress: Callable[[Sequence[ConvProblem]], Iterable[ConvProblem]] | None = None,
) -> tuple[Tuned, ...]:
    """Measure every algorithm on a function's convolutions, on this device, and choose by that from now on.

    The function is traced, not run. It tunes jconv's convolutions and
    `jax.lax.conv_general_dilated`'s, also inside loops, and the two gradients of each; those that name
    their algorithm are left alone. The result is added to a file, and `choose_algorithm` looks there
    first, in this process and in later ones. Functions compiled before are compiled anew at their
    next call.

    Args:
        target: a function (one that changes state, such as a training step of Flax nnx, as jitted by
            `nnx.jit`), or the problems themselves.
        *args: what the function is called with: arrays, or `jax.ShapeDtypeStruct`s.
        seconds: how long to measure each algorithm on each problem, compilation apart.
        budget: how long to measure in all; problems not begun by then are not tuned.
        most_bytes: algorithms that need more temporary memory than this are left out.
        path: the file; None for the one in use, that is what `load_tuned` was given, else what the
            environment's JCONV_TUNED names, else one in the user's cache directory. Where several
            processes run one program together, all must see the same file.
        dry_run: only say what would be measured.
        progress: wraps the problems in an iterator that shows how far it is, as `tqdm.tqdm` and
            `rich.progress.track` do.

    Returns:
        What was found, problem by problem, in the order of tracing.

    Raises:
        ValueError: the file is there and is not a tuned table, JCONV_TUNED is set and empty, or a time is
            negative.
        TypeError: the target is neither a function nor problems.
        OSError: the file cannot be written.

    Examples:
        >>> import jax, jax.numpy as jnp
        >>> from jconv import conv
        >>> x, kernel = jax.ShapeDtypeStruct((8, 64, 3), jnp.float32), jnp.ones((5, 3, 7))
        >>> for tuned in tune(conv, x, kernel, dry_run=True):
        ...     print(tuned.problem.window, "taps" in tuned.candidates)
        (5,) True
        (5,) True
        (60,) True
    """
    for name, amount in (("seconds", seconds), ("budget", budget)):
        if amount is not None and not amount >= 0:
            raise ValueError(f"tune: {name}={amount!r} must be 0 or more.")
    problems = [problem for problem in with_gradients(_problems(target, args)) if not problem.empty]
    platform = jax.default_backend()
    if dry_run:
        return tuple(_plan(problem, platform, most_bytes) for problem in problems)
    file = tuned_path(path)
    if file is None:
        raise ValueError("tune: JCONV_TUNED is set and empty, which means no table: unset it, or give path=.")
    read_tables(file)  # if it is something else, better find out now
    done: list[Tuned] = []
    stop = float("inf") if budget is None else time.perf_counter() + budget
    try:
        for problem in problems if progress is None else progress(problems):
            if time.perf_counter() < stop:
                done.append(_carried_out(_plan(problem, platform, most_bytes), seconds, most_bytes))
    finally:  # what was measured before an interruption is kept too
        save_tuned(done, platform, file)
        load_tuned(file)
    return tuple(done)


def _problems(target: Any, args: Sequence[Any]) -> tuple[ConvProblem, ...]:
    """The problems of a target and its arguments, each as "auto": what is measured serves "direct" as well."""
    if callable(target):
        problems, args = traced_problems(target, *args), ()
    else:
        problems = tuple(target) if isinstance(target, Iterable) else (target,)
    if args or not all(isinstance(problem, ConvProblem) for problem in problems):
        raise TypeError(
            f"tune: the target, of type {type(target).__name__}, must be a function, followed by its arguments, "
            f"or an iterable of ConvProblem, followed by nothing."
        )
    return tuple(replace(problem, algorithm="auto") for problem in problems)


def _plan(problem: ConvProblem, platform: str, most_bytes: int) -> Tuned:
    """What is to be measured for a problem, the algorithm chosen so far first, and why the others are left out."""
    left_out = {}
    for algorithm in ALGORITHMS.values():
        reasons = algorithm.unsupported(problem, platform)
        if reasons:
            left_out[algorithm.name] = "; ".join(reasons)
        elif aside := why_not_auto(problem, platform, algorithm):
            left_out[algorithm.name] = aside
        elif algorithm.cost and (extra := algorithm.cost(problem, platform).extra_bytes) > most_bytes:
            left_out[algorithm.name] = f"it needs {extra:.2g} bytes of temporary memory"
    # First the one chosen so far: it is seldom slow, and shows early which others are hopeless.
    first = choose_algorithm(problem, platform, tuned=tuned_table(platform)).name
    candidates = sorted((name for name in ALGORITHMS if name not in left_out), key=lambda name: name != first)
    return Tuned(problem, tuple(candidates), left_out, {}, None)


def _carried_out(plan: Tuned, seconds: float, most_bytes: int) -> Tuned:
    """The plan, with the times that were measured and the fastest algorithm."""
    times = measure(plan.problem, plan.candidates, seconds=seconds, most_bytes=most_bytes)
    fastest = min(times.seconds, key=times.seconds.__getitem__, default=None)
    return replace(plan, left_out={**plan.left_out, **times.failed}, seconds=dict(times.seconds), algorithm=fastest)
