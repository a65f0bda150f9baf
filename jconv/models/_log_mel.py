"""LogMel: the spectrogram of a waveform, by a convolution, and learned bands of frequency."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import nnx

from jconv._typing import Array
from jconv._verbs.conv import conv
from jconv.nn._fixed_filter import Frozen


class LogMel(nnx.Module):
    """The logarithm of a waveform's energy in bands of frequency, over time; the bands are learned.

    S[t, f] = |sum over n of  x[t*step + n] * w[n] * exp(-2 pi i f n / N)|^2, a convolution by cosines and sines under
    a Hann window w; y[t, m] = log(1e-6 + sum over f of  S[t, f] * max(0, 1 - |mel(f) - centre[m]| / width[m])).

    At first the triangles are evenly spaced in mel(f) = 2595 log10(1 + f / 700 Hz) and overlap by half. The parameters
    are their shifts, and the logarithms of their widths, both in units of that spacing.

    Args:
        rate: samples per second, in Hz.
        bands: triangles.
        window: length of a frame, in seconds.
        step: between frames, in seconds.
        lowest: where the first triangle begins, in Hz.
        highest: where the last one ends, in Hz; None for half of the rate.
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.

    Examples:
        >>> LogMel(rate=8000, bands=20)(jnp.ones((2, 8000))).shape
        (2, 98, 20)

    References:
        Stevens, Volkmann and Newman, "A scale for the measurement of the psychological magnitude pitch", 1937.
        Zeghidour et al., "LEAF: a learnable frontend for audio classification", arXiv:2101.08596.
    """

    def __init__(
        self,
        *,
        rate: float = 16000,
        bands: int = 40,
        window: float = 0.025,
        step: float = 0.01,
        lowest: float = 60.0,
        highest: float | None = None,
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
    ):
        taps, self.step, self.dtype = round(window * rate), round(step * rate), dtype
        n, f = np.arange(taps)[:, None], np.arange(taps // 2 + 1)
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * (n + 0.5) / taps)
        waves = np.concatenate([np.cos(2 * np.pi * f * n / taps), np.sin(2 * np.pi * f * n / taps)], 1)
        self.waves = Frozen(jnp.asarray((hann * waves / np.sqrt((hann**2).sum()))[:, None], param_dtype))
        low, high = mel(lowest), mel(rate / 2 if highest is None else highest)
        spacing = (high - low) / (bands + 1)
        # mel(f) in units of the spacing, the first centre at 0
        self.frequencies = Frozen(jnp.asarray((mel(f * rate / taps) - low) / spacing - 1, param_dtype))
        self.shift, self.log_width = (nnx.Param(jnp.zeros((bands,), param_dtype)) for _ in range(2))

    def triangles(self) -> Array:
        """The filterbank, (frequencies, bands)."""
        centres = np.arange(self.shift[...].size, dtype=self.shift[...].dtype) + self.shift[...]
        distance = jnp.abs(self.frequencies[...][:, None] - centres[None]) / jnp.exp(self.log_width[...])[None]
        return jnp.maximum(0, 1 - distance)

    def __call__(self, x: Array) -> Array:
        """The spectrogram of waveforms.

        Args:
            x: (*batch, samples).

        Returns:
            (*batch, frames, bands), of frames that lie wholly in the sound.
        """
        waves, triangles = self.waves[...], self.triangles()
        if self.dtype is not None:
            x, waves, triangles = (a.astype(self.dtype) for a in (x, waves, triangles))
        cosines, sines = jnp.split(conv(x[..., None], waves, stride=self.step, rank=1), 2, -1)
        return jnp.log((cosines**2 + sines**2) @ triangles + 1e-6)


def mel(hertz: Any) -> Any:
    """The pitch of a frequency, in mel."""
    return 2595 * np.log10(1 + np.asarray(hertz) / 700)
