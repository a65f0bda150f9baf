"""Layers for Flax nnx, each a thin shell on the functions: Flax's names, parameters and checkpoints, jconv inside.

>>> import jax.numpy as jnp
>>> from flax import nnx
>>> layer = Conv(3, 8, (3, 3), padding_mode="reflect", rngs=nnx.Rngs(0))
>>> layer(jnp.ones((2, 9, 9, 3))).shape
(2, 9, 9, 8)
"""

from jconv.nn._conv import Conv
from jconv.nn._conv_transpose import ConvTranspose
from jconv.nn._deformable_conv import DeformableConv
from jconv.nn._depthwise_conv import DepthwiseConv, SeparableConv
from jconv.nn._dynamic_conv import DynamicConv
from jconv.nn._fixed_filter import FixedFilter, Frozen
from jconv.nn._involution import Involution
from jconv.nn._local_conv import LocalConv
from jconv.nn._masked_conv import MaskedConv
from jconv.nn._partial_conv import PartialConv
from jconv.nn._submanifold_conv import SubmanifoldConv

__all__ = [
    "Conv",
    "ConvTranspose",
    "DeformableConv",
    "DepthwiseConv",
    "DynamicConv",
    "FixedFilter",
    "Frozen",
    "Involution",
    "LocalConv",
    "MaskedConv",
    "PartialConv",
    "SeparableConv",
    "SubmanifoldConv",
]
