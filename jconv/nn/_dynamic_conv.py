"""DynamicConv: a convolution whose kernel is mixed anew for every example."""

from typing import Any, cast

import jax
import jax.numpy as jnp
from flax import nnx
from flax.nnx.nn.dtypes import promote_dtype

from jconv._algorithms import Algorithm
from jconv._typing import Array, IntOrInts
from jconv._verbs.arguments import check_algorithm, one_int
from jconv.nn._conv import BIAS_INIT, per_axis, window_of
from jconv.ops._dynamic import dynamic_conv


class DynamicConv(nnx.Module):
    """A convolution by a mix of kernels, weighed for every example by attention to its mean.

    y[n] = conv(x[n], sum over e of p[n, e] * kernel[e]) + sum over e of p[n, e] * bias[e], with
    p[n] = softmax(router(mean of x[n] over space) / temperature).

    Args:
        in_features: channels of the input.
        out_features: channels of the output.
        kernel_size: taps per spatial axis; an int means one axis.
        strides: as in `Conv`.
        experts: the number of kernels that are mixed.
        temperature: large ones mix evenly; Chen et al. begin at 30 and go down to 1.
        padding: as in `Conv`.
        padding_mode: as in `Conv`.
        algorithm: as in `jconv.conv`.
        kernel_dilation: as in `Conv`.
        feature_group_count: as in `Conv`.
        use_bias: whether a bias is added.
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.
        precision: as in `jconv.conv`.
        kernel_init: makes the first kernels, (experts, *kernel_size, in_features // groups, out_features); None for
            Flax's of `nnx.Conv`, for each of them.
        bias_init: makes the first biases, (experts, out_features).
        rngs: Flax's random numbers.

    Raises:
        ValueError: words or sizes that do not fit together.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> layer = DynamicConv(3, 8, (3, 3), strides=2, experts=4, rngs=nnx.Rngs(0))
        >>> layer(jnp.ones((2, 9, 9, 3))).shape
        (2, 5, 5, 8)

    References:
        Chen et al., "Dynamic convolution: attention over convolution kernels", arXiv:1912.03458.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        kernel_size: IntOrInts,
        strides: IntOrInts | None = 1,
        *,
        experts: int = 4,
        temperature: float = 1.0,
        padding: Any = "SAME",
        padding_mode: Any = "zeros",
        algorithm: str | Algorithm = "auto",
        kernel_dilation: IntOrInts | None = 1,
        feature_group_count: int = 1,
        use_bias: bool = True,
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
        precision: Any = None,
        kernel_init: Any = None,
        bias_init: Any = BIAS_INIT,
        rngs: nnx.Rngs,
    ):
        experts = one_int("DynamicConv", "experts", experts, least=1)
        self.kernel_size = window_of(kernel_size)
        shape = (experts, *self.kernel_size, in_features // feature_group_count, out_features)
        kernel_init = kernel_init or nnx.initializers.lecun_normal(batch_axis=0)
        self.kernel = nnx.Param(kernel_init(rngs.params(), shape, param_dtype))
        bias = bias_init(rngs.params(), (experts, out_features), param_dtype) if use_bias else None
        self.bias = nnx.data(None) if bias is None else nnx.Param(bias)
        self.router = nnx.Linear(in_features, experts, dtype=dtype, param_dtype=param_dtype, rngs=rngs)
        self.strides, self.kernel_dilation = (per_axis(n, len(self.kernel_size)) for n in (strides, kernel_dilation))
        self.padding, self.padding_mode, self.temperature = padding, padding_mode, temperature
        self.feature_group_count, self.dtype, self.precision = feature_group_count, dtype, precision
        self.algorithm = check_algorithm("DynamicConv", algorithm)

    def __call__(self, inputs: Array) -> Array:
        """The convolution of `inputs`, each example by a kernel of its own.

        Args:
            inputs: (*batch, *spatial, in_features), with any number of batch axes.

        Returns:
            (*batch, *outputs, out_features).
        """
        rank = len(self.kernel_size)
        bias = None if self.bias is None else self.bias[...]
        inputs, kernel, bias = promote_dtype((inputs, self.kernel[...], bias), dtype=self.dtype)
        means = inputs.mean(tuple(range(inputs.ndim - rank - 1, inputs.ndim - 1)))
        weights = jax.nn.softmax(self.router(means) / self.temperature).astype(kernel.dtype)
        y = dynamic_conv(
            inputs,
            jnp.tensordot(weights, kernel, 1, precision=self.precision),
            stride=self.strides,
            padding=cast(Any, self.padding),
            dilation=self.kernel_dilation,
            groups=self.feature_group_count,
            padding_mode=self.padding_mode,
            precision=self.precision,
            algorithm=self.algorithm,
            rank=rank,
        )
        if bias is None:
            return y
        mixed = jnp.tensordot(weights, bias, 1, precision=self.precision)
        return y + mixed.reshape(*mixed.shape[:-1], *(1,) * rank, mixed.shape[-1])
