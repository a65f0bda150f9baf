"""LiftConv and GroupConv: layers whose output turns when the picture does."""

from typing import Any, Literal, cast

import jax.numpy as jnp
from flax import nnx

from jconv._algorithms import Algorithm
from jconv._typing import Array
from jconv._verbs.arguments import check_algorithm, one_word
from jconv.nn._conv import BIAS_INIT, KERNEL_INIT, with_bias
from jconv.operator.parametrise import circular_harmonics, steerable
from jconv.ops._group_conv import ORDERS, GroupName, group_conv, lift_conv

Basis = Literal["taps", "harmonics"]


class LiftConv(nnx.Module):
    """The first layer of a group-equivariant network: from a picture to features over a group.

    y[o, g, m] = bias[m] + `jconv.ops.lift_conv` of x. A bias is the same for all elements of the group.

    Args:
        in_features: channels of the picture.
        out_features: features per element of the group.
        kernel_size: taps on both axes.
        strides: steps between neighbouring outputs, on both axes.
        group: "p4", the 4 quarter turns, or "p4m", with the mirror images of these.
        basis: what is learned: "taps", or the weights of "harmonics", circular harmonics on rings
            (`jconv.operator.parametrise.steerable`), which no corner of the square window distorts.
        padding: as in `jconv.ops.lift_conv`.
        padding_mode: as in `jconv.ops.lift_conv`.
        kernel_dilation: distance between neighbouring taps, on both axes.
        use_bias: whether a bias is added.
        param_dtype: dtype of the parameters.
        precision: as in `jconv.conv`.
        kernel_init: makes the first taps, or weights.
        bias_init: makes the first bias.
        algorithm: as in `jconv.conv`.
        rngs: Flax's random numbers.

    Raises:
        ValueError: words that are none.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> from jconv.ops import group_pool
        >>> lift, conv = LiftConv(3, 4, 3, rngs=nnx.Rngs(0)), GroupConv(4, 6, 3, rngs=nnx.Rngs(1))
        >>> group_pool(conv(nnx.relu(lift(jnp.ones((2, 9, 9, 3)))))).shape
        (2, 9, 9, 6)

    References:
        Cohen and Welling, "Group equivariant convolutional networks", arXiv:1602.07576; Weiler, Hamprecht and Storath,
        "Learning steerable filters for rotation equivariant CNNs", arXiv:1711.07289, for the harmonics.
    """

    lifts = True

    def __init__(
        self,
        in_features: int,
        out_features: int,
        kernel_size: int,
        strides: int = 1,
        *,
        group: GroupName = "p4",
        basis: Basis = "taps",
        padding: Any = "SAME",
        padding_mode: Any = "zeros",
        kernel_dilation: int = 1,
        use_bias: bool = True,
        param_dtype: Any = jnp.float32,
        precision: Any = None,
        kernel_init: Any = KERNEL_INIT,
        bias_init: Any = BIAS_INIT,
        algorithm: str | Algorithm = "auto",
        rngs: nnx.Rngs,
    ):
        name = type(self).__name__
        self.group = cast(GroupName, one_word(name, "group", group, tuple(ORDERS)))
        self.basis = one_word(name, "basis", basis, ("taps", "harmonics"))
        over = 1 if self.lifts else ORDERS[self.group]
        axis = () if self.lifts else (over,)
        self.shape = (kernel_size, kernel_size, *axis, in_features, out_features)
        shape = self.shape
        if self.basis == "harmonics":
            shape = (2, len(circular_harmonics(kernel_size)[1]), over * in_features, out_features)
        self.kernel = nnx.Param(kernel_init(rngs.params(), shape, param_dtype))
        self.bias = nnx.Param(bias_init(rngs.params(), (out_features,), param_dtype)) if use_bias else None
        self.strides, self.padding, self.padding_mode = strides, padding, padding_mode
        self.kernel_dilation, self.precision = kernel_dilation, precision
        self.algorithm = check_algorithm(name, algorithm)

    def taps(self) -> Array:
        """The kernel as `jconv.ops.lift_conv` or `jconv.ops.group_conv` takes it.

        Returns:
            (kernel_size, kernel_size, in_features, out_features), with the group's axis third in a `GroupConv`.
        """
        if self.basis == "taps":
            return self.kernel[...]
        return steerable(self.kernel[...], size=self.shape[0]).reshape(self.shape)

    def __call__(self, inputs: Array) -> Array:
        """The convolution of `inputs`.

        Args:
            inputs: (*batch, height, width, in_features), with the group's axis before the features in a `GroupConv`.

        Returns:
            (*batch, *outputs, 4 or 8, out_features).
        """
        verb = lift_conv if self.lifts else group_conv
        y = verb(
            inputs,
            self.taps(),
            group=self.group,
            stride=self.strides,
            padding=self.padding,
            dilation=self.kernel_dilation,
            padding_mode=self.padding_mode,
            precision=self.precision,
            algorithm=self.algorithm,
        )
        return with_bias(y, self.bias)


class GroupConv(LiftConv):
    """A further layer of a group-equivariant network: from features over a group to such features.

    y[o, g, m] = bias[m] + `jconv.ops.group_conv` of x. Arguments are those of `LiftConv`.

    Args:
        in_features: features per element of the group, in.
        out_features: features per element of the group, out.
        kernel_size: taps on both axes.
        strides: as in `LiftConv`.
        **options: those of `LiftConv`.

    Raises:
        ValueError: words that are none.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> GroupConv(4, 6, 3, group="p4m", rngs=nnx.Rngs(0))(jnp.ones((9, 9, 8, 4))).shape
        (9, 9, 8, 6)

    References:
        Cohen and Welling, "Group equivariant convolutional networks", arXiv:1602.07576.
    """

    lifts = False
