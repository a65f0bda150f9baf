"""hilbert: the analytic signal."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

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
    """x + i H(x): H turns every frequency by a quarter, so that both transforms are of real signals."""
    spectrum = jnp.fft.rfft(signal, size, axis)
    quarter = np.full(spectrum.shape[axis], -1j)
    quarter[0] = 0
    if size % 2 == 0:
        quarter[-1] = 0
    along = (1,) * axis + (-1,) + (1,) * (signal.ndim - axis - 1)
    turned = jnp.fft.irfft(spectrum * jnp.asarray(quarter, spectrum.dtype).reshape(along), size, axis)
    pads = [(0, size - n if a == axis else 0, 0) for a, n in enumerate(signal.shape)]
    return lax.complex(lax.pad(signal, jnp.zeros((), signal.dtype), pads), turned)
