"""HyenaMixer: long convolutions and gates in turn, and the block around them."""

from typing import Any, Literal

import jax.numpy as jnp
from flax import nnx

from jconv._typing import Array
from jconv._verbs.arguments import one_int
from jconv.nn._causal_conv import CausalConv
from jconv.nn._conv import Conv
from jconv.nn._long_conv import LongConv


class HyenaMixer(nnx.Module):
    """Mix the positions of a sequence: long convolutions and gates in turn, in place of attention.

    (v, g[1], ..., g[N]) = short(W x),  z[0] = v,  z[n] = g[n] * (h[n] conv z[n - 1]),  y = W' z[N], where short is a
    causal depthwise convolution of 3 taps and h[n] are kernels of `jconv.nn.LongConv`.

    Args:
        features: channels of input and output.
        length: taps of the long kernels.
        order: N.
        kernel: "implicit" or "explicit", as in `jconv.nn.LongConv`.
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.
        rngs: Flax's random numbers.

    Examples:
        >>> nnx.eval_shape(lambda: HyenaMixer(8, 50, rngs=nnx.Rngs(0))(jnp.ones((2, 50, 8)))).shape
        (2, 50, 8)

    References:
        Poli et al., "Hyena hierarchy: towards larger convolutional language models", arXiv:2302.10866.
    """

    def __init__(
        self,
        features: int,
        length: int,
        *,
        order: int = 1,
        kernel: Literal["explicit", "implicit"] | str = "implicit",
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
        rngs: nnx.Rngs,
    ):
        options: dict[str, Any] = dict(dtype=dtype, param_dtype=param_dtype, rngs=rngs)
        self.parts = one_int("HyenaMixer", "order", order, least=1) + 1
        wide = self.parts * features
        self.project = Conv(features, wide, 1, **options)
        self.short = CausalConv(wide, wide, 3, feature_group_count=wide, use_bias=False, **options)
        self.long = nnx.List([LongConv(features, length, kernel=kernel, **options) for _ in range(order)])
        self.out = Conv(features, features, 1, **options)

    def __call__(self, x: Array) -> Array:
        """(*batch, length, features) to the same shape; no position sees later ones."""
        z, *gates = jnp.split(self.short(self.project(x)), self.parts, -1)
        for long, gate in zip(self.long, gates, strict=True):
            z = long(z, gate=gate)
        return self.out(z)


class HyenaBlock(nnx.Module):
    """x + mixer(norm(x)), then x + mlp(norm(x))."""

    def __init__(self, features: int, length: int, *, order: int, kernel: str, **options: Any):
        self.norm1 = nnx.LayerNorm(features, **options)
        self.mixer = HyenaMixer(features, length, order=order, kernel=kernel, **options)
        self.norm2 = nnx.LayerNorm(features, **options)
        self.wide, self.narrow = Conv(features, 2 * features, 1, **options), Conv(2 * features, features, 1, **options)

    def __call__(self, x: Array) -> Array:
        """(*batch, length, features) to the same shape."""
        x = x + self.mixer(self.norm1(x))
        return x + self.narrow(nnx.gelu(self.wide(self.norm2(x))))
