"""The k-th smallest of many arrays, position by position: comparisons that are the same for all positions."""

from functools import cache

import jax.numpy as jnp
from jax import lax

from jconv._typing import Array, DType, Ints
from jconv.ndimage._windows import fold

# Up to so many arrays go through a network of minima and maxima; of more, the k-th smallest is found bit by bit.
MAX_NETWORK = 49


def kth_smallest(padded: Array, positions: tuple[Ints, ...], size: Ints, rank: int) -> Array:
    """The one of `rank` (0 the smallest) among the views of `padded` at `positions`; NaN counts as the largest."""
    keys = lax.optimization_barrier(ordered_bits(padded))  # made once, not for every tap
    if len(positions) <= MAX_NETWORK:
        views = fold(lambda views, view, k: [*views, view], [], keys, positions, size)
        found = _by_network(views, rank)
    else:
        found = _by_bits(keys, positions, size, rank)
    return from_ordered_bits(found, padded.dtype)


@cache
def selection_network(count: int, rank: int) -> tuple[tuple[int, int, bool, bool], ...]:
    """Batcher's odd-even merge sort of `count`, without what the result of `rank` does not need.

    Of each (i, j, low, high): position i gets the smaller of the two if `low`, position j the larger if `high`.
    """
    pairs, p = [], 1
    while p < count:
        k = p
        while k:
            for j in range(k % p, count - k, 2 * k):
                for i in range(j, min(j + k, count - k)):
                    if i // (2 * p) == (i + k) // (2 * p):
                        pairs.append((i, i + k))
            k //= 2
        p *= 2
    needed, kept = {rank}, []
    for i, j in reversed(pairs):
        if i in needed or j in needed:
            kept.append((i, j, i in needed, j in needed))
            needed |= {i, j}
    return tuple(reversed(kept))


def _by_network(views: list[Array], rank: int) -> Array:
    for i, j, low, high in selection_network(len(views), rank):
        a, b = views[i], views[j]
        if low:
            views[i] = jnp.minimum(a, b)
        if high:
            views[j] = jnp.maximum(a, b)
    return views[rank]


def _by_bits(keys: Array, positions: tuple[Ints, ...], size: Ints, rank: int) -> Array:
    """The largest number with no more than `rank` keys below it, from its highest bit to its lowest."""
    bits = 8 * keys.dtype.itemsize

    def next_bit(i: Array, found: Array) -> Array:
        bit = jnp.left_shift(jnp.ones((), keys.dtype), (bits - 1 - i).astype(keys.dtype))
        candidate = found | bit
        none = jnp.zeros(found.shape, jnp.int32)
        below = fold(lambda n, view, k: n + (view < candidate).astype(n.dtype), none, keys, positions, size)
        return jnp.where(below <= rank, candidate, found)

    return lax.fori_loop(0, bits, next_bit, jnp.zeros((*size, *keys.shape[len(size) :]), keys.dtype))


def ordered_bits(x: Array) -> Array:
    """Unsigned integers in the order of x: a single instruction compares them, also where x is a float."""
    if jnp.issubdtype(x.dtype, jnp.bool_):
        return x.astype(jnp.uint8)
    bits, top = _unsigned(x.dtype)
    if jnp.issubdtype(x.dtype, jnp.floating):
        raw = lax.bitcast_convert_type(jnp.where(jnp.isnan(x), jnp.nan, x).astype(x.dtype), bits)
        return jnp.where(raw >= top, ~raw, raw | top)
    raw = lax.bitcast_convert_type(x, bits)
    return raw ^ top if jnp.issubdtype(x.dtype, jnp.signedinteger) else raw


def from_ordered_bits(keys: Array, dtype: DType) -> Array:
    """The inverse of `ordered_bits`."""
    if jnp.issubdtype(dtype, jnp.bool_):
        return keys.astype(bool)
    _, top = _unsigned(dtype)
    if jnp.issubdtype(dtype, jnp.floating):
        keys = jnp.where(keys >= top, keys ^ top, ~keys)
    elif jnp.issubdtype(dtype, jnp.signedinteger):
        keys = keys ^ top
    return lax.bitcast_convert_type(keys, dtype)


def _unsigned(dtype: DType) -> tuple[DType, Array]:
    """The unsigned integers of the same width, and their highest bit."""
    width = 8 * jnp.dtype(dtype).itemsize
    bits = jnp.dtype(f"uint{width}")
    return bits, jnp.asarray(1 << (width - 1), bits)
