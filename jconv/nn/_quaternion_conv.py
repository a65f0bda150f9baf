"""QuaternionConv: a convolution layer over quaternions."""

from typing import Any

import jax.numpy as jnp
from flax import nnx

from jconv._algorithms import Algorithm
from jconv._typing import Array, IntOrInts
from jconv._verbs.arguments import check_algorithm
from jconv.ops._quaternion_conv import quaternion_conv

# Each real output is a sum over all four parts: LeCun's variance, over four.
KERNEL_INIT = nnx.initializers.variance_scaling(0.25, "fan_in", "truncated_normal")
BIAS_INIT = nnx.initializers.zeros_init()


class QuaternionConv(nnx.Module):
    """Convolve quaternions by Hamilton's rule: y = quaternion_conv(x, kernel) + bias, with real arrays.

    Channels are four blocks: real parts, i, j and k, as in `jconv.ops.quaternion_conv`. It has a quarter of the
    parameters of a `Conv` with as many channels.

    Args:
        in_features: channels of the input, a multiple of 4.
        out_features: channels of the output, a multiple of 4.
        kernel_size: taps per spatial axis; an int means one axis, as in Flax.
        strides: steps between neighbouring outputs.
        padding: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`.
        kernel_dilation: distance between neighbouring taps.
        feature_group_count: independent convolutions of quaternions side by side.
        use_bias: whether a bias is added.
        param_dtype: dtype of the parameters.
        precision: as in `jconv.conv`.
        kernel_init: makes the first kernel.
        bias_init: makes the first bias.
        algorithm: as in `jconv.conv`.
        rngs: Flax's random numbers.

    Raises:
        ValueError: channels that are no multiple of 4 times the groups.
        TypeError: an argument of the wrong kind.

    Examples:
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
        padding: Any = "SAME",
        padding_mode: Any = "zeros",
        kernel_dilation: IntOrInts = 1,
        feature_group_count: int = 1,
        use_bias: bool = True,
        param_dtype: Any = jnp.float32,
        precision: Any = None,
        kernel_init: Any = KERNEL_INIT,
        bias_init: Any = BIAS_INIT,
        algorithm: str | Algorithm = "auto",
        rngs: nnx.Rngs,
    ):
        if in_features % (4 * feature_group_count) or out_features % (4 * feature_group_count):
            raise ValueError(
                f"QuaternionConv: in_features={in_features} and out_features={out_features} must be multiples of 4 "
                f"times feature_group_count={feature_group_count}."
            )
        window = (kernel_size,) if isinstance(kernel_size, int) else tuple(kernel_size)
        shape = (*window, in_features // 4 // feature_group_count, out_features)
        self.kernel = nnx.Param(kernel_init(rngs.params(), shape, param_dtype))
        self.bias = nnx.Param(bias_init(rngs.params(), (out_features,), param_dtype)) if use_bias else None
        self.strides, self.padding, self.padding_mode = strides, padding, padding_mode
        self.kernel_dilation, self.feature_group_count = kernel_dilation, feature_group_count
        self.precision, self.algorithm = precision, check_algorithm("QuaternionConv", algorithm)

    def __call__(self, inputs: Array) -> Array:
        """The convolution of `inputs`.

        Args:
            inputs: (*batch, *spatial, in_features).

        Returns:
            (*batch, *outputs, out_features).
        """
        y = quaternion_conv(
            inputs,
            self.kernel[...],
            stride=self.strides,
            padding=self.padding,
            dilation=self.kernel_dilation,
            groups=self.feature_group_count,
            padding_mode=self.padding_mode,
            precision=self.precision,
            algorithm=self.algorithm,
        )
        return y if self.bias is None else y + self.bias[...].reshape((1,) * (y.ndim - 1) + (-1,))
