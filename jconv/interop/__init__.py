"""PyTorch's parameters in Flax and back: kernels, layers, whole models. PyTorch itself is not needed.

>>> import numpy as np
>>> conv_kernel_from_torch(np.ones((8, 3, 5, 5))).shape
(5, 5, 3, 8)
"""

from jconv.interop._load_torch import load_torch
from jconv.interop._parameters import (
    conv_kernel_from_torch,
    conv_kernel_to_torch,
    conv_transpose_kernel_from_torch,
    conv_transpose_kernel_to_torch,
    linear_kernel_from_torch,
    linear_kernel_to_torch,
)

__all__ = [
    "conv_kernel_from_torch",
    "conv_kernel_to_torch",
    "conv_transpose_kernel_from_torch",
    "conv_transpose_kernel_to_torch",
    "linear_kernel_from_torch",
    "linear_kernel_to_torch",
    "load_torch",
]
