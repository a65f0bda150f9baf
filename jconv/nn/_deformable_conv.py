"""DeformableConv: a convolution whose taps move to where the input says."""

from math import prod
from typing import Any, cast

import jax
from flax import nnx

from jconv._typing import Array, IntOrInts
from jconv._verbs.arguments import one_int
from jconv.nn._conv import SHARED, Conv, check_options, per_axis, with_bias
from jconv.ops._deformable import deformable_conv


class DeformableConv(Conv):
    """A convolution with taps that are moved, and weighed, by what a second convolution computes from the input.

    y = bias + deformable_conv(x, kernel, offsets, mask), where offsets (v1) and sigmoid(mask) (v2) are the outputs of a
    `Conv` with the same window, `moves`. That one starts at 0: the layer starts as a convolution, in v2 with half its
    kernel.

    Args:
        in_features: channels of the input.
        out_features: channels of the output.
        kernel_size: taps per spatial axis; an int means one axis.
        strides: as in `Conv`.
        padding: as in `Conv`, of zeros.
        offset_groups: blocks of channels whose taps move together.
        modulated: whether taps are weighed too (v2), or only moved (v1).
        rngs: Flax's random numbers.
        **options: of `Conv`: kernel_dilation, feature_group_count, use_bias, dtype, param_dtype, precision,
            kernel_init, bias_init, kernel_metadata, bias_metadata.

    Raises:
        ValueError: words or sizes that do not fit together.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> layer = DeformableConv(4, 8, (3, 3), strides=2, offset_groups=2, rngs=nnx.Rngs(0))
        >>> layer(jnp.ones((2, 9, 9, 4))).shape
        (2, 5, 5, 8)

    References:
        Zhu et al., "Deformable ConvNets v2: more deformable, better results", arXiv:1811.11168.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        kernel_size: IntOrInts,
        strides: IntOrInts | None = 1,
        *,
        padding: Any = "SAME",
        offset_groups: int = 1,
        modulated: bool = True,
        rngs: nnx.Rngs,
        **options: Any,
    ):
        check_options("DeformableConv", options, SHARED)
        super().__init__(in_features, out_features, kernel_size, strides, padding=padding, rngs=rngs, **options)
        offset_groups = one_int("DeformableConv", "offset_groups", offset_groups, least=1)
        if in_features % offset_groups:
            raise ValueError(f"DeformableConv: offset_groups={offset_groups} must divide in_features={in_features}.")
        self.moved, self.modulated = offset_groups * prod(self.kernel_size), modulated
        self.moves = Conv(
            in_features,
            self.moved * (len(self.kernel_size) + modulated),
            self.kernel_size,
            strides,
            padding=padding,
            kernel_dilation=options.get("kernel_dilation", 1),
            dtype=options.get("dtype"),
            param_dtype=self.param_dtype,
            kernel_init=nnx.initializers.zeros_init(),
            rngs=rngs,
        )

    def __call__(self, inputs: Array, out_sharding: None = None) -> Array:
        """The deformable convolution of `inputs`.

        Args:
            inputs: (*batch, *spatial, in_features), with any number of batch axes.
            out_sharding: None only.

        Returns:
            (*batch, *outputs, out_features).
        """
        rank, moves = len(self.kernel_size), self.moves(inputs)
        inputs, kernel, bias = self.arrays(inputs)
        y = deformable_conv(
            inputs,
            kernel,
            moves[..., : self.moved * rank],
            jax.nn.sigmoid(moves[..., self.moved * rank :]) if self.modulated else None,
            stride=per_axis(self.strides, rank),
            padding=cast(Any, self.padding),
            dilation=per_axis(self.kernel_dilation, rank),
            groups=self.feature_group_count,
            precision=self.precision,
        )
        return with_bias(y, bias)
