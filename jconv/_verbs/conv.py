"""The verb conv: cross-correlation of channels-last arrays of any rank."""

from __future__ import annotations

from math import prod

from jconv._algorithms import Algorithm
from jconv._equation.problem import ConvProblem
from jconv._primitive.conv_p import bind, compiled_alone
from jconv._rewrites.groups import split_groups
from jconv._typing import (
    Array,
    ArrayLike,
    DTypeLike,
    IntOrInts,
    Padding,
    PaddingMode,
    Pairs,
    PrecisionLike,
)
from jconv._verbs.arguments import as_array, common_dtype, result_dtype
from jconv._verbs.boundary import pad_boundary
from jconv._verbs.keywords import helpful_keywords
from jconv._verbs.shapes import check_groups, check_ranks, check_window, rank_hint
from jconv._verbs.window import Forward


@helpful_keywords
def conv(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    stride: IntOrInts = 1,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    groups: int = 1,
    padding_mode: PaddingMode | tuple[PaddingMode, ...] = "zeros",
    precision: PrecisionLike = None,
    preferred_element_type: DTypeLike | None = None,
    algorithm: str | Algorithm = "auto",
    rank: int | None = None,
) -> Array:
    """Convolve as in deep learning, that is cross-correlate: the kernel is not flipped.

    y[o, m] = sum over k, c of  x[s*o + d*k - lo, c] * kernel[k, c, m]  on every spatial axis, with
    stride s, dilation d and low padding lo as in `ConvProblem`. The rank is the kernel's.

    Args:
        x: (*batch, *spatial, c_in), with any number of batch axes, also none.
        kernel: (*window, c_in // groups, c_out).
        stride: steps between neighbouring outputs; ints are spread to all axes.
        padding: "VALID", "SAME", "SAME_LOWER", "FULL", "CAUSAL", an int, an int per axis, or a
            (low, high) pair per axis; negative amounts crop. Flax's "CIRCULAR" and "REFLECT" too.
        dilation: distance between neighbouring taps.
        groups: independent convolutions over c_in // groups channels each.
        padding_mode: what stands beyond the border, in all axes or one word per axis: "zeros",
            "reflect", "symmetric", "edge" or "wrap" (PyTorch's "replicate" and "circular" too).
        precision: as in `jax.lax`; None asks `jax.default_matmul_precision`.
        preferred_element_type: dtype of the result; half types accumulate in float32 anyway.
        algorithm: "auto", "direct", the name of one, as in `choose_algorithm`, or an `Algorithm` of your own.
            "direct" leaves the choice to jconv among algorithms whose every output is a direct sum over its own
            window. "auto" may also take `fft` or Winograd, whose error is relative to the largest value: a 31x31
            box over a 0/1 mask of 256x256, in float32, says of 29,283 windows that they are full where 47,107 are
            (on CPU; `python benchmarks/counting.py`).
        rank: the number of spatial axes, asserted. The rank is the kernel's, and all further axes of x are batch
            axes, so a kernel that lacks a window axis is a convolution of lower rank, and no error.

    Returns:
        (*batch, *outputs, c_out), in the promoted dtype of x and kernel unless one is preferred.

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution; where it is
            differentiated, its gradient.

    Examples:
        >>> import jax.numpy as jnp
        >>> x = jnp.arange(5.0)[:, None]
        >>> difference = jnp.array([-1.0, 0.0, 1.0])[:, None, None]
        >>> conv(x, difference).ravel()
        Array([2., 2., 2.], dtype=float32)
        >>> conv(x, difference, padding="SAME", padding_mode="edge").ravel()
        Array([1., 2., 2., 2., 1.], dtype=float32)

    References:
        Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.
    """
    x, kernel = as_array("conv", "x", x), as_array("conv", "kernel", kernel)
    rank = check_ranks("conv", "x", x.shape, kernel.shape, rank)
    sizes = x.shape[x.ndim - rank - 1 : -1]
    forward = Forward("conv", rank, sizes, kernel.shape, stride, padding, dilation, padding_mode, precision, algorithm)
    groups = check_groups("conv", groups, x.shape[-1], x.shape, kernel.shape)
    check_window("conv", sizes, forward.pairs, forward.window, forward.dilation, rank_hint(x.shape, kernel.shape))
    dtype = common_dtype("conv", "x", x, kernel)
    result = result_dtype("conv", dtype, preferred_element_type)
    batch = x.shape[: x.ndim - rank - 1]
    problem = forward.problem(prod(batch), groups, x.shape[-1], dtype, result)
    y = _conv(x.astype(dtype), kernel.astype(dtype), problem, forward.outside, forward.modes)
    return y.reshape(*batch, *y.shape[1:])


@compiled_alone
def _conv(x: Array, kernel: Array, problem: ConvProblem, outside: Pairs, modes: tuple[str, ...]) -> Array:
    x = x.reshape(problem.batch, *x.shape[x.ndim - problem.rank - 1 : -1], problem.groups, problem.c_in)
    y = bind(pad_boundary(x, outside, modes), split_groups(kernel, problem), problem)
    return y.reshape(*y.shape[:-2], problem.groups * problem.c_out)
