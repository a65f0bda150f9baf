"""The bilateral filter: a blur that does not cross edges."""

from functools import partial
from itertools import product
from math import ceil
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, ArrayLike
from jconv.ndimage._arguments import check_axis
from jconv.ndimage._boundary import check_mode, extend
from jconv.ndimage._dtypes import accumulator, as_numbers
from jconv.ndimage._windows import fold


def bilateral_filter(
    image: ArrayLike,
    win_size: int | None = None,
    sigma_color: ArrayLike | None = None,
    sigma_spatial: ArrayLike = 1.0,
    mode: str = "constant",
    cval: ArrayLike = 0.0,
    *,
    channel_axis: int | None = None,
) -> Array:
    """Average neighbours that are near in place and alike in value: `denoise_bilateral` as scikit-image documents it.

    y[i] = sum over k of  w * x[i + k] / sum over k of  w,
    w = exp(-|k|**2 / (2 * sigma_spatial**2)) * exp(-|x[i + k] - x[i]|**2 / (2 * sigma_color**2)),
    over the square window |k| <= win_size // 2, with Euclidean distances. The weights are computed, not looked up in
    a table of bins. (The table of places in scikit-image 0.26 is askew for odd windows, and its distances of
    colours are divided by the number of channels; this is the definition that it cites.) Differentiable in
    image, sigma_color, sigma_spatial and cval.

    Args:
        image: floats, any number of spatial axes.
        win_size: odd size of the window; None is max(5, 2 * ceil(3 * sigma_spatial) + 1), for a sigma_spatial that
            is not traced.
        sigma_color: standard deviation in units of the image; None is the image's own.
        sigma_spatial: standard deviation in positions.
        mode: as in `correlate` (scikit-image says "symmetric" for "reflect", "reflect" for "mirror", "edge" for
            "nearest").
        cval: as in `correlate`.
        channel_axis: the axis of the channels, which are one colour together; None if there is none.

    Returns:
        Array of the image's shape and dtype.

    Raises:
        ValueError: an even window, a traced sigma_spatial without a window, an unknown mode.
        TypeError: an image of integers or complex numbers.

    Examples:
        >>> import jax.numpy as jnp
        >>> step = jnp.array([0.0, 0.1, 0.0, 5.0, 5.1, 5.0])
        >>> (100 * bilateral_filter(step, 3, 0.5, 1.0, mode="nearest")).astype(int)
        Array([  2,   4,   3, 503, 504, 502], dtype=int32)

    References:
        Tomasi and Manduchi, "Bilateral filtering for gray and color images", ICCV 1998.
    """
    verb = "bilateral_filter"
    x = as_numbers(verb, image, complex_too=False)
    if not jnp.issubdtype(x.dtype, jnp.floating):
        raise TypeError(
            f"{verb}: the image is {x.dtype}: give floats, image / 255.0 say (sigma_color is in its units)."
        )
    size = _window(verb, win_size, sigma_spatial)
    word = check_mode(verb, mode)
    wide = accumulator(x.dtype, x.dtype)
    last = x[..., None] if channel_axis is None else jnp.moveaxis(x, check_axis(verb, channel_axis, x.ndim), -1)
    last = last.astype(wide)
    variance = jnp.var(last) if sigma_color is None else jnp.square(jnp.asarray(sigma_color, wide))
    variance = jnp.where(variance == 0, 1, variance)  # of an image that is the same everywhere
    y = _blurred(last, variance, jnp.asarray(sigma_spatial, wide), jnp.asarray(cval, wide), size, word)
    return (y[..., 0] if channel_axis is None else jnp.moveaxis(y, -1, channel_axis)).astype(x.dtype)


def _window(verb: str, size: Any, sigma: Any) -> int:
    """The window's size: the one given, or that which follows from sigma."""
    if size is None:
        try:
            size = max(5, 2 * ceil(3 * float(sigma)) + 1)
        except jax.errors.ConcretizationTypeError:
            raise ValueError(f"{verb}: sigma_spatial is traced: give win_size, which it would decide.") from None
    if size < 1 or size % 2 == 0:
        raise ValueError(f"{verb}: win_size={size} must be odd.")
    return int(size)


@partial(jax.jit, static_argnums=(4, 5), inline=True)
def _blurred(x: Array, variance: Array, sigma: Array, cval: Array, size: int, mode: str) -> Array:
    """The filter of x [*spatial, channels]."""
    rank, half = x.ndim - 1, size // 2
    padded = extend(x, ((half, half),) * rank + ((0, 0),), mode, cval)
    positions = tuple(product(range(size), repeat=rank))
    squares = np.square(np.array(positions) - half).sum(1)
    near = jnp.exp(-0.5 * jnp.asarray(squares, x.dtype) / jnp.square(sigma))

    @jax.checkpoint  # a gradient computes the weights again rather than keep them
    def add(sums: tuple[Array, Array], view: Array, k) -> tuple[Array, Array]:
        alike = jnp.exp(-0.5 * jnp.square(view - x).sum(-1, keepdims=True) / variance)
        weight = near[k] * alike
        return sums[0] + weight * view, sums[1] + weight

    padded = jax.lax.optimization_barrier(padded)  # made once, not for every tap
    start = jnp.zeros_like(x), jnp.zeros_like(x[..., :1])
    total, weight = fold(add, start, padded, positions, x.shape[:-1])
    return total / weight
