"""ComplexConv: a convolution layer with complex parameters."""

from typing import Any

import jax.numpy as jnp
from flax import nnx

from jconv._typing import Array, IntOrInts
from jconv.nn._conv import window_of, with_bias
from jconv.nn._number_conv import NumberConv
from jconv.ops._complex_conv import complex_conv


class ComplexConv(NumberConv):
    """Convolve complex numbers by a complex kernel: y = complex_conv(x, kernel) + bias.

    The work is real convolutions, as in `jconv.ops.complex_conv`. Gradients are JAX's: for descent, conjugate them.

    Args:
        in_features: channels of the input.
        out_features: channels of the output.
        kernel_size: taps per spatial axis; an int means one axis, as in Flax.
        strides: steps between neighbouring outputs.
        products: 4 or 3 real convolutions, as in `jconv.ops.complex_conv`.
        feature_group_count: independent convolutions side by side.
        param_dtype: dtype of the parameters, complex.
        rngs: Flax's random numbers.
        **options: of `Conv`: padding, padding_mode, kernel_dilation, use_bias, precision, kernel_init, bias_init,
            algorithm.

    Raises:
        ValueError: products that are neither 3 nor 4.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> layer = ComplexConv(3, 8, (3, 3), strides=2, rngs=nnx.Rngs(0))
        >>> layer(jnp.ones((2, 9, 9, 3)) * 1j).dtype
        dtype('complex64')

    References:
        Trabelsi et al., "Deep complex networks", arXiv:1705.09792.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        kernel_size: IntOrInts,
        strides: IntOrInts = 1,
        *,
        products: int = 4,
        feature_group_count: int = 1,
        param_dtype: Any = jnp.complex64,
        rngs: nnx.Rngs,
        **options: Any,
    ):
        if products not in (3, 4):
            raise ValueError(f"ComplexConv: products={products!r} must be 3 or 4.")
        self.products = products
        shape = (*window_of(kernel_size), in_features // feature_group_count, out_features)
        super().__init__(shape, strides, feature_group_count, param_dtype=param_dtype, rngs=rngs, **options)

    def __call__(self, inputs: Array) -> Array:
        """The convolution of `inputs`.

        Args:
            inputs: (*batch, *spatial, in_features), complex or real.

        Returns:
            (*batch, *outputs, out_features), complex.
        """
        return with_bias(complex_conv(inputs, self.kernel[...], products=self.products, **self.words), self.bias)
