"""Kernels of a known form, with the form's parameters free."""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp

from jconv import kernels
from jconv._typing import Array, ArrayLike


def separable(vectors: Sequence[ArrayLike], mix: ArrayLike) -> Array:
    """Make a kernel of products of vectors: `kernel[i, j, c, m] = sum over t of a[t, i] b[t, j] mix[t, c, m]`.

    Args:
        vectors: one array (terms, taps) per spatial axis.
        mix: (terms, c_in // groups, c_out).

    Returns:
        (*window, c_in // groups, c_out), of rank `terms` at most.

    Raises:
        ValueError: they differ in the number of terms.

    Examples:
        >>> separable([jnp.array([[1.0, 2.0]]), jnp.array([[1.0, 3.0]])], jnp.ones((1, 1, 1)))[..., 0, 0]
        Array([[1., 3.],
               [2., 6.]], dtype=float32)

    References:
        Rigamonti, Sironi, Lepetit and Fua, "Learning separable filters", CVPR 2013.
    """
    arrays, kernel = [jnp.asarray(v) for v in vectors], jnp.asarray(mix)
    terms = {a.shape[0] for a in (*arrays, kernel)}
    if len(terms) != 1:
        shapes = ", ".join(str(a.shape) for a in (*arrays, kernel))
        raise ValueError(f"separable: all arrays must have as many terms on their first axis; shapes are {shapes}.")
    for vector in reversed(arrays):
        kernel = vector.reshape(*vector.shape, *(1,) * (kernel.ndim - 1)) * kernel[:, None]
    return jnp.sum(kernel, axis=0)


def gaussian(log_sigma: ArrayLike, *, size: int) -> Array:
    """Make a Gaussian blur for each channel, of widths `exp(log_sigma)`, each summing to 1.

    Args:
        log_sigma: (channels, axes), logarithms of the widths in pixels; their size is that of `axes`.
        size: taps along each axis.

    Returns:
        (*window, 1, channels), for `groups=channels`.

    Examples:
        >>> gaussian(jnp.zeros((2, 1)), size=3)[:, 0, 0]
        Array([0.27406862, 0.45186275, 0.27406862], dtype=float32)

    References:
        Shelhamer, Wang and Darrell, "Blurring the line between structure and learning to optimize and adapt
        receptive fields", arXiv:1904.11487.
    """
    sigma = jnp.exp(jnp.asarray(log_sigma))
    if sigma.ndim != 2:
        raise ValueError(f"gaussian: log_sigma must be (channels, axes); it has shape {sigma.shape}.")
    make = partial(kernels.gaussian, size=size, ndim=sigma.shape[1])
    return jax.vmap(make, out_axes=-1)(sigma)[..., None, :]


def gabor(
    frequency: ArrayLike,
    theta: ArrayLike,
    log_sigma_x: ArrayLike,
    log_sigma_y: ArrayLike,
    offset: ArrayLike,
    *,
    size: int,
) -> Array:
    """Make a wave under a Gaussian for each pair of channels: the real part of `jconv.kernels.gabor`.

    Args:
        frequency: (c_in // groups, c_out), and so are the others; the wave's frequency is
            `sigmoid(frequency) / 2` cycles a pixel, below what a grid can show.
        theta: the wave's direction, in radians from the x axis (columns) towards the y axis (down).
        log_sigma_x: logarithm of the Gaussian's width along the wave, in pixels.
        log_sigma_y: the same across the wave.
        offset: the wave's phase at the origin, in radians.
        size: taps along both axes.

    Returns:
        (size, size, c_in // groups, c_out).

    Examples:
        >>> zeros = jnp.zeros((1, 4))
        >>> gabor(zeros, zeros, zeros, zeros, zeros, size=5).shape
        (5, 5, 1, 4)

    References:
        Luan, Chen, Zhang, Han and Liu, "Gabor convolutional networks", arXiv:1705.01450.
        Alekseev and Bobe, "GaborNet: Gabor filters with learnable parameters in deep convolutional neural
        networks", arXiv:1904.13204.
    """
    free = jnp.broadcast_arrays(*map(jnp.asarray, (frequency, theta, log_sigma_x, log_sigma_y, offset)))

    def one(frequency, theta, log_sigma_x, log_sigma_y, offset):
        widths = {"sigma_x": jnp.exp(log_sigma_x), "sigma_y": jnp.exp(log_sigma_y)}
        wave = kernels.gabor(jax.nn.sigmoid(frequency) / 2, theta=theta, offset=offset, size=size, **widths)
        return wave.real

    flat = jax.vmap(one, out_axes=-1)(*(a.ravel() for a in free))
    return flat.reshape(size, size, *free[0].shape)
