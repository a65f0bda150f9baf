"""The choice of an algorithm: a pure function of the problem and the platform."""

from jconv._algorithms import ALGORITHMS, Algorithm, Cost
from jconv._problem import ConvProblem
from jconv._rates import RATES
from jconv._tuned import admits, tuned_choice

# Temporaries that `auto` allows: so many times what goes in and comes out, and so many bytes more.
MEMORY_FACTOR, MEMORY_BYTES = 2, 64 * 2**20

# Temporaries up to this come from memory that the allocator has at hand; what is more is mapped in anew,
# page by page, at every call.
REUSED_BYTES = 16 * 2**20

# What XLA takes to compile one of many operations on CPU, as a part of every call: it must be repaid in a thousand.
COMPILE_SECONDS = 0.02 / 1000

# What XLA divides over a sharded batch without gathering it: no loop over it, no Fourier transform.
PARTITIONS_WELL = ("lax", "planar", "taps")


def choose_algorithm(problem: ConvProblem, platform: str, *, partitioned: bool = False) -> Algorithm:
    """The algorithm that computes `problem` on `platform`: the one it names, or by this ladder.

    The first that holds:

    1. the problem names an algorithm: that one.
    2. there is nothing to compute, or a size is not known yet (`jax.export` with symbolic shapes): `lax`.
    3. XLA partitions the program over devices: `taps` for groups, else as 6 among `lax`, `planar` and
       `taps`. Of a sharded batch, the others and XLA's grouped convolution would gather the whole.
    4. it was measured on this device (`jconv.tune`): the one that was fastest, within the bounds of 6.
    5. the platform is not a CPU: `lax`, its compiler's own convolution. No rewrite of jconv has been
       measured to win there yet.
    6. else the one with the least predicted time (a thousandth of what many small operations take to
       compile included), among those that can compute the problem, are as
       accurate as its precision asks for (HIGHEST admits only direct sums) and whose temporaries stay
       within twice the operands and the result, and 64 MB (or within what `lax` needs).

    Args:
        problem: the problem, as in `ConvProblem`.
        platform: "cpu", "gpu", "cuda", "rocm" or "tpu".
        partitioned: whether XLA is to divide the program over several devices (`jax.jit` of sharded
            arrays; not `jax.shard_map`, where each device has a program of its own).

    Returns:
        The algorithm.

    Raises:
        NotImplementedError: a named algorithm cannot compute the problem; with its reasons, and
            the names of those that can.

    Examples:
        >>> import numpy as np
        >>> from jconv import ConvProblem
        >>> float32 = np.dtype("float32")
        >>> depthwise = ConvProblem(
        ...     batch=8, groups=64, c_in=1, c_out=1, input_size=(9, 9), window=(3, 3), output_size=(7, 7),
        ...     stride=(1, 1), input_dilation=(1, 1), dilation=(1, 1), low=(0, 0),
        ...     x_dtype=float32, w_dtype=float32, dtype=float32)
        >>> choose_algorithm(depthwise, "cpu").name
        'taps'
    """
    if not isinstance(problem, ConvProblem):
        raise TypeError(
            f"choose_algorithm: problem must be a ConvProblem, not {type(problem).__name__}. "
            f"For arrays there is jconv.explain(x, kernel, ...)."
        )
    if isinstance(problem.algorithm, Algorithm) or problem.algorithm != "auto":
        return _named(problem)
    if problem.symbolic or problem.empty:
        return ALGORITHMS["lax"]
    if partitioned and problem.groups > 1:
        return ALGORITHMS["taps"]
    tuned = None if partitioned else tuned_choice(problem, platform)
    if tuned is not None and not set_aside(problem, platform, ALGORITHMS[tuned]):
        return ALGORITHMS[tuned]
    if platform not in RATES:
        return next(a for a in ALGORITHMS.values() if not a.unsupported(problem))
    times = predicted_times(problem, platform)
    fits = {
        name: time + compile_seconds(ALGORITHMS[name].cost(problem, platform))
        for name, time in times.items()
        if not set_aside(problem, platform, ALGORITHMS[name]) and (name in PARTITIONS_WELL or not partitioned)
    }
    return ALGORITHMS[min(fits, key=lambda name: fits[name])]


def predicted_times(problem: ConvProblem, platform: str) -> dict[str, float]:
    """Seconds that each algorithm which can compute the problem is predicted to take."""
    times = {}
    for name, algorithm in ALGORITHMS.items():
        rates = RATES.get(platform, {}).get(name)
        if rates is not None and not algorithm.unsupported(problem):
            *counts, _ = what_takes_time(algorithm.cost(problem, platform), problem)
            times[name] = sum(rate * count for rate, count in zip(rates, counts, strict=True))
    return times


def compile_seconds(cost: Cost) -> float:
    """What the compilation of many operations weighs in the choice."""
    return COMPILE_SECONDS * cost.compiled


def what_takes_time(cost: Cost, problem: ConvProblem) -> Cost:
    """The cost with what is fresh memory of temporaries and result: each count is then multiplied by its rate."""
    return cost._replace(extra_bytes=max(0, cost.extra_bytes + problem.y_bytes - REUSED_BYTES))


def set_aside(problem: ConvProblem, platform: str, algorithm: Algorithm) -> str:
    """Why `auto` does not take an algorithm that could compute the problem; empty if it may."""
    if not admits(problem, algorithm):
        return f"its error bound of {algorithm.error:g} is too loose for the precision"
    extra = algorithm.cost(problem, platform).extra_bytes
    allowed = MEMORY_FACTOR * problem.operand_bytes + MEMORY_BYTES
    if extra > max(allowed, ALGORITHMS["lax"].cost(problem, platform).extra_bytes):
        return f"its temporaries of {extra:,} bytes are more than the {allowed:,} allowed"
    return ""


def _named(problem: ConvProblem) -> Algorithm:
    named = problem.algorithm
    algorithm = named if isinstance(named, Algorithm) else ALGORITHMS[named]
    reasons = algorithm.unsupported(problem)
    if reasons:
        able = [a.name for a in ALGORITHMS.values() if not a.unsupported(problem)]
        raise NotImplementedError(
            f"algorithm={algorithm.name!r} cannot compute this convolution: {'; '.join(reasons)}. "
            f"These can: {', '.join(able)}, or 'auto'."
        )
    return algorithm
