"""PartialConv: a convolution of what is there, for inpainting."""

from typing import Any, cast

from flax import nnx

from jconv._typing import Array, ArrayLike, IntOrInts
from jconv.nn._conv import SHARED, Conv, check_options, per_axis
from jconv.ops._partial import partial_conv


class PartialConv(Conv):
    """A convolution in which holes take no part; it hands on the mask of what is known behind it.

    y, mask = partial_conv(x, kernel, mask, bias=bias). Parameters are those of `Conv`.

    Args:
        in_features: channels of the input.
        out_features: channels of the output.
        kernel_size: taps per spatial axis; an int means one axis.
        strides: as in `Conv`.
        rngs: Flax's random numbers.
        **options: of `Conv`: padding, padding_mode, algorithm, kernel_dilation, feature_group_count, use_bias, dtype,
            param_dtype, precision, kernel_init, bias_init, kernel_metadata, bias_metadata.

    Raises:
        ValueError: words or sizes that do not fit together.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> layer = PartialConv(3, 8, (3, 3), strides=2, rngs=nnx.Rngs(0))
        >>> y, mask = layer(jnp.ones((2, 9, 9, 3)), jnp.ones((2, 9, 9, 1), bool))
        >>> y.shape, mask.shape
        ((2, 5, 5, 8), (2, 5, 5, 1))

    References:
        Liu et al., "Image inpainting for irregular holes using partial convolutions", arXiv:1804.07723.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        kernel_size: IntOrInts,
        strides: IntOrInts | None = 1,
        *,
        rngs: nnx.Rngs,
        **options: Any,
    ):
        check_options("PartialConv", options, ("padding", "padding_mode", "algorithm", *SHARED))
        super().__init__(in_features, out_features, kernel_size, strides, rngs=rngs, **options)

    def __call__(self, inputs: Array, mask: ArrayLike) -> tuple[Array, Array]:  # pyrefly: ignore[bad-override]
        """The partial convolution of `inputs`, and its mask.

        Args:
            inputs: (*batch, *spatial, in_features), with any number of batch axes.
            mask: 0 or False where inputs are missing, as in `jconv.ops.partial_conv`.

        Returns:
            (*batch, *outputs, out_features), and the mask of that.
        """
        rank, (inputs, kernel, bias) = len(self.kernel_size), self.arrays(inputs)
        return partial_conv(
            inputs,
            kernel,
            mask,
            bias=bias,
            stride=per_axis(self.strides, rank),
            padding=cast(Any, self.padding),
            dilation=per_axis(self.kernel_dilation, rank),
            groups=self.feature_group_count,
            padding_mode=self.padding_mode,
            precision=self.precision,
            algorithm=self.algorithm,
        )
