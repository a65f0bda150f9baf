"""Layers for Flax nnx, each a thin shell on the functions: Flax's names, parameters and checkpoints, jconv inside.

>>> import jax.numpy as jnp
>>> from flax import nnx
>>> layer = Conv(3, 8, (3, 3), padding_mode="reflect", rngs=nnx.Rngs(0))
>>> layer(jnp.ones((2, 9, 9, 3))).shape
(2, 9, 9, 8)
"""

from jconv.nn._blur_pool import BlurPool
from jconv.nn._causal_conv import CausalConv
from jconv.nn._complex_conv import ComplexConv
from jconv.nn._continuous_conv import ContinuousConv
from jconv.nn._conv import Conv
from jconv.nn._conv_transpose import ConvTranspose
from jconv.nn._coord_conv import CoordConv
from jconv.nn._depthwise_conv import DepthwiseConv, SeparableConv
from jconv.nn._fixed_filter import FixedFilter, Frozen
from jconv.nn._group_conv import GroupConv, LiftConv
from jconv.nn._long_conv import ImplicitKernel, LongConv
from jconv.nn._octave_conv import OctaveConv
from jconv.nn._pool import (
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    AvgPool,
    GlobalAvgPool,
    GlobalMaxPool,
    LPPool,
    MaxPool,
)
from jconv.nn._quaternion_conv import QuaternionConv

__all__ = [
    "AdaptiveAvgPool",
    "AdaptiveMaxPool",
    "AvgPool",
    "BlurPool",
    "CausalConv",
    "ComplexConv",
    "ContinuousConv",
    "Conv",
    "ConvTranspose",
    "CoordConv",
    "DepthwiseConv",
    "FixedFilter",
    "Frozen",
    "GlobalAvgPool",
    "GlobalMaxPool",
    "GroupConv",
    "ImplicitKernel",
    "LPPool",
    "LiftConv",
    "LongConv",
    "MaxPool",
    "OctaveConv",
    "QuaternionConv",
    "SeparableConv",
]
