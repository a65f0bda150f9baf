"""convolve and correlate: N-dimensional, by direct sums or Fourier transforms."""

from typing import Any

import jax.numpy as jnp

from jconv._typing import Array, ArrayLike
from jconv._verbs.arguments import as_array
from jconv.signal._convolution import convolution
from jconv.signal._dtypes import common
from jconv.signal._fftconvolve import fft_convolution
from jconv.signal._method import quicker_method
from jconv.signal._modes import check_mode, crops, must_swap

METHODS = ("auto", "direct", "fft")


def convolve(in1: ArrayLike, in2: ArrayLike, mode: str = "full", method: str = "auto") -> Array:
    """Convolve two N-dimensional arrays as in mathematics, the second one flipped, as `scipy.signal.convolve`.

    z[n] = sum over k of  in1[k] * in2[n - k]  on every axis.

    Integers are summed exactly, modulo 2**bits of their dtype; under "fft" they are rounded back to integers.
    Booleans give whether any product is true. Dtypes are promoted as JAX does.

    Args:
        in1: the first array.
        in2: the second array, with as many axes.
        mode: "full", all positions where the two meet; "valid", those where one lies inside the other on every
            axis; "same", the middle of "full" in the shape of in1.
        method: "direct", sums over windows alone; "fft", by Fourier transforms, whose rounding errors (and NaN
            and infinity) reach all outputs; "auto", what `choose_conv_method` names.

    Returns:
        The convolution; in "full" with in1.shape + in2.shape - 1 positions.

    Raises:
        ValueError: other numbers of axes, an empty array, an unknown word, or "valid" where neither lies inside
            the other.
        TypeError: dtypes that may not be mixed, or that are no numbers.

    Examples:
        >>> import jax.numpy as jnp
        >>> convolve(jnp.array([1, 2, 3]), jnp.array([1, 10]))
        Array([ 1, 12, 23, 30], dtype=int32)

    References:
        SciPy, `scipy.signal.convolve`.
    """
    return convolved("convolve", as_array("convolve", "in1", in1), as_array("convolve", "in2", in2), mode, method)


def correlate(in1: ArrayLike, in2: ArrayLike, mode: str = "full", method: str = "auto") -> Array:
    """Correlate two N-dimensional arrays, as `scipy.signal.correlate`.

    z[n] = sum over k of  in1[k] * conj(in2[k - n + K - 1])  on every axis, K being the size of in2.
    `correlation_lags` tells the lag n - K + 1 of every output.

    Args:
        in1: the first array.
        in2: the second array, with as many axes.
        mode: as in `convolve`.
        method: as in `convolve`.

    Returns:
        The correlation, in the shape that `convolve` would have.

    Raises:
        ValueError: as in `convolve`.
        TypeError: as in `convolve`.

    Examples:
        >>> import jax.numpy as jnp
        >>> correlate(jnp.array([1, 2, 3]), jnp.array([1, 10]))
        Array([10, 21, 32,  3], dtype=int32)

    References:
        SciPy, `scipy.signal.correlate`.
    """
    x, y = as_array("correlate", "in1", in1), as_array("correlate", "in2", in2)
    return convolved("correlate", x, jnp.conj(jnp.flip(y)), mode, method)


def convolved(verb: str, in1: Array, in2: Array, mode: Any, method: Any) -> Array:
    """The convolution of either verb, from the user's words."""
    mode, method = check_mode(verb, mode), check_mode(verb, method, METHODS, "method")
    if in1.ndim != in2.ndim:
        raise ValueError(
            f"{verb}: in1 and in2 should have the same dimensionality (they have shapes {in1.shape} and {in2.shape})."
        )
    if in1.ndim == 0:
        return in1 * in2
    if in1.size == 0 or in2.size == 0:
        raise ValueError(f"{verb}: in1 and in2 must not be empty (they have shapes {in1.shape} and {in2.shape}).")
    axes = tuple(range(in1.ndim))
    must_swap(verb, mode, in1.shape, in2.shape, axes)
    dtypes = (in1.dtype, in2.dtype)
    x, h = common(verb, in1=in1, in2=in2)
    if method == "auto":
        method = quicker_method(mode, x.shape, h.shape, dtypes)
    crop = crops(mode, x.shape, h.shape)
    if method == "fft" and x.dtype != bool:
        z = fft_convolution(verb, x, h, axes, crop)
        return z if z.dtype == x.dtype else jnp.round(z).astype(x.dtype)
    if x.dtype == bool:
        return convolution(x.astype(jnp.int32), h.astype(jnp.int32), axes, crop, "direct") != 0
    return convolution(x, h, axes, crop, "direct")
