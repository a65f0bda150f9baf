"""Channels to positions and back: sub-pixel convolution's rearrangement."""

from collections.abc import Sequence
from math import prod

from jconv._typing import Array, ArrayLike
from jconv._verbs.arguments import as_array, axis_ints
from jconv.ops._windows import one_batch_axis, rank_of, spatial_sizes, with_batch


def pixel_shuffle(x: ArrayLike, factor: Sequence[int]) -> Array:
    """Move channels into space: blocks of prod(factor) channels become cells of `factor` positions.

    y[f*i + r, c] = x[i, c*F + r]  where r counts the positions of a cell in row-major order and F = prod(factor), as
    in PyTorch, in any number of spatial axes.

    Args:
        x: (*batch, *spatial, c * F), with any number of batch axes, also none.
        factor: the size of a cell, per spatial axis; its length is the number of spatial axes.

    Returns:
        (*batch, *(spatial * factor), c), of x's dtype.

    Raises:
        ValueError: the channels cannot be divided into cells.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> pixel_shuffle(jnp.arange(4).reshape(1, 1, 4), (2, 2))[..., 0]
        Array([[0, 1],
               [2, 3]], dtype=int32)

    References:
        Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel convolutional
        neural network", arXiv:1609.05158.
    """
    x, rank = as_array("pixel_shuffle", "x", x), rank_of("pixel_shuffle", "factor", factor)
    factor = axis_ints("pixel_shuffle", "factor", factor, rank, least=1)
    sizes = spatial_sizes("pixel_shuffle", x, rank, f"factor={factor}")
    if x.shape[-1] % prod(factor):
        raise ValueError(
            f"pixel_shuffle: the channels of x, {x.shape[-1]}, must be a multiple of {prod(factor)} for "
            f"factor={factor} (x has shape {x.shape})."
        )
    flat = one_batch_axis(x, rank)
    cells = flat.reshape(flat.shape[0], *sizes, x.shape[-1] // prod(factor), *factor)
    order = [axis for a in range(rank) for axis in (1 + a, 2 + rank + a)]  # every axis before its part of the cell
    y = cells.transpose(0, *order, 1 + rank)
    return with_batch(y.reshape(y.shape[0], *(n * f for n, f in zip(sizes, factor, strict=True)), y.shape[-1]), x, rank)


def pixel_unshuffle(x: ArrayLike, factor: Sequence[int]) -> Array:
    """Move space into channels: cells of `factor` positions become blocks of prod(factor) channels.

    y[i, c*F + r] = x[f*i + r, c]  where r counts the positions of a cell in row-major order and F = prod(factor): the
    inverse of `pixel_shuffle`, also known as space-to-depth.

    Args:
        x: (*batch, *spatial, c), with any number of batch axes, also none.
        factor: the size of a cell, per spatial axis; its length is the number of spatial axes.

    Returns:
        (*batch, *(spatial // factor), c * F), of x's dtype.

    Raises:
        ValueError: a spatial axis cannot be divided into cells.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> pixel_unshuffle(jnp.arange(4).reshape(2, 2, 1), (2, 2)).ravel()
        Array([0, 1, 2, 3], dtype=int32)

    References:
        Shi et al., arXiv:1609.05158, as in `pixel_shuffle`.
    """
    x, rank = as_array("pixel_unshuffle", "x", x), rank_of("pixel_unshuffle", "factor", factor)
    factor = axis_ints("pixel_unshuffle", "factor", factor, rank, least=1)
    sizes = spatial_sizes("pixel_unshuffle", x, rank, f"factor={factor}")
    if any(n % f for n, f in zip(sizes, factor, strict=True)):
        raise ValueError(
            f"pixel_unshuffle: the spatial sizes {sizes} must be multiples of factor={factor} (x has shape {x.shape}). "
            f"Pad or crop x first."
        )
    cells = tuple(n // f for n, f in zip(sizes, factor, strict=True))
    split = [n for pair in zip(cells, factor, strict=True) for n in pair]
    order = (*range(1, 2 * rank, 2), 1 + 2 * rank, *range(2, 2 * rank + 1, 2))
    flat = one_batch_axis(x, rank)
    y = flat.reshape(flat.shape[0], *split, x.shape[-1]).transpose(0, *order)
    return with_batch(y.reshape(y.shape[0], *cells, x.shape[-1] * prod(factor)), x, rank)
