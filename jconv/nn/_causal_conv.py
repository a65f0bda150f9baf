"""CausalConv: a convolution layer that sees no future."""

from typing import Any, cast

from flax import nnx

from jconv._typing import Array, IntOrInts
from jconv.nn._conv import Conv, per_axis, with_bias
from jconv.ops._causal import causal_conv


class CausalConv(Conv):
    """A `Conv` whose outputs depend on the past alone: causal in the first spatial axis, which is time.

    y[t, o, m] = bias[m] + sum over k, c of  x[s*t - d*(K - 1 - k), ..., c] * kernel[k, ..., c, m], as in
    `jconv.ops.causal_conv`. Parameters have the names and shapes of `Conv`.

    Args:
        in_features: channels of the input.
        out_features: channels of the output.
        kernel_size: taps per axis, in time first; an int means time alone.
        strides: steps between neighbouring outputs, in time first.
        padding: of the axes after the first, as in `jconv.ops.causal_conv`.
        rngs: Flax's random numbers.
        **options: those of `Conv`, but for `input_dilation`.

    Raises:
        ValueError: as `Conv` does; or zeros between the inputs.
        TypeError: as `Conv` does.

    Examples:
        >>> import jax.numpy as jnp
        >>> layer = CausalConv(3, 8, 2, kernel_dilation=4, rngs=nnx.Rngs(0))
        >>> layer(jnp.ones((2, 9, 3))).shape
        (2, 9, 8)

    References:
        van den Oord et al., "WaveNet: a generative model for raw audio", arXiv:1609.03499.
    """

    streamed = "causal"

    def __init__(
        self,
        in_features: int,
        out_features: int,
        kernel_size: IntOrInts,
        strides: IntOrInts | None = 1,
        *,
        padding: Any = "SAME",
        rngs: nnx.Rngs,
        **options: Any,
    ):
        super().__init__(in_features, out_features, kernel_size, strides, padding=padding, rngs=rngs, **options)
        if self.dilates_input:
            raise ValueError(
                f"CausalConv: input_dilation={self.input_dilation!r} puts zeros between the inputs, which a causal "
                f"convolution does not do; leave it out."
            )

    def __call__(self, inputs: Array, out_sharding: None = None) -> Array:
        """The causal convolution of `inputs`.

        Args:
            inputs: (*batch, time, *spatial, in_features), with any number of batch axes.
            out_sharding: None only.

        Returns:
            (*batch, outputs in time, *outputs, out_features).
        """
        inputs, kernel, bias = self.arrays(inputs)
        rank = len(self.kernel_size)
        y = causal_conv(
            inputs,
            kernel,
            stride=per_axis(self.strides, rank),
            padding=cast(Any, self.padding),
            dilation=per_axis(self.kernel_dilation, rank),
            groups=self.feature_group_count,
            padding_mode=cast(Any, self.padding_mode),
            precision=self.precision,
            preferred_element_type=self.preferred_element_type,
            algorithm=self.algorithm,
        )
        return with_bias(y, bias)
