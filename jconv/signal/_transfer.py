"""What deconvolutions share: transfer functions of small kernels on a picture's grid, and the range of pictures."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, Ints


@partial(jax.jit, static_argnums=1, static_argnames="half", inline=True)
def transfer(response: Array, shape: Ints, *, half: bool) -> Array:
    """The spectrum of an impulse response whose middle (size // 2) is the origin, zeros filled up to `shape`.

    Args:
        response: real, with as many axes as `shape` and nowhere larger.
        shape: the picture's.
        half: leave out the last axis's negative frequencies.
    """
    pads = [(0, n - k) for n, k in zip(shape, response.shape, strict=True)]
    around = [-(k // 2) for k in response.shape]
    padded = jnp.roll(jnp.pad(response, pads), around, tuple(range(len(shape))))
    return jnp.fft.rfftn(padded) if half else jnp.fft.fftn(padded)


def laplacian(ndim: int) -> np.ndarray:
    """The second differences along all axes, with the sign that makes the middle positive."""
    kernel = np.zeros((3,) * ndim)
    for axis in range(ndim):
        beside = [1] * ndim
        for beside[axis] in (0, 2):
            kernel[tuple(beside)] = -1
    kernel[(1,) * ndim] = 2 * ndim
    return kernel


@jax.jit
def clipped(image: Array) -> Array:
    """The picture within [-1, 1]; of complex numbers the real part decides."""
    one = jnp.ones((), image.dtype)
    return jnp.where(image.real > 1, one, jnp.where(image.real < -1, -one, image))
