"""ComplexConv: a convolution layer with complex parameters."""

from typing import Any

import jax.numpy as jnp
from flax import nnx

from jconv._algorithms import Algorithm
from jconv._typing import Array, IntOrInts
from jconv._verbs.arguments import check_algorithm
from jconv.ops._complex_conv import complex_conv

# Flax's defaults, which make complex numbers too.
KERNEL_INIT, BIAS_INIT = nnx.initializers.lecun_normal(), nnx.initializers.zeros_init()


class ComplexConv(nnx.Module):
    """Convolve complex numbers by a complex kernel: y = complex_conv(x, kernel) + bias.

    The work is real convolutions, as in `jconv.ops.complex_conv`. Gradients are JAX's: for descent, conjugate them.

    Args:
        in_features: channels of the input.
        out_features: channels of the output.
        kernel_size: taps per spatial axis; an int means one axis, as in Flax.
        strides: steps between neighbouring outputs.
        products: 4 or 3 real convolutions, as in `jconv.ops.complex_conv`.
        padding: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`.
        kernel_dilation: distance between neighbouring taps.
        feature_group_count: independent convolutions side by side.
        use_bias: whether a bias is added.
        param_dtype: dtype of the parameters, complex.
        precision: as in `jconv.conv`.
        kernel_init: makes the first kernel.
        bias_init: makes the first bias.
        algorithm: as in `jconv.conv`.
        rngs: Flax's random numbers.

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
        padding: Any = "SAME",
        padding_mode: Any = "zeros",
        kernel_dilation: IntOrInts = 1,
        feature_group_count: int = 1,
        use_bias: bool = True,
        param_dtype: Any = jnp.complex64,
        precision: Any = None,
        kernel_init: Any = KERNEL_INIT,
        bias_init: Any = BIAS_INIT,
        algorithm: str | Algorithm = "auto",
        rngs: nnx.Rngs,
    ):
        if products not in (3, 4):
            raise ValueError(f"ComplexConv: products={products!r} must be 3 or 4.")
        window = (kernel_size,) if isinstance(kernel_size, int) else tuple(kernel_size)
        shape = (*window, in_features // feature_group_count, out_features)
        self.kernel = nnx.Param(kernel_init(rngs.params(), shape, param_dtype))
        self.bias = nnx.Param(bias_init(rngs.params(), (out_features,), param_dtype)) if use_bias else None
        self.strides, self.products, self.padding, self.padding_mode = strides, products, padding, padding_mode
        self.kernel_dilation, self.feature_group_count = kernel_dilation, feature_group_count
        self.precision, self.algorithm = precision, check_algorithm("ComplexConv", algorithm)

    def __call__(self, inputs: Array) -> Array:
        """The convolution of `inputs`.

        Args:
            inputs: (*batch, *spatial, in_features), complex or real.

        Returns:
            (*batch, *outputs, out_features), complex.
        """
        y = complex_conv(
            inputs,
            self.kernel[...],
            products=self.products,
            stride=self.strides,
            padding=self.padding,
            dilation=self.kernel_dilation,
            groups=self.feature_group_count,
            padding_mode=self.padding_mode,
            precision=self.precision,
            algorithm=self.algorithm,
        )
        return y if self.bias is None else y + self.bias[...].reshape((1,) * (y.ndim - 1) + (-1,))
