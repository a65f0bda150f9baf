"""Kernels that sharpen, emboss, or answer to one frequency and direction (Gabor)."""

from math import log, pi, sqrt

import jax
import jax.numpy as jnp

from jconv.kernels._edges import laplacian
from jconv.kernels._smooth import check_size, gaussian, identity, offsets, size_for


def sharpen(*, amount: float | jax.Array = 1.0, neighbors: int = 4) -> jax.Array:
    """Sharpen by taking the Laplacian away: `identity - amount * laplacian`. Sums to one.

    Args:
        amount: 0 leaves the picture as it is.
        neighbors: 4 or 8, as in `laplacian`.

    Returns:
        Array `(3, 3)`.

    Raises:
        ValueError: if neighbors is neither 4 nor 8.

    Examples:
        >>> sharpen()
        Array([[ 0., -1.,  0.],
               [-1.,  5., -1.],
               [ 0., -1.,  0.]], dtype=float32)
    """
    return identity(3) - amount * laplacian(neighbors=neighbors)


def unsharp(sigma: float | jax.Array, *, amount: float | jax.Array = 1.0, size: int | None = None) -> jax.Array:
    """Sharpen by taking a blurred copy away: `identity + amount * (identity - gaussian)`. Sums to one.

    The filter of skimage.filters.unsharp_mask. Differentiable in sigma and amount.

    Args:
        sigma: the blur's standard deviation in pixels.
        amount: 0 leaves the picture as it is.
        size: taps along each axis, as in `gaussian`.

    Returns:
        Array `(size, size)`.

    Raises:
        ValueError: as in `gaussian`.

    Examples:
        >>> round(float(unsharp(1.0).sum()), 5)
        1.0
    """
    size = size_for("unsharp", 4 * sigma) if size is None else check_size("unsharp", size)
    untouched = identity(size)
    return untouched + amount * (untouched - gaussian(sigma, size=size))


def emboss() -> jax.Array:
    """Light the picture from the upper left, as if it were cut in relief. Sums to one.

    Returns:
        Array `(3, 3)`: the identity plus a difference along the main diagonal.

    Examples:
        >>> emboss()
        Array([[-2., -1.,  0.],
               [-1.,  1.,  1.],
               [ 0.,  1.,  2.]], dtype=float32)
    """
    return jnp.asarray([[-2.0, -1.0, 0.0], [-1.0, 1.0, 1.0], [0.0, 1.0, 2.0]], dtype=float)


def gabor(
    frequency: float | jax.Array,
    *,
    theta: float | jax.Array = 0.0,
    sigma_x: float | jax.Array | None = None,
    sigma_y: float | jax.Array | None = None,
    offset: float | jax.Array = 0.0,
    size: int | None = None,
) -> jax.Array:
    """Answer to waves of one frequency and direction: a plane wave under a Gaussian.

    `k = exp(-(u**2 / sigma_x**2 + v**2 / sigma_y**2) / 2 + i (2 pi frequency u + offset))` divided by
    `2 pi sigma_x sigma_y`, with (u, v) the pixel's (x, y) turned by theta: scikit-image's gabor_kernel,
    value for value.
    Differentiable in all but size. The real part is the even (cosine) filter, the imaginary part the odd one.

    Args:
        frequency: of the wave, in cycles a pixel.
        theta: the wave's direction, in radians from the x axis towards the y axis (down).
        sigma_x: the Gaussian's standard deviation along the wave; by default, one octave of bandwidth.
        sigma_y: the same across the wave.
        offset: the wave's phase at the origin, in radians.
        size: taps along each axis; by default three standard deviations to each side.

    Returns:
        Complex array `(size, size)`.

    Raises:
        ValueError: if a width is not positive, or is traced and size not given.

    Examples:
        >>> gabor(0.25).shape
        (15, 15)

    References:
        Daugman, "Uncertainty relation for resolution in space, spatial frequency, and orientation", 1985.
    """
    octave = 3 * sqrt(log(2) / 2) / pi / frequency
    sigma_x = octave if sigma_x is None else sigma_x
    sigma_y = octave if sigma_y is None else sigma_y
    size = size_for("gabor", jnp.ceil(3 * jnp.maximum(sigma_x, sigma_y))) if size is None else check_size("gabor", size)
    y, x = offsets(size)[:, None], offsets(size)[None, :]
    u = x * jnp.cos(theta) + y * jnp.sin(theta)
    v = y * jnp.cos(theta) - x * jnp.sin(theta)
    envelope = jnp.exp(-((u / sigma_x) ** 2 + (v / sigma_y) ** 2) / 2) / (2 * pi * sigma_x * sigma_y)
    return envelope * jnp.exp(1j * (2 * pi * frequency * u + offset))
