"""PyTorch's parameters in Flax's shapes and back: pure functions of arrays, each with its inverse."""

from typing import Any

import numpy as np

from jconv._typing import ArrayLike


def as_numpy(tensor: Any) -> np.ndarray:
    """A tensor of PyTorch, or anything that NumPy takes, as an array; PyTorch itself is not imported."""
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu()
        if str(tensor.dtype) == "torch.bfloat16":  # which NumPy does not know
            tensor = tensor.float()
    return np.asarray(tensor)


def conv_kernel_from_torch(weight: ArrayLike) -> np.ndarray:
    """The kernel of a convolution: (c_out, c_in // groups, *window) to (*window, c_in // groups, c_out).

    Both cross-correlate, so nothing is flipped. Depthwise convolutions are those with as many groups as channels.

    Args:
        weight: `torch.nn.Conv1d`'s, `Conv2d`'s or `Conv3d`'s.

    Returns:
        The kernel of `jconv.conv` and of `flax.nnx.Conv`.

    Raises:
        ValueError: it has less than three axes.

    Examples:
        >>> conv_kernel_from_torch(np.ones((8, 3, 5, 4))).shape
        (5, 4, 3, 8)
    """
    weight = _with_window("conv_kernel_from_torch", as_numpy(weight))
    return np.moveaxis(weight, (1, 0), (-2, -1))


def conv_kernel_to_torch(kernel: ArrayLike) -> np.ndarray:
    """The inverse of `conv_kernel_from_torch`: (*window, c_in // groups, c_out) to (c_out, c_in // groups, *window).

    Args:
        kernel: of `jconv.conv` or `flax.nnx.Conv`.

    Returns:
        The weight of `torch.nn.Conv1d`, `Conv2d` or `Conv3d`.

    Raises:
        ValueError: it has less than three axes.

    Examples:
        >>> conv_kernel_to_torch(np.ones((5, 4, 3, 8))).shape
        (8, 3, 5, 4)
    """
    return np.moveaxis(_with_window("conv_kernel_to_torch", as_numpy(kernel)), (-1, -2), (0, 1))


def conv_transpose_kernel_from_torch(weight: ArrayLike) -> np.ndarray:
    """The kernel of a transposed convolution: (c_in, c_out, *window) to (*window, c_in, c_out), every window flipped.

    PyTorch's is the adjoint of a convolution. Flax's (without `transpose_kernel`) slides the kernel unflipped over
    the input with zeros between, so its windows run the other way. PyTorch's `padding=p` is the pair
    (d*(K-1) - p, d*(K-1) - p) of Flax's `padding`, where its `output_padding` is added on the high side.

    Args:
        weight: `torch.nn.ConvTranspose1d`'s, `2d`'s or `3d`'s, of one group.

    Returns:
        The kernel of `flax.nnx.ConvTranspose` and `jconv.nn.ConvTranspose`.

    Raises:
        ValueError: it has less than three axes.

    Examples:
        >>> conv_transpose_kernel_from_torch(np.arange(3.0).reshape(1, 1, 3)).ravel()
        array([2., 1., 0.])
    """
    weight = _with_window("conv_transpose_kernel_from_torch", as_numpy(weight))
    return np.moveaxis(np.flip(weight, tuple(range(2, weight.ndim))), (0, 1), (-2, -1))


def conv_transpose_kernel_to_torch(kernel: ArrayLike) -> np.ndarray:
    """The inverse of `conv_transpose_kernel_from_torch`: (*window, c_in, c_out) to (c_in, c_out, *window).

    Args:
        kernel: of `flax.nnx.ConvTranspose` or `jconv.nn.ConvTranspose`.

    Returns:
        The weight of `torch.nn.ConvTranspose1d`, `2d` or `3d`.

    Raises:
        ValueError: it has less than three axes.

    Examples:
        >>> conv_transpose_kernel_to_torch(np.ones((5, 4, 3, 8))).shape
        (3, 8, 5, 4)
    """
    kernel = _with_window("conv_transpose_kernel_to_torch", as_numpy(kernel))
    weight = np.moveaxis(kernel, (-2, -1), (0, 1))
    return np.flip(weight, tuple(range(2, weight.ndim)))


def linear_kernel_from_torch(weight: ArrayLike) -> np.ndarray:
    """The kernel of a fully connected layer: (out, in) to (in, out).

    Args:
        weight: `torch.nn.Linear`'s.

    Returns:
        The kernel of `flax.nnx.Linear`.

    Raises:
        ValueError: it has not two axes.

    Examples:
        >>> linear_kernel_from_torch(np.ones((10, 4))).shape
        (4, 10)
    """
    weight = as_numpy(weight)
    if weight.ndim != 2:
        raise ValueError(f"linear_kernel_from_torch: weight must be (out, in); it has shape {weight.shape}.")
    return weight.T


def linear_kernel_to_torch(kernel: ArrayLike) -> np.ndarray:
    """The inverse of `linear_kernel_from_torch`: (in, out) to (out, in).

    Args:
        kernel: of `flax.nnx.Linear`.

    Returns:
        The weight of `torch.nn.Linear`.

    Raises:
        ValueError: it has not two axes.

    Examples:
        >>> linear_kernel_to_torch(np.ones((4, 10))).shape
        (10, 4)
    """
    kernel = as_numpy(kernel)
    if kernel.ndim != 2:
        raise ValueError(f"linear_kernel_to_torch: kernel must be (in, out); it has shape {kernel.shape}.")
    return kernel.T


def _with_window(verb: str, array: np.ndarray) -> np.ndarray:
    """The array, if it has two channel axes and one window axis at least."""
    if array.ndim < 3:
        raise ValueError(f"{verb}: a kernel has two channel axes and one window axis or more; this has {array.shape}.")
    return array
