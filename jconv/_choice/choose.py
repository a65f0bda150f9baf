"""The choice of an algorithm: a pure function of the problem, the platform and what was measured."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from jconv._algorithms import ALGORITHMS, Algorithm
from jconv._choice.limits import why_not_auto
from jconv._choice.on_tpu import taps_are_cheaper
from jconv._choice.seconds import RATES, compile_seconds, predicted_times
from jconv._equation.problem import ConvProblem

# The words that leave the algorithm to the ladder.
CHOICES = ("auto", "direct")


def choose_algorithm(
    problem: ConvProblem,
    platform: str,
    *,
    partitioned: bool = False,
    exported: bool = False,
    tuned: Mapping[ConvProblem, str] = MappingProxyType({}),
) -> Algorithm:
    """The algorithm that computes `problem` on `platform`: the one it names, or by this ladder.

    The first that holds:

    1. the problem names an algorithm: that one.
    2. there is nothing to compute, or a size is not known yet (`jax.export` with symbolic shapes): `lax`.
    3. XLA partitions the program over devices: `taps` for groups, if it can, else as 6 among `lax`, `planar`
       and `taps`. The others and XLA's grouped convolution would gather the whole of a sharded batch, but not
       on TPU, where `lax` asks for it in another form.
    4. it is in the table of what was measured (`jconv.tune`): the one that was fastest, within the bounds of 6.
    5. the platform is not a CPU: `lax`, its compiler's own convolution. No rewrite of jconv has been
       measured to win there yet; on TPU `taps` where its compiler estimates it at less than half (`_choice/on_tpu.py`).
    6. else the one with the least predicted time (a thousandth of what many small operations take to
       compile included), among those that can compute the problem, are as
       accurate as its precision asks for (HIGHEST admits only direct sums) and whose temporaries stay
       within twice the operands and the result, and 64 MB (or within what `lax` needs). A plain product of
       matrices is left to direct sums: there is nothing to transform.

    A problem that asks for "direct" goes through the same ladder, among the algorithms whose every output is a
    sum over its own window alone (`Algorithm.local`).

    Args:
        problem: the problem, as in `ConvProblem`.
        platform: "cpu", "gpu", "cuda", "rocm" or "tpu".
        partitioned: whether XLA is to divide the program over several devices (`jax.jit` of sharded
            arrays; not `jax.shard_map`, where each device has a program of its own).
        exported: whether the program is to leave the process (`jax.export`): then only algorithms whose operations
            are all XLA's own come into question.
        tuned: the algorithm that was measured to be fastest, by problem.

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
        >>> choose_algorithm(depthwise, "cpu", partitioned=True).name
        'taps'
    """
    if not isinstance(problem, ConvProblem):
        raise TypeError(
            f"choose_algorithm: problem must be a ConvProblem, not {type(problem).__name__}. "
            f"For arrays there is jconv.explain(x, kernel, ...)."
        )
    if isinstance(problem.algorithm, Algorithm) or problem.algorithm not in CHOICES:
        return _named(problem, platform, exported)
    if problem.symbolic or problem.empty:
        return ALGORITHMS["lax"]
    # On TPU (v5e, a batch over 4 devices, bfloat16) a depthwise 3x3 gathers nothing either way, and takes, by
    # the compiler's estimate, 28 and 87 thousand cycles (kernel gradient, forward) where `taps` takes 123 and 110.
    gathers = partitioned and problem.groups > 1 and platform != "tpu"
    if gathers and not ALGORITHMS["taps"].unsupported(problem, platform):
        return ALGORITHMS["taps"]
    fastest = None if partitioned else measured(problem, tuned)
    if fastest is not None and exported and not ALGORITHMS[fastest].portable:
        fastest = None
    if fastest is not None and not why_not_auto(problem, platform, ALGORITHMS[fastest]):
        return ALGORITHMS[fastest]
    if platform == "tpu" and not partitioned and taps_are_cheaper(problem):
        taps = ALGORITHMS["taps"]
        if not taps.unsupported(problem, platform) and not why_not_auto(problem, platform, taps):
            return taps
    if platform not in RATES:
        return next(a for a in ALGORITHMS.values() if not a.unsupported(problem, platform))
    fits = {
        name: time + compile_seconds(ALGORITHMS[name], problem, platform)
        for name, time in predicted_times(problem, platform).items()
        if not why_not_auto(problem, platform, ALGORITHMS[name])
        and (ALGORITHMS[name].partitions or not partitioned)
        and (ALGORITHMS[name].portable or not exported)
    }
    return ALGORITHMS[min(fits, key=lambda name: fits[name])]


def measured(problem: ConvProblem, tuned: Mapping[ConvProblem, str]) -> str | None:
    """The algorithm that was measured to be fastest for a problem that leaves the choice to jconv; None if none was.

    A table that has no entry for "direct" answers by its entry for "auto".
    """
    return tuned.get(problem) or tuned.get(replace(problem, algorithm="auto"))


def _named(problem: ConvProblem, platform: str, exported: bool) -> Algorithm:
    """The algorithm that the problem names, if it can compute it there."""
    named = problem.algorithm
    algorithm = named if isinstance(named, Algorithm) else ALGORITHMS[named]
    reasons = _reasons(algorithm, problem, platform, exported)
    if reasons:
        able = [a.name for a in ALGORITHMS.values() if not _reasons(a, problem, platform, exported)]
        raise NotImplementedError(
            f"algorithm={algorithm.name!r} cannot compute this convolution: {'; '.join(reasons)}. "
            f"These can: {', '.join(able)}, or 'auto'."
        )
    return algorithm


def _reasons(algorithm: Algorithm, problem: ConvProblem, platform: str, exported: bool) -> tuple[str, ...]:
    """Why an algorithm cannot compute a problem in a program."""
    reasons = algorithm.unsupported(problem, platform)
    return reasons if algorithm.portable or not exported else (*reasons, "an exported program cannot hold its code")
