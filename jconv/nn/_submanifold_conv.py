"""SubmanifoldConv: a convolution that leaves sparse data as sparse as they are."""

from typing import Any

from flax import nnx

from jconv._typing import Array, ArrayLike, IntOrInts
from jconv.nn._conv import SHARED, Conv, check_options, per_axis
from jconv.ops._submanifold import submanifold_conv


class SubmanifoldConv(Conv):
    """A convolution of active sites with active sites, computed densely.

    y = submanifold_conv(x, kernel, active, bias=bias). Parameters are those of `Conv`.

    Args:
        in_features: channels of the input.
        out_features: channels of the output.
        kernel_size: taps per spatial axis, odd; an int means one axis.
        rngs: Flax's random numbers.
        **options: of `Conv`: algorithm, kernel_dilation, feature_group_count, use_bias, dtype, param_dtype, precision,
            kernel_init, bias_init, kernel_metadata, bias_metadata.

    Raises:
        ValueError: words or sizes that do not fit together.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> layer, active = SubmanifoldConv(4, 8, (3, 3, 3), rngs=nnx.Rngs(0)), jnp.zeros((5, 5, 5, 1), bool)
        >>> layer(jnp.ones((2, 5, 5, 5, 4)), active.at[2, 2, 1:4].set(True)).shape
        (2, 5, 5, 5, 8)

    References:
        Graham, Engelcke and van der Maaten, "3D semantic segmentation with submanifold sparse convolutional networks",
        arXiv:1711.10275.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        kernel_size: IntOrInts,
        *,
        rngs: nnx.Rngs,
        **options: Any,
    ):
        check_options("SubmanifoldConv", options, ("algorithm", *SHARED))
        super().__init__(in_features, out_features, kernel_size, rngs=rngs, **options)

    def __call__(self, inputs: Array, active: ArrayLike) -> Array:  # pyrefly: ignore[bad-override]
        """The convolution of `inputs` at active sites; zeros elsewhere.

        Args:
            inputs: (*batch, *spatial, in_features), with any number of batch axes.
            active: 0 or False where a site is not active, as in `jconv.ops.submanifold_conv`.

        Returns:
            (*batch, *spatial, out_features).
        """
        inputs, kernel, bias = self.arrays(inputs)
        return submanifold_conv(
            inputs,
            kernel,
            active,
            bias=bias,
            dilation=per_axis(self.kernel_dilation, len(self.kernel_size)),
            groups=self.feature_group_count,
            precision=self.precision,
            algorithm=self.algorithm,
        )
