"""QuaternionConv: a convolution layer over quaternions."""

from typing import Any

from flax import nnx

from jconv._typing import Array, IntOrInts
from jconv.nn._conv import window_of, with_bias
from jconv.nn._number_conv import NumberConv
from jconv.ops._quaternion_conv import quaternion_conv

# Each real output is a sum over all four parts: LeCun's variance, over four.
KERNEL_INIT = nnx.initializers.variance_scaling(0.25, "fan_in", "truncated_normal")


class QuaternionConv(NumberConv):
    """Convolve quaternions by Hamilton's rule: y = quaternion_conv(x, kernel) + bias, with real arrays.

    Channels are four blocks: real parts, i, j and k, as in `jconv.ops.quaternion_conv`. It has a quarter of the
    parameters of a `Conv` with as many channels.

    Args:
        in_features: channels of the input, a multiple of 4.
        out_features: channels of the output, a multiple of 4.
        kernel_size: taps per spatial axis; an int means one axis, as in Flax.
        strides: steps between neighbouring outputs.
        feature_group_count: independent convolutions of quaternions side by side.
        kernel_init: makes the first kernel.
        rngs: Flax's random numbers.
        **options: of `Conv`: padding, padding_mode, kernel_dilation, use_bias, param_dtype, precision, bias_init,
            algorithm.

    Raises:
        ValueError: channels that are no multiple of 4 times the groups.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> layer = QuaternionConv(4, 8, (3, 3), rngs=nnx.Rngs(0))
        >>> layer(jnp.ones((2, 9, 9, 4))).shape, layer.kernel.shape
        ((2, 9, 9, 8), (3, 3, 1, 8))

    References:
        Gaudet and Maida, "Deep quaternion networks", arXiv:1712.04604.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        kernel_size: IntOrInts,
        strides: IntOrInts = 1,
        *,
        feature_group_count: int = 1,
        kernel_init: Any = KERNEL_INIT,
        rngs: nnx.Rngs,
        **options: Any,
    ):
        if in_features % (4 * feature_group_count) or out_features % (4 * feature_group_count):
            raise ValueError(
                f"QuaternionConv: in_features={in_features} and out_features={out_features} must be multiples of 4 "
                f"times feature_group_count={feature_group_count}."
            )
        shape = (*window_of(kernel_size), in_features // 4 // feature_group_count, out_features)
        super().__init__(shape, strides, feature_group_count, kernel_init=kernel_init, rngs=rngs, **options)

    def __call__(self, inputs: Array) -> Array:
        """The convolution of `inputs`.

        Args:
            inputs: (*batch, *spatial, in_features).

        Returns:
            (*batch, *outputs, out_features).
        """
        return with_bias(quaternion_conv(inputs, self.kernel[...], **self.words), self.bias)
