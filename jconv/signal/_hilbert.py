"""hilbert: the analytic signal."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, ArrayLike
from jconv._verbs.arguments import one_int
from jconv.signal._dtypes import is_complex, transformable
from jconv.signal._modes import check_axis


def hilbert(x: ArrayLike, N: int | None = None, axis: int = -1) -> Array:  # noqa: N803 - SciPy's name
    """Make the analytic signal, whose negative frequencies are nothing, as `scipy.signal.hilbert`.

    z = x + i * H(x);  its spectrum is twice that of x at positive frequencies, once at 0 and half the sampling rate.

    Args:
        x: the signal, real, of any number of axes.
        N: the length of the transform: x is cut, or continued by zeros; None means x's.
        axis: the axis that the signal runs along.

    Returns:
        Complex array of x's shape, but for N along the axis.

    Raises:
        ValueError: complex x, or N below 1.
        TypeError: x holds no numbers.

    Examples:
        >>> import jax.numpy as jnp
        >>> print(hilbert(jnp.array([1.0, 0.0, -1.0, 0.0])).imag)  # of a cosine: the sine
        [ 0.  1.  0. -1.]

    References:
        SciPy, `scipy.signal.hilbert`.
    """
    signal = transformable("hilbert", x=x)
    if is_complex(signal):
        raise ValueError(f"hilbert: x must be real, and is {signal.dtype}.")
    axis = check_axis("hilbert", axis, signal.ndim)
    size = signal.shape[axis] if N is None else one_int("hilbert", "N", N)
    if size < 1:
        raise ValueError(f"hilbert: N must be positive, and is {size} (x has shape {signal.shape}).")
    return _analytic(signal, size, axis)


@partial(jax.jit, static_argnums=(1, 2), inline=True)
def _analytic(signal: Array, size: int, axis: int) -> Array:
    weights = np.zeros(size)
    weights[0] = 1
    weights[1 : (size + 1) // 2] = 2
    if size % 2 == 0:
        weights[size // 2] = 1
    spectrum = jnp.fft.fft(signal, size, axis)
    along = (1,) * axis + (-1,) + (1,) * (signal.ndim - axis - 1)
    return jnp.fft.ifft(spectrum * jnp.asarray(weights, spectrum.dtype).reshape(along), axis=axis)
