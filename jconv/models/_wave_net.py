"""WaveNet: a stack of causal convolutions whose dilations double."""

from typing import Any

import jax.numpy as jnp
from flax import nnx

from jconv._typing import Array
from jconv._verbs.arguments import one_int
from jconv.nn._causal_conv import CausalConv
from jconv.nn._conv import Conv


class WaveNetLayer(nnx.Module):
    """z = tanh(conv(x)) * sigmoid(conv'(x)), a part of which is added to x, and a part skips to the end."""

    def __init__(self, width: int, skip: int, taps: int, dilation: int, **options: Any):
        self.conv = CausalConv(width, 2 * width, taps, kernel_dilation=dilation, **options)
        self.residual, self.skip = Conv(width, width, 1, **options), Conv(width, skip, 1, **options)

    def __call__(self, x: Array) -> tuple[Array, Array]:
        """(*batch, time, width) to the same shape, and (*batch, time, skip)."""
        signal, gate = jnp.split(self.conv(x), 2, -1)
        z = jnp.tanh(signal) * nnx.sigmoid(gate)
        return x + self.residual(z), self.skip(z)


class WaveNet(nnx.Module):
    """Predict, or classify, signals by what went before: gated causal convolutions of dilations 1, 2, 4, ...

    x[l + 1] = x[l] + W z[l],  z[l] = tanh(conv(x[l])) * sigmoid(conv'(x[l])) with dilation 2^(l mod layers), and
    y = W2 relu(W1 relu(sum over l of  V z[l])).

    No output sees later inputs: y[t] depends on x[t - receptive_field + 1], ..., x[t]. With the defaults that is 511
    steps, and there are 138,112 parameters.

    Args:
        classes: numbers that come out per step.
        channels: numbers per step that go in.
        width: features of the residual stream.
        skip: features of the sum of skips.
        layers: per stack; their dilations are 1, 2, ..., 2^(layers - 1).
        stacks: how often the dilations begin again.
        taps: of every causal convolution.
        pool: whether there is one answer per signal, the mean over time, or one per step.
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.
        rngs: Flax's random numbers.

    Raises:
        ValueError: a size below 1.
        TypeError: a size that is no integer.

    Examples:
        >>> model = lambda: WaveNet(classes=10, rngs=nnx.Rngs(0))(jnp.ones((2, 100, 1)))
        >>> nnx.eval_shape(model).shape
        (2, 100, 10)

    References:
        van den Oord et al., "WaveNet: a generative model for raw audio", arXiv:1609.03499.
    """

    def __init__(
        self,
        *,
        classes: int = 256,
        channels: int = 1,
        width: int = 32,
        skip: int = 64,
        layers: int = 8,
        stacks: int = 2,
        taps: int = 2,
        pool: bool = False,
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
        rngs: nnx.Rngs,
    ):
        for name, value in {"layers": layers, "stacks": stacks, "taps": taps}.items():
            one_int("WaveNet", name, value, least=1)
        options: dict[str, Any] = dict(dtype=dtype, param_dtype=param_dtype, rngs=rngs)
        self.embed = Conv(channels, width, 1, **options)
        dilations = [2**layer for layer in range(layers)] * stacks
        self.layers = nnx.List([WaveNetLayer(width, skip, taps, d, **options) for d in dilations])
        self.first, self.last = Conv(skip, skip, 1, **options), Conv(skip, classes, 1, **options)
        self.receptive_field, self.pool = 1 + (taps - 1) * sum(dilations), pool

    def __call__(self, x: Array) -> Array:
        """Predict from signals.

        Args:
            x: (batch, time, channels).

        Returns:
            (batch, time, classes), logits; with `pool`, (batch, classes).
        """
        x, skips = self.embed(x), []
        for layer in self.layers:
            x, skip = layer(x)
            skips.append(skip)
        y = self.last(nnx.relu(self.first(nnx.relu(sum(skips[1:], start=skips[0])))))
        return y.mean(-2) if self.pool else y
