"""CoordConv: a convolution layer that knows where it is."""

from typing import Any

from flax import nnx

from jconv._typing import Array, IntOrInts
from jconv.nn._conv import Conv, window_of
from jconv.ops._coord_conv import with_coordinates


class CoordConv(Conv):
    """A `Conv` with the coordinates of each position, from -1 to 1, as further channels.

    y = conv([x, p_1, ..., p_rank], kernel) + bias, as in `jconv.ops.coord_conv`. The kernel takes
    in_features + rank channels, and one more with a radius.

    Args:
        in_features: channels of the input.
        out_features: channels of the output.
        kernel_size: taps per spatial axis; an int means one axis, as in Flax.
        strides: as in `Conv`.
        radius: whether the distance from the centre is a channel too.
        rngs: Flax's random numbers.
        **options: those of `Conv`, but for groups.

    Raises:
        ValueError: as `Conv` does.
        TypeError: as `Conv` does.

    Examples:
        >>> import jax.numpy as jnp
        >>> CoordConv(3, 8, (3, 3), rngs=nnx.Rngs(0))(jnp.ones((2, 9, 9, 3))).shape
        (2, 9, 9, 8)

    References:
        Liu et al., "An intriguing failing of convolutional neural networks and the CoordConv solution",
        arXiv:1807.03247.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        kernel_size: IntOrInts,
        strides: IntOrInts | None = 1,
        *,
        radius: bool = False,
        rngs: nnx.Rngs,
        **options: Any,
    ):
        rank = len(window_of(kernel_size))
        super().__init__(in_features + rank + radius, out_features, kernel_size, strides, rngs=rngs, **options)
        self.radius = radius

    def __call__(self, inputs: Array, out_sharding: None = None) -> Array:
        """The convolution of `inputs` and their coordinates.

        Args:
            inputs: (*batch, *spatial, in_features).
            out_sharding: None only.

        Returns:
            (*batch, *outputs, out_features).
        """
        return super().__call__(with_coordinates(inputs, len(self.kernel_size), radius=self.radius), out_sharding)
