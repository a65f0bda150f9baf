"""What layers over complex numbers and quaternions share: a kernel of a shape of its own, a bias, and options."""

from typing import Any

import jax.numpy as jnp
from flax import nnx

from jconv._algorithms import Algorithm
from jconv._typing import IntOrInts, Ints
from jconv._verbs.arguments import check_algorithm
from jconv.nn._conv import BIAS_INIT, KERNEL_INIT


class NumberConv(nnx.Module):
    """A kernel of a shape, a bias of its last axis, and the options of `jconv.conv`."""

    def __init__(
        self,
        shape: Ints,
        strides: IntOrInts,
        feature_group_count: int,
        *,
        padding: Any = "SAME",
        padding_mode: Any = "zeros",
        kernel_dilation: IntOrInts = 1,
        use_bias: bool = True,
        param_dtype: Any = jnp.float32,
        precision: Any = None,
        kernel_init: Any = KERNEL_INIT,
        bias_init: Any = BIAS_INIT,
        algorithm: str | Algorithm = "auto",
        rngs: nnx.Rngs,
    ):
        self.kernel = nnx.Param(kernel_init(rngs.params(), shape, param_dtype))
        self.bias = nnx.Param(bias_init(rngs.params(), shape[-1:], param_dtype)) if use_bias else None
        self.strides, self.padding, self.padding_mode = strides, padding, padding_mode
        self.kernel_dilation, self.feature_group_count = kernel_dilation, feature_group_count
        self.precision, self.algorithm = precision, check_algorithm(type(self).__name__, algorithm)

    @property
    def words(self) -> dict[str, Any]:
        """The keywords of the functions."""
        return dict(
            stride=self.strides,
            padding=self.padding,
            dilation=self.kernel_dilation,
            groups=self.feature_group_count,
            padding_mode=self.padding_mode,
            precision=self.precision,
            algorithm=self.algorithm,
        )
