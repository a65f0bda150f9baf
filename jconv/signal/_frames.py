"""Overlapping frames of a signal, and their overlap-add: each the adjoint of the other, in a few large moves."""

from functools import partial

import jax
import jax.numpy as jnp

from jconv._typing import Array


@partial(jax.jit, static_argnums=(1, 2), inline=True)
def frames(x: Array, size: int, step: int) -> Array:
    """[..., n] to [..., count, size]: every window of `size` samples, `step` apart.

    Steps are put side by side by doubling: a frame of 2k steps is two of k steps, k steps apart.
    """
    count = (x.shape[-1] - size) // step + 1
    steps = _steps(size, step)
    rows = count + steps - 1
    missing = max(0, rows * step - x.shape[-1])
    x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, missing)])[..., : rows * step]
    parts, apart = x.reshape(*x.shape[:-1], rows, step), 1
    while apart < steps:
        parts = jnp.concatenate([parts[..., :-apart, :], parts[..., apart:, :]], -1)
        apart *= 2
    return parts[..., :size]


@partial(jax.jit, static_argnums=1, inline=True)
def overlap_add(parts: Array, step: int) -> Array:
    """[..., count, size] to [..., n]: every frame is added where it was taken from."""
    *_, count, size = parts.shape
    outer = [(0, 0)] * (parts.ndim - 2)
    apart = _steps(size, step)
    parts = jnp.pad(parts, [*outer, (0, 0), (0, apart * step - size)])
    while apart > 1:
        apart //= 2
        first, last = jnp.split(parts, 2, -1)
        parts = jnp.pad(first, [*outer, (0, apart), (0, 0)]) + jnp.pad(last, [*outer, (apart, 0), (0, 0)])
    return parts.reshape(*parts.shape[:-2], -1)[..., : size + (count - 1) * step]


def _steps(size: int, step: int) -> int:
    """The least power of two of steps that holds a frame."""
    return 1 << (-(-size // step) - 1).bit_length()
