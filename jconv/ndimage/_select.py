"""One of the values under a footprint, by its rank: what rank filters, extremes and grey morphology have in common."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._typing import Array, Ints
from jconv.ndimage._network import kth_smallest
from jconv.ndimage._windows import fold, view


@partial(jax.custom_jvp, nondiff_argnums=(2, 3, 4))
def select(padded: Array, heights: Array | None, positions: tuple[Ints, ...], size: Ints, rank: int) -> Array:
    """The value of `rank` (0 the smallest) among  padded[i + position] + height  of all taps, at every i.

    Its derivative is the mean of those of the taps that have this value, in both modes; it is 0 where none has.

    Args:
        padded: real numbers.
        heights: (taps,), which are added to the taps' values for the extremes only; or None.
        positions: of the taps.
        size: of the result.
        rank: 0 for the smallest, len(positions) - 1 for the largest.
    """
    padded, heights = lax.optimization_barrier((padded, heights))  # computed once, and the same for the derivative
    if 0 < rank < len(positions) - 1:
        return kth_smallest(padded, positions, size, rank)
    better = jnp.minimum if rank == 0 else jnp.maximum
    first = _raised(view(padded, positions[0], size), heights, 0)
    return fold(lambda best, values, k: better(best, _raised(values, heights, k)), first, padded, positions, size)


@select.defjvp
def _select_jvp(positions, size, rank, primals, tangents):
    value = select(*primals, positions, size, rank)
    if not jnp.issubdtype(value.dtype, jnp.floating):
        return value, np.zeros(value.shape, jax.dtypes.float0)
    padded, heights = lax.optimization_barrier(primals)
    slopes, height_slopes = tangents

    def add(carry, views, k):
        total, count = carry
        chosen = _raised(views[0], heights, k) == value
        return total + jnp.where(chosen, _raised(views[1], height_slopes, k), 0), count + chosen.astype(value.dtype)

    total, count = fold(add, (jnp.zeros_like(value),) * 2, (padded, slopes), positions, size)
    return value, total / jnp.maximum(count, 1)


def _raised(values: Array, heights: Array | None, k) -> Array:
    return values if heights is None else values + heights[k]
