"""MaskedConv: a layer of PixelCNN."""

from typing import Any

from flax import nnx

from jconv._typing import Array, ArrayLike, IntOrInts
from jconv._verbs.arguments import one_word
from jconv.nn._conv import SHARED, Conv, check_options, per_axis, with_bias
from jconv.ops._masked import masked_conv


class MaskedConv(Conv):
    """A convolution that sees only what comes before: in raster order, or in one that is given with the input.

    y = bias + masked_conv(x, kernel, kind=kind, channel_groups=channel_groups). A network has one layer of kind "A",
    then layers of kind "B". Parameters are those of `Conv`; what is masked has no part in value or gradient.

    Args:
        in_features: channels of the input.
        out_features: channels of the output.
        kernel_size: taps per spatial axis; an int means one axis.
        kind: "A" or "B", as in `jconv.ops.masked_conv`.
        channel_groups: colours, as in `jconv.ops.masked_conv`.
        rngs: Flax's random numbers.
        **options: of `Conv`: algorithm, kernel_dilation, feature_group_count, use_bias, dtype, param_dtype, precision,
            kernel_init, bias_init, kernel_metadata, bias_metadata.

    Raises:
        ValueError: words or sizes that do not fit together.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> first = MaskedConv(3, 6, (5, 5), kind="A", channel_groups=3, rngs=nnx.Rngs(0))
        >>> first(jnp.ones((2, 8, 8, 3))).shape
        (2, 8, 8, 6)

    References:
        van den Oord, Kalchbrenner and Kavukcuoglu, "Pixel recurrent neural networks", arXiv:1601.06759.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        kernel_size: IntOrInts,
        *,
        kind: str = "B",
        channel_groups: int = 1,
        rngs: nnx.Rngs,
        **options: Any,
    ):
        check_options("MaskedConv", options, ("algorithm", *SHARED))
        super().__init__(in_features, out_features, kernel_size, rngs=rngs, **options)
        self.kind, self.channel_groups = one_word("MaskedConv", "kind", kind, ("A", "B")), channel_groups

    def __call__(self, inputs: Array, order: ArrayLike | None = None) -> Array:  # pyrefly: ignore[bad-override]
        """The masked convolution of `inputs`.

        Args:
            inputs: (*batch, *spatial, in_features), with any number of batch axes.
            order: when each position comes, as in `jconv.ops.masked_conv`; None is raster order.

        Returns:
            (*batch, *spatial, out_features).
        """
        inputs, kernel, bias = self.arrays(inputs)
        y = masked_conv(
            inputs,
            kernel,
            kind=self.kind,
            order=order,
            channel_groups=self.channel_groups,
            dilation=per_axis(self.kernel_dilation, len(self.kernel_size)),
            groups=self.feature_group_count,
            precision=self.precision,
            algorithm=self.algorithm,
        )
        return with_bias(y, bias)
