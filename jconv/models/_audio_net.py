"""AudioNet: from the waveform to classes, its spectrogram made by a convolution and its filterbank learned."""

from itertools import pairwise
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import nnx

from jconv._typing import Array
from jconv._verbs.conv import conv
from jconv.models._conv_norm import ConvNorm, batch_norm
from jconv.nn._fixed_filter import Frozen
from jconv.nn._pool import GlobalAvgPool


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


class AudioNet(nnx.Module):
    """Classify sounds: a `LogMel` spectrogram, without its mean, then four convolutions.

    y = head(mean over time and bands of convnorm(convnorm(convnorm(convnorm(spectrogram(x)))))), where each convnorm
    (3 x 3 convolution, batch norm, relu) but the first halves time and bands. 98,842 parameters with the defaults.

    Args:
        classes: numbers that come out.
        rate: samples per second, in Hz.
        bands: of the spectrogram.
        width: features of the first convolution; they double from one to the next.
        window: length of a frame, in seconds.
        step: between frames, in seconds.
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.
        rngs: Flax's random numbers.

    Examples:
        >>> nnx.eval_shape(lambda: AudioNet(rngs=nnx.Rngs(0))(jnp.ones((2, 16000)))).shape
        (2, 10)

    References:
        Hershey et al., "CNN architectures for large-scale audio classification", arXiv:1609.09430.
    """

    def __init__(
        self,
        *,
        classes: int = 10,
        rate: float = 16000,
        bands: int = 40,
        width: int = 16,
        window: float = 0.025,
        step: float = 0.01,
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
        rngs: nnx.Rngs,
    ):
        options: dict[str, Any] = dict(dtype=dtype, param_dtype=param_dtype, rngs=rngs)
        self.spectrogram = LogMel(
            rate=rate, bands=bands, window=window, step=step, dtype=dtype, param_dtype=param_dtype
        )
        self.norm = batch_norm(bands, **options)
        widths = [1, width, 2 * width, 4 * width, 8 * width]
        pairs = pairwise(widths)
        self.convs = nnx.List([ConvNorm(c, m, (3, 3), 1 if c == 1 else 2, **options) for c, m in pairs])
        self.pool, self.head = GlobalAvgPool(2), nnx.Linear(widths[-1], classes, **options)

    def __call__(self, x: Array) -> Array:
        """Classify sounds.

        Args:
            x: (batch, samples), at least one frame of them.

        Returns:
            (batch, classes), logits.
        """
        x = self.spectrogram(x)
        x = self.norm(x - x.mean((-2, -1), keepdims=True))[..., None]  # loudness says nothing
        for layer in self.convs:
            x = layer(x)
        return self.head(self.pool(x))
