"""stft: the spectra of a signal's overlapping segments."""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, ArrayLike
from jconv.signal._dtypes import default_float, is_complex, transformable
from jconv.signal._extend import extend
from jconv.signal._frames import frames
from jconv.signal._modes import check_axis
from jconv.signal._segments import (
    amplitude,
    check_nfft,
    check_nperseg,
    check_scaling,
    check_step,
    named,
    window_array,
)

# SciPy's words for what stands beyond the ends, and those of `extend`.
BOUNDARIES = {"even": "reflect", "odd": "antireflect", "constant": "edge", "zeros": "constant", None: None}


def stft(
    x: ArrayLike,
    fs: ArrayLike = 1.0,
    window: Any = "hann",
    nperseg: int | None = 256,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: str | bool | Callable[[Array], Array] | None = False,
    return_onesided: bool = True,
    boundary: str | None = "zeros",
    padded: bool = True,
    axis: int = -1,
    scaling: str = "spectrum",
) -> tuple[Array, Array, Array]:
    """Transform overlapping, windowed segments of a signal, as `scipy.signal.stft`.

    Z[f, t] = sum over n of  window[n] * x[t * step + n] * exp(-2 pi i f n / nfft) / amplitude,

    with step = nperseg - noverlap. Differentiable in x and in a window given as an array.

    Args:
        x: the signal, of any number of axes.
        fs: the sampling rate, in hertz if times are to be in seconds.
        window: its name, a tuple of its name and parameters, or (nperseg,) samples.
        nperseg: samples of a segment.
        noverlap: samples that neighbouring segments share; None means half of a segment.
        nfft: the length of the transforms, zeros filled up; None means `nperseg`.
        detrend: what is taken from each segment: False for nothing, "constant" for its mean, "linear" for its
            straight line, or a function of [..., segments, nperseg].
        return_onesided: leave out negative frequencies of real signals.
        boundary: how the signal is extended by half a segment on both sides: "zeros", "even", "odd", "constant", or
            None for not at all.
        padded: whether zeros at the end make up a whole number of segments.
        axis: the axis that time runs along.
        scaling: "spectrum", with the window's sum as the amplitude; or "psd", with sqrt(fs * its energy), so that
            the sum of |Z|**2 is the energy.

    Returns:
        f: (frequencies,), in the unit of fs.
        t: (segments,), their middles in the unit of 1 / fs.
        Z: x's shape with the frequencies in place of time, and the segments as last axis.

    Raises:
        ValueError: lengths that do not fit together, or an unknown word.
        TypeError: lengths that are no integers, or x holds no numbers.

    Examples:
        >>> import jax.numpy as jnp
        >>> f, t, Z = stft(jnp.cos(jnp.pi / 2 * jnp.arange(32)), nperseg=8)
        >>> f
        Array([0.   , 0.125, 0.25 , 0.375, 0.5  ], dtype=float32)
        >>> print(jnp.abs(Z[:, 2]).round(3) + 0)
        [0.   0.25 0.5  0.25 0.  ]

    References:
        SciPy, `scipy.signal.stft`; Griffin and Lim, "Signal estimation from modified short-time Fourier transform",
        1984.
    """
    verb = "stft"
    check_scaling(verb, scaling)
    if boundary not in BOUNDARIES:
        raise ValueError(f"{verb}: Unknown boundary option {boundary!r}, must be one of: {list(BOUNDARIES)}.")
    x = transformable(verb, x=x)
    axis = check_axis(verb, axis, x.ndim)
    if x.size == 0:
        empty = jnp.zeros(x.shape, x.dtype)
        return empty, empty, empty
    x = jnp.moveaxis(x, axis, -1)
    window, nperseg = _window(verb, window, nperseg, x.shape[-1])
    nfft, step = check_nfft(verb, nfft, nperseg, nperseg), check_step(verb, noverlap, nperseg)
    if return_onesided and is_complex(x):
        warnings.warn("Input data is complex, switching to return_onesided=False", UserWarning, stacklevel=2)
        return_onesided = False
    samples = jnp.asarray(window).astype(x.dtype)
    segments = _detrended(verb, _cut(x, nperseg, step, BOUNDARIES[boundary], bool(padded)), detrend, axis)
    spectra = _spectra(segments, samples, amplitude(samples, scaling, fs), nfft, bool(return_onesided))
    f = (np.fft.rfftfreq if return_onesided else np.fft.fftfreq)(nfft)
    t = np.arange(segments.shape[-2]) * step + (0.0 if boundary is not None else nperseg / 2)
    f, t, rate = jnp.asarray(f, default_float()), jnp.asarray(t, default_float()), jnp.asarray(fs, default_float())
    return f * rate, t / rate, jnp.moveaxis(spectra, -1, axis)


