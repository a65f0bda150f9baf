"""Padding modes that repeat the input beyond its border, and their adjoints."""

from functools import partial

import jax
import jax.numpy as jnp

from jconv._typing import Array, Pairs


def pad_boundary(x: Array, pairs: Pairs, modes: tuple[str, ...]) -> Array:
    """Extend the spatial axes of x [N, *I, G, C] by (low, high) positions; negative amounts crop.

    With 1234 as the input and two positions on either side:

        zeros      00 1234 00
        reflect    32 1234 32    mirrored about the border positions
        symmetric  21 1234 43    mirrored about the border
        edge       11 1234 44
        wrap       34 1234 12
    """
    for axis, ((low, high), mode) in enumerate(zip(pairs, modes, strict=True), start=1):
        if (low, high) == (0, 0):
            continue
        amounts = [(0, 0)] * x.ndim
        amounts[axis] = (max(low, 0), max(high, 0))
        x = jnp.pad(x, amounts, mode="constant" if mode == "zeros" else mode)
        x = x[(slice(None),) * axis + (slice(max(-low, 0), x.shape[axis] - max(-high, 0)),)]
    return x


def fold_boundary(padded: Array, pairs: Pairs, modes: tuple[str, ...]) -> Array:
    """The adjoint of `pad_boundary`: what was read beyond the border is added where it was read from."""
    size = tuple(n - low - high for n, (low, high) in zip(padded.shape[1:-2], pairs, strict=True))
    like = jnp.broadcast_to(padded[:, *(slice(0, 1) for _ in size)], (padded.shape[0], *size, *padded.shape[-2:]))
    (folded,) = jax.linear_transpose(partial(pad_boundary, pairs=pairs, modes=modes), like)(padded)
    return folded
