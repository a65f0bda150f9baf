"""istft: the signal that has given spectra of its overlapping segments."""

import warnings
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._typing import Array, ArrayLike
from jconv.signal._dtypes import default_float, is_complex, transformable
from jconv.signal._frames import overlap_add
from jconv.signal._modes import check_axis
from jconv.signal._segments import amplitude, check_nfft, check_nperseg, check_scaling, check_step, window_array


def istft(
    Zxx: ArrayLike,  # noqa: N803 - SciPy's name
    fs: ArrayLike = 1.0,
    window: Any = "hann",
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    input_onesided: bool = True,
    boundary: bool = True,
    time_axis: int = -1,
    freq_axis: int = -2,
    scaling: str = "spectrum",
) -> tuple[Array, Array]:
    """Make a signal from the spectra of its segments, as `scipy.signal.istft`.

    x[n] = sum over t of  window[n - t*step] * segment_t[n - t*step] / sum over t of  window[n - t*step]**2,

    the signal whose `stft` is nearest to Zxx in least squares. Where the denominator is nearly 0 it is left out.

    Args:
        Zxx: the spectra, as `stft` gives them.
        fs: as in `stft`.
        window: as in `stft`.
        nperseg: samples of a segment; None means as many as the frequencies stand for.
        noverlap: as in `stft`.
        nfft: as in `stft`.
        input_onesided: whether Zxx has no negative frequencies; the signal is then real.
        boundary: whether half a segment is cut from both ends, with which `stft` extended the signal.
        time_axis: the axis of segments.
        freq_axis: the axis of frequencies.
        scaling: as in `stft`.

    Returns:
        t: the times of the samples, in the unit of 1 / fs. (SciPy's have the size of the first axis, whichever
            that is.)
        x: the signal; time stands where `time_axis` was, once the frequencies are gone.

    Raises:
        ValueError: lengths or axes that do not fit together, or an unknown word.
        TypeError: lengths that are no integers, or Zxx holds no numbers.

    Examples:
        >>> import jax.numpy as jnp
        >>> from jconv.signal import stft
        >>> x = jnp.arange(16.0)
        >>> bool(jnp.allclose(istft(stft(x, nperseg=8)[2])[1], x, atol=1e-5))
        True

    References:
        SciPy, `scipy.signal.istft`; Griffin and Lim, "Signal estimation from modified short-time Fourier transform",
        1984.
    """
    verb = "istft"
    check_scaling(verb, scaling)
    spectra = transformable(verb, Zxx=Zxx)
    spectra = spectra if is_complex(spectra) else lax.complex(spectra, jnp.zeros_like(spectra))
    if spectra.ndim < 2:
        raise ValueError(f"{verb}: Input stft must be at least 2d! It has shape {spectra.shape}.")
    time = check_axis(verb, time_axis, spectra.ndim, "time_axis")
    frequency = check_axis(verb, freq_axis, spectra.ndim, "freq_axis")
    if time == frequency:
        raise ValueError(f"{verb}: Must specify differing time and frequency axes! Both are axis {time}.")
    bins = spectra.shape[frequency]
    default = 2 * (bins - 1) if input_onesided else bins
    size = default if nperseg is None else check_nperseg(verb, nperseg)
    odd = input_onesided and size == default + 1
    nfft = check_nfft(verb, nfft, size, size if odd else default)
    step = check_step(verb, noverlap, size)
    samples = window_array(verb, window, size)
    if samples.shape[0] != size:
        raise ValueError(f"{verb}: window must have length of {size}, and has shape {samples.shape}.")
    cut = size // 2 if boundary else 0
    if isinstance(samples, np.ndarray):
        _warn_of_gaps(samples, spectra.shape[time], step, cut)
    samples = jnp.asarray(samples).astype(jnp.finfo(spectra.dtype).dtype)
    gain = amplitude(samples, scaling, fs)
    spectra = jnp.moveaxis(spectra, (time, frequency), (-2, -1))
    x = _joined(spectra, samples, gain, nfft, step, cut, bool(input_onesided))
    t = jnp.asarray(np.arange(x.shape[-1]), default_float()) / jnp.asarray(fs, default_float())
    return t, jnp.moveaxis(x, -1, time - (frequency < time)) if x.ndim > 1 else x


@partial(jax.jit, static_argnums=(3, 4, 5, 6), inline=True)
def _joined(spectra: Array, window: Array, gain: Array, nfft: int, step: int, cut: int, onesided: bool) -> Array:
    """The windowed segments of spectra [..., count, f] overlap-added, `cut` off both ends, over the windows' weight."""
    segments = (jnp.fft.irfft if onesided else jnp.fft.ifft)(spectra, nfft)[..., : window.size]
    weighted = jnp.broadcast_to((gain * window).astype(segments.dtype), segments.shape)
    x = overlap_add(segments * weighted, step)
    weight = overlap_add(jnp.broadcast_to(window**2, segments.shape[-2:]), step)
    inside = slice(cut, x.shape[-1] - cut)
    x, weight = x[..., inside], weight[inside]
    return x / jnp.broadcast_to(jnp.where(weight > 1e-10, weight, 1).astype(x.dtype), x.shape)


def _warn_of_gaps(window: np.ndarray, count: int, step: int, cut: int) -> None:
    """Say so where no window weighs anything; a traced window cannot be looked at."""
    weight = np.zeros(window.size + (count - 1) * step)
    for start in range(0, count * step, step):
        weight[start : start + window.size] += window**2
    if np.any(weight[cut : weight.size - cut] <= 1e-10):
        missing = "" if cut else " Possibly due to missing boundary"
        warnings.warn(f"NOLA condition failed, STFT may not be invertible.{missing}", UserWarning, stacklevel=3)
