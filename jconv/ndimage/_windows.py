"""What slides over an array tap by tap, where no sum of products will do."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._typing import Array, Ints

# Up to so many taps are written out, as one loop over the array; more run as a loop, so that programs stay small.
MAX_UNROLLED = 64
# Taps that one turn of that loop takes.
TAPS_PER_TURN = 8


def fold(step: Callable[[Any, Any, Any], Any], start: Any, padded: Any, positions: tuple[Ints, ...], size: Ints) -> Any:
    """carry = step(carry, view, k) for every tap k, from `start`; the view is `padded` from the tap's position on.

    Args:
        step: it gets the carry, the view, and the number of the tap, which may be traced.
        start: the first carry.
        padded: what the taps are views of: an array, or a tuple of arrays, of which the view is a tuple.
        positions: where the views start on the first axes.
        size: the views' sizes on these axes.
    """
    if len(positions) <= MAX_UNROLLED:
        carry = start
        for k, position in enumerate(positions):
            carry = step(carry, jax.tree.map(partial(view, position=position, size=size), padded), k)
        return carry

    def part(array: Array, position: Array) -> Array:
        first = [*position, *[jnp.zeros((), position.dtype)] * (array.ndim - len(size))]
        return lax.dynamic_slice(array, first, (*size, *array.shape[len(size) :]))

    @jax.checkpoint  # views are cheap to take again: a gradient need not keep them
    def turn(carry: Any, tap: tuple[Array, Array]) -> tuple[Any, None]:
        k, position = tap
        return step(carry, jax.tree.map(partial(part, position=position), padded), k), None

    taps = jnp.arange(len(positions)), jnp.asarray(np.array(positions, np.int32))
    return lax.scan(turn, start, taps, unroll=TAPS_PER_TURN)[0]


def view(array: Array, position: Ints, size: Ints) -> Array:
    """The part of an array that starts at `position`, of `size` on the first axes."""
    return array[tuple(slice(p, p + n) for p, n in zip(position, size, strict=True))]


def running(combine: Callable[[Array, Array], Array], lines: Array, size: int) -> Array:
    """combine(...combine(x[i], x[i + 1])..., x[i + size - 1]) along lines [before, n, after], for maxima and minima.

    Windows of 2, 4, 8, ... are made of two of the last; two of the longest, which may overlap, make one of `size`.
    """
    length = 1
    while 2 * length <= size:
        lines = combine(lines[:, :-length], lines[:, length:])
        length *= 2
    rest = size - length
    return combine(lines[:, :-rest], lines[:, rest:]) if rest else lines
