"""Operations of networks beside the convolution itself: pools, patches, rearrangements, and convolutions in costume.

Arrays are channels-last, `(*batch, *spatial, c)`, with any number of batch axes; strides, paddings and dilations are
said in the words of `jconv.conv`. Where PyTorch has an operation, values and gradients are its own.

>>> import jax.numpy as jnp
>>> picture = jnp.arange(16.0).reshape(4, 4, 1)
>>> max_pool(picture, (2, 2))[..., 0]
Array([[ 5.,  7.],
       [13., 15.]], dtype=float32)
"""

from jconv.ops._adaptive_pool import adaptive_avg_pool, adaptive_max_pool
from jconv.ops._avg_pool import avg_pool, lp_pool
from jconv.ops._blur_pool import blur_pool
from jconv.ops._causal import causal_conv
from jconv.ops._complex_conv import complex_conv
from jconv.ops._continuous_conv import continuous_conv, continuous_kernel, spline_kernel
from jconv.ops._convolve_functions import convolve_functions
from jconv.ops._coord_conv import coord_conv
from jconv.ops._deformable import deformable_conv
from jconv.ops._depthwise import depthwise_conv, separable_conv
from jconv.ops._dynamic import dynamic_conv
from jconv.ops._global_pool import global_avg_pool, global_max_pool
from jconv.ops._group_conv import group_action, group_conv, group_pool, lift_conv
from jconv.ops._in_order import in_order
from jconv.ops._involution import carafe, involution
from jconv.ops._local import local_conv
from jconv.ops._long import long_conv
from jconv.ops._low_rank import LowRank, low_rank, low_rank_conv
from jconv.ops._masked import masked_conv
from jconv.ops._max_pool import max_pool, max_pool_with_indices
from jconv.ops._octave_conv import octave_conv
from jconv.ops._packed_conv import packed_conv
from jconv.ops._partial import partial_conv
from jconv.ops._pixel_shuffle import pixel_shuffle, pixel_unshuffle
from jconv.ops._quaternion_conv import quaternion_conv
from jconv.ops._resize_conv import resize_conv
from jconv.ops._spatially_varying import spatially_varying_conv
from jconv.ops._stream import Stream, stream
from jconv.ops._stream_branches import StreamBranches
from jconv.ops._stream_conv import StreamConv
from jconv.ops._stream_conv_transpose import StreamConvTranspose
from jconv.ops._stream_layer import StreamLayer
from jconv.ops._submanifold import submanifold_conv
from jconv.ops._unfold import fold, unfold
from jconv.ops._unpool import max_unpool

__all__ = [
    "LowRank",
    "Stream",
    "StreamBranches",
    "StreamConv",
    "StreamConvTranspose",
    "StreamLayer",
    "adaptive_avg_pool",
    "adaptive_max_pool",
    "avg_pool",
    "blur_pool",
    "carafe",
    "causal_conv",
    "complex_conv",
    "continuous_conv",
    "continuous_kernel",
    "convolve_functions",
    "coord_conv",
    "deformable_conv",
    "depthwise_conv",
    "dynamic_conv",
    "fold",
    "global_avg_pool",
    "global_max_pool",
    "group_action",
    "group_conv",
    "group_pool",
    "in_order",
    "involution",
    "lift_conv",
    "local_conv",
    "long_conv",
    "low_rank",
    "low_rank_conv",
    "lp_pool",
    "masked_conv",
    "max_pool",
    "max_pool_with_indices",
    "max_unpool",
    "octave_conv",
    "packed_conv",
    "partial_conv",
    "pixel_shuffle",
    "pixel_unshuffle",
    "quaternion_conv",
    "resize_conv",
    "separable_conv",
    "spatially_varying_conv",
    "spline_kernel",
    "stream",
    "submanifold_conv",
    "unfold",
]
