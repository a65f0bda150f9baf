"""DepthwiseConv and SeparableConv: one window per channel, and a mix of channels behind it."""

from typing import Any

from flax import nnx

from jconv._typing import Array, IntOrInts
from jconv.nn._conv import Conv

# Options of `SeparableConv` that say how both of its parts compute.
OF_BOTH = ("dtype", "param_dtype", "precision", "preferred_element_type", "algorithm")


class DepthwiseConv(Conv):
    """Slide windows over each channel by itself: a `Conv` with as many groups as channels.

    y[o, c, m] = bias[c, m] + sum over k of  x[s*o + d*k - lo, c] * kernel[k, c, m]

    Args:
        in_features: channels of the input.
        kernel_size: taps per spatial axis; an int means one axis.
        strides: as in `Conv`.
        multiplier: features made of each channel.
        rngs: Flax's random numbers.
        **options: those of `Conv`.

    Raises:
        ValueError: as `Conv` does.
        TypeError: as `Conv` does.

    Examples:
        >>> import jax.numpy as jnp
        >>> DepthwiseConv(4, (3, 3), multiplier=2, rngs=nnx.Rngs(0))(jnp.ones((2, 9, 9, 4))).shape
        (2, 9, 9, 8)

    References:
        Howard et al., "MobileNets", arXiv:1704.04861.
    """

    def __init__(
        self,
        in_features: int,
        kernel_size: IntOrInts,
        strides: IntOrInts | None = 1,
        *,
        multiplier: int = 1,
        rngs: nnx.Rngs,
        **options: Any,
    ):
        super().__init__(
            in_features,
            in_features * multiplier,
            kernel_size,
            strides,
            feature_group_count=in_features,
            rngs=rngs,
            **options,
        )


class SeparableConv(nnx.Module):
    """A depthwise convolution, then a 1x1 convolution that mixes the channels.

    y = pointwise(depthwise(x)): K * c_in + c_in * c_out parameters where a `Conv` has K * c_in * c_out.

    Args:
        in_features: channels of the input.
        out_features: channels of the output.
        kernel_size: taps per spatial axis; an int means one axis.
        strides: as in `Conv`, of the depthwise part.
        multiplier: features that the depthwise part makes of each channel.
        use_bias: whether the pointwise part adds a bias; the depthwise part has none.
        rngs: Flax's random numbers.
        **options: those of `Conv`. dtype, param_dtype, precision, preferred_element_type and algorithm hold for both
            parts, the others for the depthwise part.

    Raises:
        ValueError: as `Conv` does.
        TypeError: as `Conv` does.

    Examples:
        >>> import jax.numpy as jnp
        >>> SeparableConv(4, 8, (3, 3), strides=2, rngs=nnx.Rngs(0))(jnp.ones((2, 9, 9, 4))).shape
        (2, 5, 5, 8)

    References:
        Chollet, "Xception: deep learning with depthwise separable convolutions", arXiv:1610.02357.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        kernel_size: IntOrInts,
        strides: IntOrInts | None = 1,
        *,
        multiplier: int = 1,
        use_bias: bool = True,
        rngs: nnx.Rngs,
        **options: Any,
    ):
        self.depthwise = DepthwiseConv(
            in_features, kernel_size, strides, multiplier=multiplier, use_bias=False, rngs=rngs, **options
        )
        ones = (1,) * len(self.depthwise.kernel_size)
        shared = {name: options[name] for name in OF_BOTH if name in options}
        self.pointwise = Conv(in_features * multiplier, out_features, ones, use_bias=use_bias, rngs=rngs, **shared)

    def __call__(self, inputs: Array) -> Array:
        """Both parts, one after the other.

        Args:
            inputs: (*batch, *spatial, in_features).

        Returns:
            (*batch, *outputs, out_features).
        """
        return self.pointwise(self.depthwise(inputs))
