"""Convolution by a kernel that is a function of position, sampled at any resolution."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from jconv._algorithms import Algorithm
from jconv._typing import Array, ArrayLike, IntOrInts, Padding, PaddingMode, PrecisionLike
from jconv._verbs.arguments import as_array, axis_ints, one_int
from jconv._verbs.conv import conv
from jconv.ops._avg_pool import with_fractions
from jconv.ops._windows import rank_of

KernelFunction = Callable[[Array], Array]


def continuous_kernel(
    function: KernelFunction,
    size: Sequence[int],
    *,
    reference: Sequence[int] | None = None,
    mask_width: ArrayLike | None = None,
) -> Array:
    """Sample a kernel that is a function of position: kernel[k] = scale * mask(p_k) * function(p_k).

    The window is [-1, 1] along every axis, and tap k < K has the middle of its k-th part: p_k = (2k + 1) / K - 1. With
    a `reference` of K0 taps, scale is the product over axes of K0 / K: as many times more taps then make the same sum
    over a signal that is sampled as many times more finely. mask(p) = exp(-sum over axes of p**2 / (2 width**2)).

    Args:
        function: from positions (*size, rank) to values (*size, c_in // groups, c_out).
        size: taps per axis.
        reference: taps per axis for which scale is 1; None for `size`.
        mask_width: a number, or one per axis, in half windows; None for no mask. It may be learned.

    Returns:
        (*size, c_in // groups, c_out).

    Raises:
        ValueError: shapes or sizes that do not fit together.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> continuous_kernel(lambda p: 4 * p[..., None], (4,)).ravel()
        Array([-3., -1.,  1.,  3.], dtype=float32)

    References:
        Romero et al., "CKConv: continuous kernel convolution for sequential data", arXiv:2102.02611; Romero et al.,
        "FlexConv: continuous kernel convolutions with differentiable kernel sizes", arXiv:2110.08059, for the mask.
    """
    return _sampled("continuous_kernel", function, size, reference, mask_width)


def _sampled(verb: str, function: KernelFunction, size: Any, reference: Any, mask_width: Any) -> Array:
    rank = rank_of(verb, "size", size)
    sizes = axis_ints(verb, "size", size, rank, least=1)
    before = sizes if reference is None else axis_ints(verb, "reference", reference, rank, least=1)
    axes = [(2 * np.arange(k) + 1) / k - 1 for k in sizes]
    places = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    dtype = jnp.result_type(float)
    values = as_array(verb, "the value of function", function(jnp.asarray(places, dtype)))
    if values.ndim != rank + 2 or values.shape[:rank] != sizes:
        raise ValueError(
            f"{verb}: function must take positions {places.shape} to values (*size, c_in // groups, c_out) with "
            f"size={sizes}; it gave shape {values.shape}."
        )
    if mask_width is not None:
        width = as_array(verb, "mask_width", mask_width)
        if width.shape not in ((), (rank,)):
            raise ValueError(f"{verb}: mask_width must be a number, or one per axis ({rank},); it has {width.shape}.")
        width = jnp.broadcast_to(width.astype(values.dtype), (rank,))
        far = jnp.asarray(places, values.dtype) / width.reshape((1,) * rank + (rank,))
        values = values * jnp.exp(-(far * far).sum(-1) / 2)[..., None, None]
    scale = np.prod(np.array(before) / np.array(sizes))
    return values if scale == 1 else values * jnp.asarray(scale, values.dtype)


def continuous_conv(
    x: ArrayLike,
    function: KernelFunction,
    *,
    size: Sequence[int],
    reference: Sequence[int] | None = None,
    mask_width: ArrayLike | None = None,
    stride: IntOrInts = 1,
    padding: Padding = "SAME",
    dilation: IntOrInts = 1,
    groups: int = 1,
    padding_mode: PaddingMode | tuple[PaddingMode, ...] = "zeros",
    precision: PrecisionLike = None,
    algorithm: str | Algorithm = "auto",
) -> Array:
    """Convolve by a kernel that is a function of position, sampled at `size` taps: a small network, say, or a spline.

    y = jconv.conv(x, continuous_kernel(function, size)). The window may be as long as the input, and the parameters are
    those of the function; at another resolution of x, ask for another `size` and keep the `reference`.

    Args:
        x: (*batch, *spatial, c_in), with any number of batch axes, also none.
        function: from positions (*size, rank) in [-1, 1] to values (*size, c_in // groups, c_out).
        size: taps per axis.
        reference: as in `continuous_kernel`.
        mask_width: as in `continuous_kernel`.
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`; "CAUSAL" for sequences.
        dilation: as in `jconv.conv`.
        groups: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`.
        precision: as in `jconv.conv`.
        algorithm: as in `jconv.conv`.

    Returns:
        (*batch, *outputs, c_out).

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution.

    Examples:
        >>> import jax.numpy as jnp
        >>> continuous_conv(jnp.ones((5, 1)), lambda p: 1 - abs(p)[..., None], size=(2,), padding="VALID").ravel()
        Array([1., 1., 1., 1.], dtype=float32)

    References:
        As for `continuous_kernel`.
    """
    return conv(
        x,
        _sampled("continuous_conv", function, size, reference, mask_width),
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        padding_mode=padding_mode,
        precision=precision,
        algorithm=algorithm,
    )


def spline_kernel(control: ArrayLike, *, degree: int = 3) -> KernelFunction:
    """Make a function of position of control values: a uniform B-spline on [-1, 1] along every axis.

    f(p) = sum over j of  control[j] * product over axes of B(u - j + degree),  u = (p + 1) / 2 * (N - degree), where B
    is the cardinal B-spline on [0, degree + 1], and N the control values along the axis.

    Args:
        control: (*knots, c_in // groups, c_out), at least degree + 1 along every axis.
        degree: 0 for steps, 1 for straight lines, 3 for cubics.

    Returns:
        A function from positions (..., rank) to values (..., c_in // groups, c_out), for `continuous_conv`.

    Raises:
        ValueError: too few control values.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> ramp = spline_kernel(jnp.array([0.0, 1.0, 2.0])[:, None, None], degree=1)
        >>> ramp(jnp.array([[-1.0], [-0.5], [0.5]])).ravel()
        Array([0. , 0.5, 1.5], dtype=float32)

    References:
        Fey et al., "SplineCNN: fast geometric deep learning with continuous B-spline kernels", arXiv:1711.08920.
    """
    verb = "spline_kernel"
    values, degree = with_fractions(verb, control, "control")[0], one_int(verb, "degree", degree, least=0)
    rank = values.ndim - 2
    if rank < 1 or min(values.shape[:rank]) < degree + 1:
        raise ValueError(
            f"{verb}: control must be (*knots, c_in // groups, c_out) with at least degree + 1 = {degree + 1} along "
            f"every axis; it has shape {values.shape}."
        )

    def function(positions: Array) -> Array:
        batch = positions.shape[:-1]
        places = positions.reshape(-1, rank).astype(values.dtype)
        y = values.reshape(1, *values.shape)
        for axis, n in enumerate(values.shape[:rank]):
            u = (places[:, axis] + 1) / 2 * (n - degree)
            weights = _b_spline(u[:, None] - jnp.arange(n, dtype=u.dtype)[None] + degree, degree)  # [P, N]
            y = (y * weights.reshape(*weights.shape, *(1,) * (y.ndim - 2))).sum(1)
        return y.reshape(*batch, *values.shape[rank:])

    return function


def _b_spline(t: Array, degree: int) -> Array:
    """The cardinal B-spline on [0, degree + 1], by its recursion."""
    if degree == 0:
        return ((t >= 0) & (t < 1)).astype(t.dtype)
    return (t * _b_spline(t, degree - 1) + (degree + 1 - t) * _b_spline(t - 1, degree - 1)) / degree
