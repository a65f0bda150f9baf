"""wiener: noise taken away where a neighbourhood varies no more than noise does."""

from collections.abc import Sequence
from functools import partial
from math import prod

import jax
import jax.numpy as jnp

from jconv._typing import Array, ArrayLike, Ints
from jconv._verbs.arguments import axis_ints
from jconv.signal._convolution import convolution
from jconv.signal._dtypes import fractional, is_complex
from jconv.signal._modes import crops


def wiener(im: ArrayLike, mysize: int | Sequence[int] | None = None, noise: ArrayLike | None = None) -> Array:
    """Smooth by local mean and variance, as `scipy.signal.wiener`.

    y = mean + (1 - noise / variance) * (x - mean)  where variance > noise, else mean,

    with mean and variance over the window about each position, zeros beyond the border. It takes away noise, no blur:
    for that see `wiener_deconvolve`.

    Args:
        im: the picture or signal, of any number of axes.
        mysize: sizes of the window, one or one per axis; None means 3. Odd ones have a middle.
        noise: the noise's variance; None means the mean of the local variances. Differentiable.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: sizes below 1, or as many as there are not axes.
        TypeError: sizes that are no integers, complex numbers or none.

    Examples:
        >>> import jax.numpy as jnp
        >>> wiener(jnp.array([1.0, 1.0, 4.0, 1.0, 1.0]), noise=4.0)
        Array([0.6666667, 2.       , 2.       , 2.       , 0.6666667], dtype=float32)

    References:
        SciPy, `scipy.signal.wiener`; Lim, "Two-Dimensional Signal and Image Processing", 1990, p. 548.
    """
    x, *given = fractional("wiener", im=im, **({} if noise is None else {"noise": noise}))
    if is_complex(x):
        raise TypeError(f"wiener: im must be real, and is {x.dtype}: variances of complex numbers are not compared.")
    if x.ndim == 0 or x.size == 0:
        raise ValueError(f"wiener: im must have an axis and not be empty; it has shape {x.shape}.")
    window = axis_ints("wiener", "mysize", 3 if mysize is None else mysize, x.ndim, least=1)
    return _smoothed(x, given, window)


@partial(jax.jit, static_argnums=2, inline=True)
def _smoothed(x: Array, given: list[Array], window: Ints) -> Array:
    """The same, with the noise if it is given."""
    mean = _sums(x, window) / prod(window)
    variance = _sums(x**2, window) / prod(window) - mean**2
    noise = given[0] if given else variance.mean()
    # Where the variance is no more than the noise it divides nothing, so that gradients stay finite there too.
    smooth = variance <= noise
    kept = 1 - noise / jnp.where(smooth, jnp.ones_like(variance), variance)
    return jnp.where(smooth, mean, mean + kept * (x - mean))


def _sums(x: Array, window: Ints) -> Array:
    """Of the window about each position, one axis after another."""
    for axis, size in enumerate(window):
        ones = jnp.ones((1,) * axis + (size,) + (1,) * (x.ndim - axis - 1), x.dtype)
        # An even window reaches as far as it does in SciPy's `correlate`.
        x = convolution(x, ones, (axis,), crops("same", (x.shape[axis],), (size,)), "direct")
    return x
