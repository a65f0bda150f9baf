"""Kernels with a linear or a sign constraint: projections of free ones."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from jconv._typing import Array, ArrayLike


def symmetric(free: ArrayLike, *, axes: int | Sequence[int] | None = None) -> Array:
    """Make a kernel even along axes of its window: `kernel[..., k, ...] = kernel[..., K-1-k, ...]`.

    The mean of the kernel and its mirror image, along each axis in turn: of all even kernels the nearest.

    Args:
        free: (*window, c_in // groups, c_out).
        axes: axes of the window; by default all.

    Returns:
        The kernel, of the shape of `free`.

    Examples:
        >>> symmetric(jnp.array([0.0, 1.0, 4.0])[:, None, None]).ravel()
        Array([2., 1., 2.], dtype=float32)

    References:
        Oppenheim and Schafer, "Discrete-time signal processing", on FIR filters of linear phase.
    """
    kernel = jnp.asarray(free)
    axes = range(kernel.ndim - 2) if axes is None else [axes] if isinstance(axes, int) else axes
    for axis in axes:
        kernel = (kernel + jnp.flip(kernel, axis)) / 2
    return kernel


def self_adjoint(free: ArrayLike) -> Array:
    """Make the convolution its own adjoint: `kernel[k, c, m] = conj(kernel[K-1-k, m, c])`.

    With stride 1, odd windows and padding "SAME" of zeros or "wrap", A = A^H: for CG, or for potentials.

    Args:
        free: (*window, channels, channels).

    Returns:
        The kernel, of the shape of `free`.

    Raises:
        ValueError: it makes another number of channels than it takes.

    Examples:
        >>> self_adjoint(jnp.array([0.0, 1.0, 4.0])[:, None, None]).ravel()
        Array([2., 1., 2.], dtype=float32)

    References:
        Ruthotto and Haber, "Deep neural networks motivated by partial differential equations",
        arXiv:1804.04272.
    """
    free = jnp.asarray(free)
    if free.shape[-2] != free.shape[-1]:
        raise ValueError(f"self_adjoint: the kernel must make as many channels as it takes; it has shape {free.shape}.")
    return (free + jnp.flip(free, range(free.ndim - 2)).swapaxes(-1, -2).conj()) / 2


def zero_mean(free: ArrayLike) -> Array:
    """Make a kernel that does not see a constant: taps sum to 0 over the window and the input channels.

    Args:
        free: (*window, c_in // groups, c_out).

    Returns:
        The kernel, of the shape of `free`: of all such kernels the nearest.

    Examples:
        >>> zero_mean(jnp.array([0.0, 1.0, 5.0])[:, None, None]).ravel()
        Array([-2., -1.,  3.], dtype=float32)

    References:
        Qiao, Wang, Liu, Shen and Yuille, "Micro-batch training with batch-channel normalization and weight
        standardization", arXiv:1903.10520, for the centring.
    """
    free = jnp.asarray(free)
    return free - jnp.mean(free, axis=range(free.ndim - 1), keepdims=True)


def unit_sum(free: ArrayLike) -> Array:
    """Make a kernel that leaves a constant as it is: taps sum to 1 over the window and the input channels.

    Args:
        free: (*window, c_in // groups, c_out).

    Returns:
        The kernel, of the shape of `free`: of all such kernels the nearest. For taps that are positive
        too, take `jax.nn.softmax` over the same axes.

    Examples:
        >>> unit_sum(jnp.array([0.0, 1.0, 0.0, 3.0])[:, None, None]).ravel()
        Array([-0.75,  0.25, -0.75,  2.25], dtype=float32)

    References:
        Mildenhall et al., "Burst denoising with kernel prediction networks", arXiv:1712.02327, for kernels
        that keep the brightness.
    """
    kernel = zero_mean(free)
    return kernel + jnp.asarray(kernel.shape[-1] / kernel.size, kernel.dtype)


def non_negative(free: ArrayLike) -> Array:
    """Make a kernel without negative taps: `log(1 + exp(free))`.

    Args:
        free: (*window, c_in // groups, c_out), real.

    Returns:
        The kernel, of the shape of `free`.

    Examples:
        >>> non_negative(jnp.array([0.0, 99.0]))
        Array([ 0.6931472, 99.       ], dtype=float32)

    References:
        Amos, Xu and Kolter, "Input convex neural networks", arXiv:1609.07152, which need such weights.
    """
    return jax.nn.softplus(jnp.asarray(free))