def _window(verb: str, window: Any, nperseg: Any, length: int) -> tuple[Any, int]:
    """The window's samples and their number, which is no more than the signal has."""
    size = None if nperseg is None else check_nperseg(verb, nperseg)
    if named(window):
        size = 256 if size is None else size
        if size > length:
            message = f"nperseg = {size:d} is greater than input length  = {length:d}, using nperseg = {length:d}"
            warnings.warn(message, UserWarning, stacklevel=3)
            size = length
        return window_array(verb, window, size), size
    samples = window_array(verb, window, 0)
    if length < samples.shape[0]:
        raise ValueError(f"{verb}: window is longer than input signal: {samples.shape[0]} and {length} samples.")
    # SciPy takes its default of 256 for a segment's length too; a window of another length needs nperseg=None.
    if size is not None and size != samples.shape[0]:
        raise ValueError(
            f"{verb}: value specified for nperseg is different from length of window: nperseg={size}, and the window "
            f"has shape {samples.shape}. Give nperseg=None."
        )
    return samples, samples.shape[0]


@partial(jax.jit, static_argnums=(1, 2, 3, 4), inline=True)
def _cut(x: Array, nperseg: int, step: int, mode: str | None, padded: bool) -> Array:
    """[..., n], extended by half a segment, to [..., count, nperseg]."""
    if mode is not None:
        x = extend(x, nperseg // 2, nperseg // 2, x.ndim - 1, mode)
    if padded:
        x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, -(x.shape[-1] - nperseg) % step % nperseg)])
    return frames(x, nperseg, step)


@partial(jax.jit, static_argnums=(3, 4), inline=True)
def _spectra(segments: Array, window: Array, amplitude: Array, nfft: int, onesided: bool) -> Array:
    """The transforms of windowed segments."""
    windowed = segments * jnp.broadcast_to(window.astype(segments.dtype), segments.shape)
    spectra = (jnp.fft.rfft if onesided else jnp.fft.fft)(windowed, nfft)
    return spectra / amplitude.astype(spectra.dtype)


def _detrended(verb: str, segments: Array, detrend: Any, axis: int) -> Array:
    """The segments [..., count, size] without their mean, or their straight line."""
    if not detrend:
        return segments
    if callable(detrend):
        return jnp.moveaxis(detrend(jnp.moveaxis(segments, -1, axis)), axis, -1)
    size = segments.shape[-1]
    if detrend == "constant":
        return segments - segments.mean(-1, keepdims=True)
    if detrend == "linear":
        line = np.stack([np.ones(size), np.arange(size) - (size - 1) / 2])
        basis = jnp.asarray(line / np.maximum(np.linalg.norm(line, axis=-1, keepdims=True), 1e-30), segments.dtype)
        parts = jnp.einsum("...n,kn->...k", segments, basis, precision="highest")
        return segments - jnp.einsum("...k,kn->...n", parts, basis, precision="highest")
    raise ValueError(f"{verb}: detrend={detrend!r} must be False, 'constant', 'linear' or a function.")
