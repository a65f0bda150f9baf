"""Filters that pick one of the values under a footprint."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, DType, Ints, Pairs
from jconv.ndimage._arguments import check_axes, full_shape, on_all_axes, per_axis, window_pairs
from jconv.ndimage._boundary import check_mode, extend
from jconv.ndimage._dtypes import accumulator, cast, check_cval, comparable, fractions
from jconv.ndimage._select import select


def under_footprint(
    verb: str,
    x: Array,
    heights: np.ndarray | Array | None,
    footprint: np.ndarray,
    rank: int,
    dtype: DType,
    mode,
    cval,
    origin,
    axes,
) -> Array:
    """The value of `rank` among those under the footprint, raised by `heights`; the rest in the users' words."""
    axes = check_axes(verb, axes, x.ndim)
    shape = full_shape(verb, "footprint", footprint.shape, axes, x.ndim)
    origins = on_all_axes(per_axis(verb, "origin", origin, len(axes)), axes, x.ndim, 0)
    pairs, word = window_pairs(verb, shape, origins), check_mode(verb, mode)
    cval = check_cval(verb, cval, x, used=word == "zeros")
    if heights is None:
        wide = comparable(x.dtype, cval, outside=word == "zeros")
    else:
        heights = heights[footprint]
        wide = accumulator(x.dtype, dtype, *fractions(heights, cval))
    positions = tuple(tuple(map(int, position)) for position in np.argwhere(footprint.reshape(shape)))
    return _selected(x, heights, cval, positions, pairs, rank, word, wide, dtype)


@partial(jax.jit, static_argnums=(3, 4, 5, 6, 7, 8), inline=True)
def _selected(
    x: Array,
    heights: Array | None,
    cval: Array,
    positions: tuple[Ints, ...],
    pairs: Pairs,
    rank: int,
    mode: str,
    wide: DType,
    dtype: DType,
) -> Array:
    """The value of `rank` among those at `positions` of the window; compared in `wide`."""
    if 0 in x.shape:
        return jnp.zeros(x.shape, dtype)
    padded = extend(x.astype(wide), pairs, mode, cval)
    heights = None if heights is None else heights.astype(wide)
    return cast(select(padded, heights, positions, x.shape, rank), dtype)
