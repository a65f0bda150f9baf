"""Layers for Flax nnx, each a thin shell on the functions: Flax's names, parameters and checkpoints, jconv inside.

>>> import jax.numpy as jnp
>>> from flax import nnx
>>> layer = Conv(3, 8, (3, 3), padding_mode="reflect", rngs=nnx.Rngs(0))
>>> layer(jnp.ones((2, 9, 9, 3))).shape
(2, 9, 9, 8)
"""

from jconv.nn._conv import Conv
from jconv.nn._conv_transpose import ConvTranspose
from jconv.nn._depthwise_conv import DepthwiseConv, SeparableConv
from jconv.nn._fixed_filter import FixedFilter, Frozen

__all__ = [
    "Conv",
    "ConvTranspose",
    "DepthwiseConv",
    "FixedFilter",
    "Frozen",
    "SeparableConv",
]
