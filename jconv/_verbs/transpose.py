"""The verb conv_transpose: the exact adjoint of conv."""

from __future__ import annotations

from math import prod

from jconv._algorithms import Algorithm
from jconv._equation.geometry import dilated_size
from jconv._equation.problem import ConvProblem
from jconv._primitive.conv_p import bind, compiled_alone
from jconv._rewrites.groups import split_groups
from jconv._typing import (
    Array,
    ArrayLike,
    DTypeLike,
    IntOrInts,
    Ints,
    Padding,
    PaddingMode,
    Pairs,
    PrecisionLike,
)
from jconv._verbs.arguments import as_array, axis_ints, common_dtype, one_int, result_dtype
from jconv._verbs.boundary import fold_boundary
from jconv._verbs.keywords import helpful_keywords
from jconv._verbs.padding import padding_pairs
from jconv._verbs.shapes import check_groups, check_made, check_ranks
from jconv._verbs.window import Forward


@helpful_keywords
def conv_transpose(
    y: ArrayLike,
    kernel: ArrayLike,
    *,
    stride: IntOrInts = 1,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    groups: int = 1,
    padding_mode: PaddingMode | tuple[PaddingMode, ...] = "zeros",
    output_padding: IntOrInts = 0,
    precision: PrecisionLike = None,
    preferred_element_type: DTypeLike | None = None,
    algorithm: str | Algorithm = "auto",
    rank: int | None = None,
) -> Array:
    """Apply the exact adjoint of `conv` with the same arguments, in every padding mode.

    sum of conv(x, kernel) * y  =  sum of x * conv_transpose(y, kernel)  for every x.

    It takes y of conv's output shape to conv's input shape. Several input sizes give one output
    size when stride > 1: the result has the smallest, stride * (outputs - 1) + span - padding; or
    stride * outputs for "SAME", "SAME_LOWER", "CAUSAL" and Flax's words; plus `output_padding`.
    For zeros it equals PyTorch's ConvTranspose with weight (c_out, c_in // groups, *window).

    Args:
        y: (*batch, *spatial, c_out).
        kernel: (*window, c_in // groups, c_out), the kernel of the conv whose adjoint this is.
        stride: as in `conv`.
        padding: as in `conv`.
        dilation: as in `conv`.
        groups: as in `conv`.
        padding_mode: as in `conv`.
        output_padding: positions added to the result's size on the high side; may be negative
            for the words whose result is stride * outputs.
        precision: as in `conv`.
        preferred_element_type: as in `conv`.
        algorithm: as in `conv`.
        rank: as in `conv`.

    Returns:
        (*batch, *inputs, c_in).

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: as in `conv`.

    Examples:
        >>> import jax.numpy as jnp
        >>> y, kernel = jnp.array([[1.0], [2.0]]), jnp.ones((2, 1, 1))
        >>> conv_transpose(y, kernel, stride=2).ravel()
        Array([1., 1., 2., 2.], dtype=float32)

    References:
        Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.
    """
    verb = "conv_transpose"
    y, kernel = as_array(verb, "y", y), as_array(verb, "kernel", kernel)
    rank = check_ranks(verb, "y", y.shape, kernel.shape, rank)
    check_made(verb, y.shape, kernel.shape)
    c_in = one_int(verb, "groups", groups, least=1) * kernel.shape[-2]
    groups = check_groups(verb, groups, c_in, y.shape, kernel.shape)
    outputs = y.shape[y.ndim - rank - 1 : -1]
    if 0 in outputs:
        raise ValueError(
            f"{verb}: y has no positions on a spatial axis (sizes {outputs}, y has shape {y.shape}), and no conv makes "
            f"such a y: each axis must hold one window at least."
        )
    sizes = _adjoint_sizes(verb, outputs, kernel.shape[:-2], stride, padding, dilation, output_padding)
    forward = Forward(verb, rank, sizes, kernel.shape, stride, padding, dilation, padding_mode, precision, algorithm)
    dtype = common_dtype(verb, "y", y, kernel)
    result = result_dtype(verb, dtype, preferred_element_type)
    batch = y.shape[: y.ndim - rank - 1]
    problem = forward.problem(prod(batch), groups, c_in, result, dtype, w_dtype=dtype, outputs=outputs)
    x = _conv_transpose(y.astype(dtype), kernel.astype(dtype), problem, forward.outside, forward.modes)
    return x.reshape(*batch, *x.shape[1:])


def _adjoint_sizes(verb, outputs: Ints, window: Ints, stride, padding, dilation, output_padding) -> Ints:
    """The input sizes of the conv whose adjoint is asked for."""
    rank = len(window)
    stride = axis_ints(verb, "stride", stride, rank, least=1)
    dilation = axis_ints(verb, "dilation", dilation, rank, least=1)
    extra = axis_ints(verb, "output_padding", output_padding, rank)
    spans = tuple(map(dilated_size, window, dilation))
    if isinstance(padding, str) and padding.upper() not in ("VALID", "FULL"):
        padding_pairs(verb, padding, outputs, window, stride, dilation)  # is it a known word?
        natural = tuple(s * o for s, o in zip(stride, outputs, strict=True))
        allowed = tuple((1 - s, 1) for s in stride)
    else:
        pairs, _ = padding_pairs(verb, padding, outputs, window, stride, dilation)
        natural = tuple(
            s * (o - 1) + span - lo - hi for s, o, span, (lo, hi) in zip(stride, outputs, spans, pairs, strict=True)
        )
        allowed = tuple((0, max(s, d)) for s, d in zip(stride, dilation, strict=True))
    for e, (least, below) in zip(extra, allowed, strict=True):
        if not least <= e < below:
            raise ValueError(
                f"{verb}: output_padding={output_padding!r} must lie in [{least}, {below - 1}] for "
                f"stride={stride}, dilation={dilation}, padding={padding!r}."
            )
    sizes = tuple(n + e for n, e in zip(natural, extra, strict=True))
    if any(n < 0 for n in sizes):
        raise ValueError(
            f"{verb}: padding={padding!r} crops more than there is: the result would have sizes {sizes} "
            f"(outputs {outputs}, window {window})."
        )
    return sizes


@compiled_alone
def _conv_transpose(y: Array, kernel: Array, problem: ConvProblem, outside: Pairs, modes: tuple[str, ...]) -> Array:
    y = y.reshape(problem.y_shape)
    x = fold_boundary(bind(y, split_groups(kernel, problem), problem, "x"), outside, modes)
    return x.reshape(*x.shape[:-2], problem.groups * problem.c_in)
