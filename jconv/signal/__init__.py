"""SciPy's signal processing by convolution, and scikit-image's deconvolution, differentiable to any order.

Names, arguments, defaults and results are SciPy's; where two libraries use one name for two things, `wiener` is SciPy's
and `wiener_deconvolve` is scikit-image's. `convolve` flips its second argument, as in mathematics.

    >>> import jax
    >>> import jax.numpy as jnp
    >>> from jconv import signal
    >>> x = jnp.array([1.0, 2.0, 4.0, 8.0])
    >>> signal.convolve(x, jnp.array([1.0, -1.0]), mode="valid")
    Array([1., 2., 4.], dtype=float32)
    >>> jax.grad(lambda h: signal.convolve(x, h, mode="valid").sum())(jnp.array([1.0, -1.0]))
    Array([14.,  7.], dtype=float32)
"""

from jconv.signal._choose_conv_method import choose_conv_method
from jconv.signal._convolve import convolve, correlate
from jconv.signal._convolve2d import convolve2d, correlate2d
from jconv.signal._correlation_lags import correlation_lags
from jconv.signal._deconvolve import deconvolve
from jconv.signal._fftconvolve import fftconvolve, oaconvolve
from jconv.signal._hilbert import hilbert
from jconv.signal._istft import istft
from jconv.signal._lfilter import lfilter
from jconv.signal._resample_poly import resample_poly
from jconv.signal._richardson_lucy import blind_richardson_lucy, richardson_lucy
from jconv.signal._savgol import savgol_coeffs, savgol_filter
from jconv.signal._sepfir2d import sepfir2d
from jconv.signal._stft import stft
from jconv.signal._upfirdn import upfirdn
from jconv.signal._wiener import wiener
from jconv.signal._wiener_deconvolve import wiener_deconvolve

__all__ = [
    "blind_richardson_lucy",
    "choose_conv_method",
    "convolve",
    "convolve2d",
    "correlate",
    "correlate2d",
    "correlation_lags",
    "deconvolve",
    "fftconvolve",
    "hilbert",
    "istft",
    "lfilter",
    "oaconvolve",
    "resample_poly",
    "richardson_lucy",
    "savgol_coeffs",
    "savgol_filter",
    "sepfir2d",
    "stft",
    "upfirdn",
    "wiener",
    "wiener_deconvolve",
]
