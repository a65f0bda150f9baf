"""AudioNet: from the waveform to classes, its spectrogram made by a convolution and its filterbank learned."""

from itertools import pairwise
from typing import Any

import jax.numpy as jnp
from flax import nnx

from jconv._typing import Array
from jconv.models._conv_norm import ConvNorm, batch_norm
from jconv.models._log_mel import LogMel
from jconv.nn._pool import GlobalAvgPool


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
