"""explain: which algorithm runs in each direction, what every other would take, and why."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import jax

from jconv._algorithms import ALGORITHMS, Algorithm
from jconv._choice.choose import CHOICES, choose_algorithm, measured
from jconv._choice.limits import why_not_auto
from jconv._choice.seconds import RATES, compile_seconds, felt_work, predicted_times
from jconv._choice.tuned import tuned_table
from jconv._equation.problem import ConvProblem
from jconv._primitive.lowering import serving
from jconv._programs.explanation import Candidate, ConvolutionExplained, Direction, Explanation
from jconv._programs.install import served_algorithm
from jconv._programs.trace import traced_convolutions
from jconv._verbs.conv import conv


def explain(target: Any, *args: Any, platform: str | None = None, **options: Any) -> Explanation:
    """Say which algorithm runs, for a convolution and both its gradients, and why.

    Args:
        target: x (*batch, *spatial, c_in), followed by a kernel and the options of `conv`; or a
            `ConvProblem`; or a function, followed by its arguments: then its convolutions (one that changes
            state, such as a call of a Flax nnx model, as jitted by `nnx.jit`).
        *args: the kernel, or the function's arguments: arrays or `jax.ShapeDtypeStruct`s.
        platform: as in `choose_algorithm`; this process's by default.
        **options: those of `conv`, where `target` is x.

    Returns:
        A record. Of one convolution it has `forward`, `input_gradient` and `kernel_gradient`, each with
        `chosen`, `why`, `seconds` and `candidates`; of a function with several, `convolutions` has one such
        record each. Printed, and in a notebook, it is a table.

    Raises:
        ValueError: as `conv` does.
        TypeError: as `conv` does; or options for something else than an array.

    Examples:
        >>> import jax.numpy as jnp
        >>> x, kernel = jnp.ones((8, 56, 56, 128)), jnp.ones((3, 3, 1, 128))
        >>> found = explain(x, kernel, groups=128, platform="cpu")
        >>> found.forward.chosen in ("native", "taps")  # the latter where llvmlite is not installed
        True
        >>> print(found)  # doctest: +ELLIPSIS
        forward: ... (least predicted time)
          [8, 56, 56] x 128 groups of 1 -> 1, window (3, 3), outputs (54, 54), float32
          algorithm           time  multiply-adds  memory moved  temporaries  local
          lax        ...
    """
    platform = platform or jax.default_backend()
    if options and (isinstance(target, ConvProblem) or callable(target)):
        raise TypeError(f"explain: options ({', '.join(options)}) belong to an array; of a function, make a partial.")
    if isinstance(target, ConvProblem):
        traced = {target: False}
    elif callable(target):
        traced = traced_convolutions(target, *args)
    else:
        if len(args) != 1:
            raise TypeError(f"explain: after x comes one kernel, and the options by name; got {len(args)} arrays.")
        traced = traced_convolutions(partial(conv, **options), target, *args)
    problems = [
        replace(problem, algorithm=served_algorithm()) if is_jaxs and serving.value else problem
        for problem, is_jaxs in traced.items()
    ]
    convolutions = tuple(_convolution(problem, platform) for problem in _values(problems) if not problem.empty)
    note = "" if convolutions else "nothing to compute" if traced else "no convolutions"
    if any(traced.values()) and not serving.value:
        note = "These are, or hold, JAX's own convolutions, served by jconv only under jconv.install()."
    return Explanation(convolutions, note)


def _values(problems: Iterable[ConvProblem]) -> list[ConvProblem]:
    """The distinct problems, without those that are a gradient of one before."""
    values, seen = [], set()
    for problem in problems:
        if problem not in seen:
            values.append(problem)
            seen |= {problem, problem.gradient_x(), problem.gradient_w()}
    return values


def _convolution(problem: ConvProblem, platform: str) -> ConvolutionExplained:
    """What runs for a problem and for its two gradients."""
    return ConvolutionExplained(
        forward=_direction("forward", problem, platform),
        input_gradient=_direction("input gradient", problem.gradient_x(), platform),
        kernel_gradient=_direction("kernel gradient", problem.gradient_w(), platform),
    )


def _direction(name: str, problem: ConvProblem, platform: str) -> Direction:
    """What runs for one problem, which is called `name` in its convolution."""
    chosen, why = _choice(problem, platform)
    algorithms = {algorithm.name: algorithm for algorithm in (*ALGORITHMS.values(), chosen)}
    times = predicted_times(problem, platform)
    candidates = (_candidate(one, problem, platform, times.get(one.name)) for one in algorithms.values())
    return Direction(name, problem, chosen.name, why, tuple(candidates))


def _choice(problem: ConvProblem, platform: str) -> tuple[Algorithm, str]:
    """The algorithm that runs, also one that is asked for and cannot, and why it is that one."""
    if isinstance(problem.algorithm, Algorithm) or problem.algorithm not in CHOICES:
        named = problem.algorithm if isinstance(problem.algorithm, Algorithm) else ALGORITHMS[problem.algorithm]
        return named, "asked for, which cannot" if named.unsupported(problem, platform) else "asked for"
    tuned = tuned_table(platform)
    chosen = choose_algorithm(problem, platform, tuned=tuned)
    if problem.symbolic:
        return chosen, "a size is not known yet"
    if measured(problem, tuned) == chosen.name:
        return chosen, "measured to be fastest"
    if platform == "tpu" and chosen.name != "lax":
        return chosen, "the compiler estimates it at less than half of XLA's own"
    if platform not in RATES:
        return chosen, f"XLA's own: nothing is known of times on {platform}"
    return chosen, "least predicted time"


def _candidate(algorithm: Algorithm, problem: ConvProblem, platform: str, seconds: float | None) -> Candidate:
    """What one algorithm would take for a problem, or why it cannot; `seconds` is its predicted time."""
    cannot = algorithm.unsupported(problem, platform)
    if cannot or algorithm.cost is None:
        aside = "" if cannot else "it does not say what it takes"
        return Candidate(algorithm.name, cannot, aside, algorithm.local)
    cost = algorithm.cost(problem, platform)
    return Candidate(
        name=algorithm.name,
        cannot=(),
        why_not_auto=why_not_auto(problem, platform, algorithm),
        local=algorithm.local,
        multiply_adds=felt_work(cost),
        bytes_moved=cost.bytes_moved,
        extra_bytes=cost.extra_bytes,
        seconds=seconds,
        compile_seconds=compile_seconds(algorithm, problem, platform),
    )
