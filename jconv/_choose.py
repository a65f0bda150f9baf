"""The choice of an algorithm: a pure function of the problem and the platform."""

from math import prod

from jconv._algorithms import ALGORITHMS, Algorithm
from jconv._problem import ConvProblem


def choose_algorithm(problem: ConvProblem, platform: str) -> Algorithm:
    """The algorithm that computes `problem` on `platform`: the one it names, or by this ladder.

    On GPU and TPU: `lax`, their compilers' own convolutions.

    On CPU, the first that holds:

    1. groups > 1: `taps`. XLA convolves group after group, or expands them to dense work, and
       gathers a batch that is sharded.
    2. an input dilation (transposed convolutions, gradients of strided ones): `taps`. XLA
       multiplies with the zeros between.
    3. a dtype other than float32 and the half types, or more than 2 axes: `taps`. XLA runs scalar code.
    4. at most 4 channels and features: `taps`, as elementwise work.
    5. fewer outputs than taps, as in kernel gradients: `taps`, a matrix product per output.
    6. else `lax`.

    Args:
        problem: the problem, as in `ConvProblem`.
        platform: "cpu", "gpu", "cuda", "rocm" or "tpu".

    Returns:
        The algorithm.

    Raises:
        NotImplementedError: a named algorithm cannot compute the problem; with its reasons, and
            the names of those that can.

    Examples:
        >>> import numpy as np
        >>> from jconv._problem import ConvProblem
        >>> float32 = np.dtype("float32")
        >>> depthwise = ConvProblem(
        ...     batch=8, groups=64, c_in=1, c_out=1, input_size=(9,), window=(3,), output_size=(7,),
        ...     stride=(1,), input_dilation=(1,), dilation=(1,), low=(0,),
        ...     x_dtype=float32, w_dtype=float32, dtype=float32)
        >>> choose_algorithm(depthwise, "cpu").name
        'taps'
    """
    if problem.algorithm != "auto":
        return _named(problem)
    return ALGORITHMS["taps" if platform == "cpu" and _taps_win_on_cpu(problem) else "lax"]


def _named(problem: ConvProblem) -> Algorithm:
    algorithm = ALGORITHMS[problem.algorithm]
    reasons = algorithm.unsupported(problem)
    if reasons:
        able = [a.name for a in ALGORITHMS.values() if not a.unsupported(problem)]
        raise NotImplementedError(
            f"algorithm={algorithm.name!r} cannot compute this convolution: {'; '.join(reasons)}. "
            f"These can: {', '.join(able)}, or 'auto'."
        )
    return algorithm


def _taps_win_on_cpu(problem: ConvProblem) -> bool:
    return (
        problem.groups > 1
        or any(e > 1 for e in problem.input_dilation)
        or not (problem.compute_dtype.name in ("float32", "bfloat16", "float16") and problem.rank <= 2)
        or max(problem.c_in, problem.c_out) <= 4
        or prod(problem.output_size) < prod(problem.window)
    )
