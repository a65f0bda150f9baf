"""Involution: a layer whose kernel is computed at every position, and shared by channels."""

from collections.abc import Callable
from math import prod
from typing import Any

import jax.numpy as jnp
from flax import nnx

from jconv._typing import Array, IntOrInts
from jconv._verbs.arguments import one_int
from jconv.nn._conv import per_axis, window_of
from jconv.ops._avg_pool import avg_pool
from jconv.ops._involution import involution


class Involution(nnx.Module):
    """Sum what every window sees by weights that are computed from its own position.

    y = involution(x, span(activation(reduce(x)))), where `reduce` and `span` mix the channels of a position: from
    features to features // reduction, and on to a weight per tap and group. With strides, the means of windows of
    `strides` are what the weights are computed from.

    Args:
        features: channels of input and output.
        kernel_size: taps per spatial axis; an int means one axis.
        strides: as in `Conv`.
        groups: blocks of channels with a kernel of their own.
        reduction: by how much `reduce` lessens the channels.
        activation: what stands between; Li et al. normalise over the batch before it.
        kernel_dilation: as in `Conv`.
        padding_mode: as in `Conv`; the padding is "SAME".
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.
        rngs: Flax's random numbers.

    Raises:
        ValueError: words or sizes that do not fit together.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> layer = Involution(8, (3, 3), strides=2, groups=2, rngs=nnx.Rngs(0))
        >>> layer(jnp.ones((2, 9, 9, 8))).shape
        (2, 5, 5, 8)

    References:
        Li et al., "Involution: inverting the inherence of convolution for visual recognition", arXiv:2103.06255.
    """

    def __init__(
        self,
        features: int,
        kernel_size: IntOrInts,
        strides: IntOrInts | None = 1,
        *,
        groups: int = 1,
        reduction: int = 4,
        activation: Callable[[Array], Array] = nnx.relu,
        kernel_dilation: IntOrInts | None = 1,
        padding_mode: Any = "zeros",
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
        rngs: nnx.Rngs,
    ):
        self.kernel_size = window_of(kernel_size)
        self.groups = one_int("Involution", "groups", groups, least=1)
        if features % self.groups or features < one_int("Involution", "reduction", reduction, least=1):
            raise ValueError(
                f"Involution: groups={groups} must divide features={features}, and reduction={reduction} leave one."
            )
        middle, made = features // reduction, prod(self.kernel_size) * self.groups
        self.reduce = nnx.Linear(features, middle, dtype=dtype, param_dtype=param_dtype, rngs=rngs)
        self.span = nnx.Linear(middle, made, dtype=dtype, param_dtype=param_dtype, rngs=rngs)
        self.strides, self.kernel_dilation = (per_axis(n, len(self.kernel_size)) for n in (strides, kernel_dilation))
        self.activation, self.padding_mode, self.dtype = activation, padding_mode, dtype

    def __call__(self, inputs: Array) -> Array:
        """The involution of `inputs`.

        Args:
            inputs: (*batch, *spatial, features), with any number of batch axes.

        Returns:
            (*batch, *outputs, features).
        """
        seen = inputs
        if any(s > 1 for s in self.strides):
            seen = avg_pool(inputs, self.strides, padding="SAME", count_include_pad=False)
        kernel = self.span(self.activation(self.reduce(seen)))
        inputs = inputs.astype(kernel.dtype)
        return involution(
            inputs,
            kernel.reshape(*kernel.shape[:-1], *self.kernel_size, self.groups),
            stride=self.strides,
            dilation=self.kernel_dilation,
            padding_mode=self.padding_mode,
        )
