"""Convolution that knows where it is: coordinates as further channels."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from jconv._algorithms import Algorithm
from jconv._typing import Array, ArrayLike, IntOrInts, Padding, PaddingMode, PrecisionLike
from jconv._verbs.arguments import as_array
from jconv._verbs.conv import conv
from jconv._verbs.shapes import check_ranks
from jconv.ops._avg_pool import with_fractions


def coord_conv(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    radius: bool = False,
    stride: IntOrInts = 1,
    padding: Padding = "SAME",
    dilation: IntOrInts = 1,
    padding_mode: PaddingMode | tuple[PaddingMode, ...] = "zeros",
    precision: PrecisionLike = None,
    preferred_element_type: Any = None,
    algorithm: str | Algorithm = "auto",
) -> Array:
    """Convolve x with its coordinates as further channels, one per spatial axis.

    y = jconv.conv([x, p_1, ..., p_rank], kernel), where p_a = 2 i_a / (I_a - 1) - 1 goes from -1 at the first position
    of axis a to 1 at the last; it is 0 on an axis of one position. Beyond the border the coordinates stand as x does,
    by the padding mode.

    Args:
        x: (*batch, *spatial, c_in), with any number of batch axes, also none.
        kernel: (*window, c_in + rank, c_out), or c_in + rank + 1 with a radius: those of x first.
        radius: whether sqrt(p_1**2 + ... + p_rank**2) is a channel too, the last one.
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`.
        dilation: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`.
        precision: as in `jconv.conv`.
        preferred_element_type: as in `jconv.conv`.
        algorithm: as in `jconv.conv`.

    Returns:
        (*batch, *outputs, c_out).

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution.

    Examples:
        >>> import jax.numpy as jnp
        >>> coord_conv(jnp.zeros((3, 1)), jnp.ones((1, 2, 1))).ravel()
        Array([-1.,  0.,  1.], dtype=float32)

    References:
        Liu et al., "An intriguing failing of convolutional neural networks and the CoordConv solution",
        arXiv:1807.03247.
    """
    verb = "coord_conv"
    x, kernel = with_fractions(verb, x)[0], as_array(verb, "kernel", kernel)
    rank = check_ranks(verb, "x", x.shape, kernel.shape)
    more = rank + radius
    if kernel.shape[-2] != x.shape[-1] + more:
        raise ValueError(
            f"{verb}: the kernel must take c_in={x.shape[-1]} channels of x and {more} coordinates; it takes "
            f"{kernel.shape[-2]} (x has shape {x.shape}, kernel has shape {kernel.shape}, radius={radius})."
        )
    return conv(
        with_coordinates(x, rank, radius=radius),
        kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        padding_mode=padding_mode,
        precision=precision,
        preferred_element_type=preferred_element_type,
        algorithm=algorithm,
    )


def with_coordinates(x: Array, rank: int, *, radius: bool) -> Array:
    """x (*batch, *spatial, c) with the coordinates behind its channels."""
    sizes = x.shape[x.ndim - rank - 1 : -1]
    axes = [2 * np.arange(n) / max(n - 1, 1) - (n > 1) for n in sizes]
    places = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    if radius:
        places = np.concatenate([places, np.sqrt((places**2).sum(-1, keepdims=True))], -1)
    shape = (*x.shape[: x.ndim - rank - 1], *places.shape)
    places = jnp.asarray(places, x.dtype).reshape((1,) * (x.ndim - places.ndim) + places.shape)
    return jnp.concatenate([x, jnp.broadcast_to(places, shape)], -1)
