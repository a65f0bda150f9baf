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
from jconv.nn._deformable_conv import DeformableConv
from jconv.nn._depthwise_conv import DepthwiseConv, SeparableConv
from jconv.nn._dynamic_conv import DynamicConv
from jconv.nn._fixed_filter import FixedFilter, Frozen
from jconv.nn._group_conv import GroupConv, LiftConv
from jconv.nn._involution import Involution
from jconv.nn._local_conv import LocalConv
from jconv.nn._long_conv import ImplicitKernel, LongConv
from jconv.nn._masked_conv import MaskedConv
from jconv.nn._octave_conv import OctaveConv
from jconv.nn._partial_conv import PartialConv
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
from jconv.nn._submanifold_conv import SubmanifoldConv

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
    "DeformableConv",
    "DepthwiseConv",
    "DynamicConv",
    "FixedFilter",
    "Frozen",
    "GlobalAvgPool",
    "GlobalMaxPool",
    "GroupConv",
    "ImplicitKernel",
    "Involution",
    "LPPool",
    "LiftConv",
    "LocalConv",
    "LongConv",
    "MaskedConv",
    "MaxPool",
    "OctaveConv",
    "PartialConv",
    "QuaternionConv",
    "SeparableConv",
    "SubmanifoldConv",
]
