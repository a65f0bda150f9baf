"""explain: which algorithm runs in each direction, what every other would take, and why."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax

from jconv._algorithms import ALGORITHMS
from jconv._choose import choose_algorithm, predicted_times, set_aside
from jconv._conv import conv
from jconv._problem import ConvProblem
from jconv._tune import traced_problems
from jconv._tuned import tuned_choice


class Explanation(str):
    """A text; printing it shows it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def explain(target: Any, *args: Any, platform: str | None = None, **options: Any) -> Explanation:
    """Say what `choose_algorithm` chooses, for a convolution and both its gradients, and why.

    Args:
        target: x (*batch, *spatial, c_in), followed by a kernel and the options of `conv`; or a
            `ConvProblem`; or a function, followed by its arguments: then its convolutions.
        *args: the kernel, or the function's arguments: arrays or `jax.ShapeDtypeStruct`s.
        platform: as in `choose_algorithm`; this process's by default.
        **options: those of `conv`, where `target` is x.

    Returns:
        A table per problem: each algorithm, can or why not, multiply-adds, bytes moved and kept,
        predicted time, and the chosen one.

    Raises:
        ValueError: as `conv` does.
        TypeError: as `conv` does.

    Examples:
        >>> import jax.numpy as jnp
        >>> text = explain(jnp.ones((8, 56, 56, 128)), jnp.ones((3, 3, 1, 128)), groups=128, platform="cpu")
        >>> print(text)  # doctest: +ELLIPSIS
        value: [8, 56, 56] x 128 groups of 1 -> 1, window (3, 3), outputs (54, 54), float32: taps
        ...
    """
    platform = platform or jax.default_backend()
    if isinstance(target, ConvProblem):
        problems = [target]
    elif isinstance(target, Callable):
        problems = list(traced_problems(target, *args))
    else:
        problems = list(traced_problems(partial(conv, **options), target, *args))
    directions = {
        "value": lambda problem: problem,
        "gradient of x": ConvProblem.gradient_x,
        "gradient of kernel": ConvProblem.gradient_w,
    }
    tables = [
        _table(name, direct(problem), platform)
        for problem in problems
        for name, direct in directions.items()
        if not direct(problem).empty
    ]
    return Explanation("\n\n".join(tables))


def describe(problem: ConvProblem) -> str:
    """A problem in one line, for people."""
    return (
        f"{[problem.batch, *problem.input_size]} x {problem.groups} groups of {problem.c_in} -> "
        f"{problem.c_out}, window {problem.window}, outputs {problem.output_size}, {problem.compute_dtype}"
    )


def _table(direction: str, problem: ConvProblem, platform: str) -> str:
    chosen = choose_algorithm(problem, platform).name
    measured = " (measured)" if tuned_choice(problem, platform) == chosen else ""
    times = predicted_times(problem, platform)
    lines = [
        f"{direction}: {describe(problem)}: {chosen}{measured}",
        f"  {'':10} {'multiply-adds':>15} {'bytes moved':>15} {'bytes kept':>13} {'predicted ms':>13}",
    ]
    for name, algorithm in ALGORITHMS.items():
        reasons = algorithm.unsupported(problem)
        if reasons:
            lines.append(f"  {name:10} cannot: {'; '.join(reasons)}")
            continue
        cost = algorithm.cost(problem, platform)
        time = f"{1e3 * times[name]:13.3f}" if name in times else f"{'unknown':>13}"
        aside = set_aside(problem, platform, algorithm)
        lines.append(
            f"  {name:10} {cost.multiply_adds:15,} {cost.bytes_moved:15,} {cost.extra_bytes:13,} {time}"
            + (f"  not by auto: {aside}" if aside else "")
            + ("  <- chosen" if name == chosen else "")
        )
    return "\n".join(lines)
