"""The verbs conv and its adjoint conv_transpose, for channels-last arrays of any rank."""

from functools import partial
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from jconv import _arguments as arguments
from jconv._algorithms import Algorithm
from jconv._boundary import fold_boundary, pad_boundary
from jconv._geometry import dilated_size, output_size
from jconv._pin import or_pinned
from jconv._primitive import adjoint_x, bind
from jconv._problem import ConvProblem
from jconv._typing import (
    Array,
    ArrayLike,
    IntOrInts,
    Ints,
    Padding,
    PaddingMode,
    Pairs,
    PrecisionLike,
)


def conv(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    stride: IntOrInts = 1,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    groups: int = 1,
    padding_mode: PaddingMode | str | tuple[str, ...] = "zeros",
    precision: PrecisionLike = None,
    preferred_element_type: Any = None,
    algorithm: str | Algorithm = "auto",
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
        algorithm: "auto", the name of one, as in `choose_algorithm`, or an `Algorithm` of your own.

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
    x, kernel = jnp.asarray(x), jnp.asarray(kernel)
    rank = arguments.check_ranks("conv", "x", x.shape, kernel.shape)
    sizes = x.shape[x.ndim - rank - 1 : -1]
    forward = _Forward("conv", rank, sizes, kernel.shape, stride, padding, dilation, padding_mode, precision, algorithm)
    groups = arguments.check_groups("conv", groups, x.shape[-1], x.shape, kernel.shape)
    arguments.check_window("conv", sizes, forward.pairs, forward.window, forward.dilation)
    dtype = arguments.common_dtype("conv", "x", x, kernel)
    result = arguments.result_dtype("conv", dtype, preferred_element_type)
    batch = x.shape[: x.ndim - rank - 1]
    problem = forward.problem(prod(batch), groups, x.shape[-1], dtype, result)
    y = _conv(x.astype(dtype), kernel.astype(dtype), problem, forward.outside, forward.modes)
    return y.reshape(*batch, *y.shape[1:])


def conv_transpose(
    y: ArrayLike,
    kernel: ArrayLike,
    *,
    stride: IntOrInts = 1,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    groups: int = 1,
    padding_mode: PaddingMode | str | tuple[str, ...] = "zeros",
    output_padding: IntOrInts = 0,
    precision: PrecisionLike = None,
    preferred_element_type: Any = None,
    algorithm: str | Algorithm = "auto",
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
    y, kernel = jnp.asarray(y), jnp.asarray(kernel)
    rank = arguments.check_ranks(verb, "y", y.shape, kernel.shape)
    if y.shape[-1] != kernel.shape[-1]:
        raise ValueError(
            f"{verb}: y has {y.shape[-1]} channels and the kernel makes c_out={kernel.shape[-1]}; they must be "
            f"equal (y has shape {y.shape}, kernel has shape {kernel.shape}). The kernel is that of the conv "
            f"whose adjoint this is."
        )
    c_in = arguments.one_int(verb, "groups", groups, least=1) * kernel.shape[-2]
    groups = arguments.check_groups(verb, groups, c_in, y.shape, kernel.shape)
    outputs = y.shape[y.ndim - rank - 1 : -1]
    sizes = _adjoint_sizes(verb, outputs, kernel.shape[:-2], stride, padding, dilation, output_padding)
    forward = _Forward(verb, rank, sizes, kernel.shape, stride, padding, dilation, padding_mode, precision, algorithm)
    dtype = arguments.common_dtype(verb, "y", y, kernel)
    result = arguments.result_dtype(verb, dtype, preferred_element_type)
    batch = y.shape[: y.ndim - rank - 1]
    problem = forward.problem(prod(batch), groups, c_in, result, dtype, w_dtype=dtype, outputs=outputs)
    x = _conv_transpose(y.astype(dtype), kernel.astype(dtype), problem, forward.outside, forward.modes)
    return x.reshape(*batch, *x.shape[1:])


class _Forward:
    """The arguments that conv and its adjoint share, as integers, for given input sizes."""

    def __init__(self, verb, rank, sizes, kernel_shape, stride, padding, dilation, padding_mode, precision, algorithm):
        self.sizes, self.window, self.c_out = sizes, kernel_shape[:-2], kernel_shape[-1]
        self.stride = arguments.axis_ints(verb, "stride", stride, rank, least=1)
        self.dilation = arguments.axis_ints(verb, "dilation", dilation, rank, least=1)
        self.pairs, implied = arguments.padding_pairs(verb, padding, sizes, self.window, self.stride, self.dilation)
        self.modes = arguments.padding_modes(verb, padding_mode, implied, rank)
        arguments.check_boundary(verb, sizes, self.pairs, self.modes)
        self.precision = arguments.canonical_precision(verb, precision)
        self.algorithm = or_pinned(arguments.check_algorithm(verb, algorithm))
        # Zeros beyond the border are a number in the problem; only other modes make a padded copy.
        self.outside: Pairs = tuple(
            (0, 0) if mode == "zeros" else pair for pair, mode in zip(self.pairs, self.modes, strict=True)
        )

    def problem(self, batch, groups, c_in, x_dtype, dtype, *, w_dtype=None, outputs=None) -> ConvProblem:
        spans = tuple(map(dilated_size, self.window, self.dilation))
        padded = tuple(n + lo + hi for n, (lo, hi) in zip(self.sizes, self.pairs, strict=True))
        return ConvProblem(
            batch=batch,
            groups=groups,
            c_in=c_in // groups,
            c_out=self.c_out // groups,
            input_size=tuple(n + lo + hi for n, (lo, hi) in zip(self.sizes, self.outside, strict=True)),
            window=self.window,
            output_size=outputs or tuple(map(output_size, padded, spans, self.stride)),
            stride=self.stride,
            input_dilation=(1,) * len(self.window),
            dilation=self.dilation,
            low=tuple(lo - taken for (lo, _), (taken, _) in zip(self.pairs, self.outside, strict=True)),
            x_dtype=x_dtype,
            w_dtype=w_dtype or x_dtype,
            dtype=dtype,
            precision=self.precision,
            algorithm=self.algorithm,
        )


def _adjoint_sizes(verb, outputs: Ints, window: Ints, stride, padding, dilation, output_padding) -> Ints:
    """The input sizes of the conv whose adjoint is asked for."""
    rank = len(window)
    stride = arguments.axis_ints(verb, "stride", stride, rank, least=1)
    dilation = arguments.axis_ints(verb, "dilation", dilation, rank, least=1)
    extra = arguments.axis_ints(verb, "output_padding", output_padding, rank)
    spans = tuple(map(dilated_size, window, dilation))
    if isinstance(padding, str) and padding.upper() not in ("VALID", "FULL"):
        arguments.padding_pairs(verb, padding, outputs, window, stride, dilation)  # is it a known word?
        natural = tuple(s * o for s, o in zip(stride, outputs, strict=True))
        allowed = tuple((1 - s, 1) for s in stride)
    else:
        pairs, _ = arguments.padding_pairs(verb, padding, outputs, window, stride, dilation)
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


@partial(jax.jit, static_argnums=(2, 3, 4), inline=True)
def _conv(x: Array, kernel: Array, problem: ConvProblem, outside: Pairs, modes: tuple[str, ...]) -> Array:
    x = x.reshape(problem.batch, *x.shape[x.ndim - problem.rank - 1 : -1], problem.groups, problem.c_in)
    y = bind(pad_boundary(x, outside, modes), _group_kernel(kernel, problem), problem)
    return y.reshape(*y.shape[:-2], problem.groups * problem.c_out)


@partial(jax.jit, static_argnums=(2, 3, 4), inline=True)
def _conv_transpose(y: Array, kernel: Array, problem: ConvProblem, outside: Pairs, modes: tuple[str, ...]) -> Array:
    y = y.reshape(problem.y_shape)
    x = fold_boundary(adjoint_x(y, _group_kernel(kernel, problem), problem), outside, modes)
    return x.reshape(*x.shape[:-2], problem.groups * problem.c_in)


def _group_kernel(kernel: Array, problem: ConvProblem) -> Array:
    """[*K, C, G*M] to [*K, G, C, M]."""
    kernel = kernel.reshape(*problem.window, problem.c_in, problem.groups, problem.c_out)
    return (
        jnp.moveaxis(kernel, -2, -3)
        if problem.groups > 1
        else lax.expand_dims(lax.squeeze(kernel, (problem.rank + 1,)), (problem.rank,))
    )
