"""explain: which algorithm runs in each direction, what every other would take, and why."""

from dataclasses import replace
from functools import partial
from typing import Any

import jax

from jconv._algorithms import ALGORITHMS, Cost
from jconv._choice.choose import choose_algorithm, measured
from jconv._choice.limits import why_not_auto
from jconv._choice.seconds import compile_seconds, felt_work, predicted_times
from jconv._choice.tuned import tuned_table
from jconv._equation.problem import ConvProblem
from jconv._primitive.lowering import serving
from jconv._programs.install import served_algorithm
from jconv._programs.trace import traced_convolutions, with_gradients
from jconv._verbs.conv import conv


class Explanation(str):
    """A text; printing it shows it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


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
        A table per problem: each algorithm, can or why not, what `Cost` counts (multiply-adds weigh as much as
        they are slower than XLA's best), predicted time, and the one that runs.

    Raises:
        ValueError: as `conv` does.
        TypeError: as `conv` does; or options for something else than an array.

    Examples:
        >>> import jax.numpy as jnp
        >>> text = explain(jnp.ones((8, 56, 56, 128)), jnp.ones((3, 3, 1, 128)), groups=128, platform="cpu")
        >>> print(text)  # doctest: +ELLIPSIS
        value: [8, 56, 56] x 128 groups of 1 -> 1, window (3, 3), outputs (54, 54), float32: taps
        ...
    """
    platform = platform or jax.default_backend()
    if options and (isinstance(target, ConvProblem) or callable(target)):
        raise TypeError(f"explain: options ({', '.join(options)}) belong to an array; of a function, make a partial.")
    if isinstance(target, ConvProblem):
        convolutions = {target: False}
    elif callable(target):
        convolutions = traced_convolutions(target, *args)
    else:
        if len(args) != 1:
            raise TypeError(f"explain: after x comes one kernel, and the options by name; got {len(args)} arrays.")
        convolutions = traced_convolutions(partial(conv, **options), target, *args)
    found = with_gradients(
        replace(problem, algorithm=served_algorithm()) if is_jaxs and serving.value else problem
        for problem, is_jaxs in convolutions.items()
    )
    tables = [_table(name, problem, platform) for problem, name in found.items() if not problem.empty]
    if any(convolutions.values()) and not serving.value:
        tables.append("These are, or hold, JAX's own convolutions, served by jconv only under jconv.install().")
    return Explanation("\n\n".join(tables) or ("nothing to compute" if found else "no convolutions"))


def describe(problem: ConvProblem) -> str:
    """A problem in one line, for people."""
    return (
        f"{[problem.batch, *problem.input_size]} x {problem.groups} groups of {problem.c_in} -> "
        f"{problem.c_out}, window {problem.window}, outputs {problem.output_size}, {problem.compute_dtype}"
    )


def _table(direction: str, problem: ConvProblem, platform: str) -> str:
    named = problem.algorithm
    asked_for = ALGORITHMS.get(named) if isinstance(named, str) else named
    algorithms = {algorithm.name: algorithm for algorithm in (*ALGORITHMS.values(), *filter(None, [asked_for]))}
    tuned = tuned_table(platform)
    chosen = (asked_for or choose_algorithm(problem, platform, tuned=tuned)).name
    why = " (measured)" if measured(problem, tuned) == chosen else ""
    if asked_for:
        why = " (asked for), which cannot" if asked_for.unsupported(problem) else " (asked for)"
    times = predicted_times(problem, platform)
    lines = [
        f"{direction}: {describe(problem)}: {chosen}{why}",
        f"  {'':10} {'weighted m.-adds':>16} {'bytes moved':>15} {'bytes kept':>13} {'predicted ms':>13}",
    ]
    for name, algorithm in algorithms.items():
        reasons = algorithm.unsupported(problem)
        if reasons:
            lines.append(f"  {name:10} cannot: {'; '.join(reasons)}")
            continue
        cost = algorithm.cost(problem, platform) if algorithm.cost else Cost(0, 0, 0, 0)
        time = f"{1e3 * times[name]:13.3f}" if name in times else f"{'unknown':>13}"
        aside = why_not_auto(problem, platform, algorithm)
        lines.append(
            f"  {name:10} {round(felt_work(cost)):16,} {cost.bytes_moved:15,} {cost.extra_bytes:13,} {time}"
            + (
                f" + {1e3 * later:.3f} for compilation"
                if (later := compile_seconds(algorithm, problem, platform))
                else ""
            )
            + (f"  not by auto: {aside}" if aside else "")
            + ("  <- chosen" if name == chosen else "")
        )
    return "\n".join(lines)
