"""ConvNorm: convolution, batch norm, activation; what most of the networks here are made of."""

from collections.abc import Callable
from typing import Any

from flax import nnx

from jconv._typing import Array, IntOrInts, Ints
from jconv.nn._conv import Conv

HE = nnx.initializers.variance_scaling(2.0, "fan_out", "normal")


def batch_norm(features: int, *, dtype: Any, param_dtype: Any, rngs: nnx.Rngs) -> nnx.BatchNorm:
    """Batch norm with PyTorch's constants; `model.train()` and `model.eval()` say which statistics it uses."""
    return nnx.BatchNorm(features, momentum=0.9, epsilon=1e-5, dtype=dtype, param_dtype=param_dtype, rngs=rngs)


class ConvNorm(nnx.Module):
    """y = activation(norm(conv(x))), with PyTorch's padding: (K - 1) // 2 on both sides of every axis."""

    def __init__(
        self,
        c_in: int,
        c_out: int,
        window: Ints,
        strides: IntOrInts = 1,
        *,
        groups: int = 1,
        activation: Callable[[Array], Array] | None = nnx.relu,
        dtype: Any,
        param_dtype: Any,
        rngs: nnx.Rngs,
    ):
        options: dict[str, Any] = dict(dtype=dtype, param_dtype=param_dtype, rngs=rngs)
        self.conv = Conv(
            c_in,
            c_out,
            window,
            strides,
            padding=tuple(((k - 1) // 2, (k - 1) // 2) for k in window),
            feature_group_count=groups,
            use_bias=False,
            kernel_init=HE,
            **options,
        )
        self.norm = batch_norm(c_out, **options)
        self.activation = activation

    def __call__(self, x: Array) -> Array:
        """(*batch, *spatial, c_in) to (*batch, *outputs, c_out)."""
        y = self.norm(self.conv(x))
        return y if self.activation is None else self.activation(y)
