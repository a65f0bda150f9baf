"""Medians, percentiles and other ranks of the values in a window."""

from math import isfinite
from operator import index
from typing import Any

from jconv._typing import Array, ArrayLike
from jconv.ndimage._arguments import check_axes, check_footprint
from jconv.ndimage._dtypes import as_numbers, output_dtype
from jconv.ndimage._extremes import extreme
from jconv.ndimage._footprints import under_footprint


def rank_filter(
    input: ArrayLike,
    rank: int,
    size: Any = None,
    footprint: Any = None,
    output: Any = None,
    mode: Any = "reflect",
    cval: ArrayLike = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Array:
    """Take the value of a rank among the neighbours, as `scipy.ndimage.rank_filter`.

    y[i] = the value of `rank`, 0 the smallest, among  x[i + k - size // 2 - origin]  for k in the footprint.
    Differentiable: the value's derivative is that of the neighbour it is, or the mean of those that have it.
    NaN ranks as the largest.

    Args:
        input: real numbers, any number of axes.
        rank: negative ones count from the largest, -1.
        size: the window's size, one for all or one per axis.
        footprint: instead of a size, which positions of the window count; not traced.
        output: as in `correlate`.
        mode: as in `correlate`.
        cval: as in `correlate`.
        origin: how far the window is shifted towards lower indices, one for all or one per axis.
        axes: the axes to filter, all if None; sequences have one value for each of these.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: a rank or an origin outside the window, no size, an unknown mode.
        TypeError: complex numbers, a rank that is no integer, a sequence of modes, or an array as `output`.

    Examples:
        >>> import jax.numpy as jnp
        >>> rank_filter(jnp.array([3, 2, 5, 1, 4]), -2, size=3)
        Array([3, 3, 2, 4, 4], dtype=int32)

    References:
        SciPy, `scipy.ndimage.rank_filter`. Batcher, "Sorting networks and their applications", 1968.
    """
    rank = index(rank)
    return _ranked("rank_filter", lambda taps: rank, input, size, footprint, output, mode, cval, origin, axes)


def median_filter(
    input: ArrayLike,
    size: Any = None,
    footprint: Any = None,
    output: Any = None,
    mode: Any = "reflect",
    cval: ArrayLike = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Array:
    """Take the median of the neighbours, as `scipy.ndimage.median_filter`.

    `rank_filter` with rank n // 2, where n positions of the window count: of an even number, the upper median.

    Args:
        input: as in `rank_filter`.
        size: as in `rank_filter`.
        footprint: as in `rank_filter`.
        output: as in `correlate`.
        mode: as in `correlate`.
        cval: as in `correlate`.
        origin: as in `rank_filter`.
        axes: as in `rank_filter`.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: as in `rank_filter`.
        TypeError: as in `rank_filter`.

    Examples:
        >>> import jax.numpy as jnp
        >>> median_filter(jnp.array([1.0, 1.0, 9.0, 1.0, 2.0, 2.0]), size=3)
        Array([1., 1., 1., 2., 2., 2.], dtype=float32)

    References:
        SciPy, `scipy.ndimage.median_filter`.
    """
    return _ranked("median_filter", lambda taps: taps // 2, input, size, footprint, output, mode, cval, origin, axes)


def percentile_filter(
    input: ArrayLike,
    percentile: float,
    size: Any = None,
    footprint: Any = None,
    output: Any = None,
    mode: Any = "reflect",
    cval: ArrayLike = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Array:
    """Take a percentile of the neighbours, as `scipy.ndimage.percentile_filter`.

    `rank_filter` with rank int(n * percentile / 100), at most n - 1, where n positions of the window count.

    Args:
        input: as in `rank_filter`.
        percentile: in [-100, 100]; -20 means 80.
        size: as in `rank_filter`.
        footprint: as in `rank_filter`.
        output: as in `correlate`.
        mode: as in `correlate`.
        cval: as in `correlate`.
        origin: as in `rank_filter`.
        axes: as in `rank_filter`.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: a percentile outside [-100, 100]; else as in `rank_filter`.
        TypeError: as in `rank_filter`.

    Examples:
        >>> import jax.numpy as jnp
        >>> percentile_filter(jnp.array([3, 2, 5, 1, 4]), 100, size=3)
        Array([3, 5, 5, 5, 4], dtype=int32)

    References:
        SciPy, `scipy.ndimage.percentile_filter`.
    """
    verb, share = "percentile_filter", percentile + 100.0 if percentile < 0.0 else percentile
    if not (isfinite(share) and 0.0 <= share <= 100.0):
        raise ValueError(f"{verb}: percentile={percentile}: invalid percentile, it must lie in [-100, 100].")

    def rank(taps: int) -> int:
        return taps - 1 if share == 100.0 else int(float(taps) * share / 100.0)

    return _ranked(verb, rank, input, size, footprint, output, mode, cval, origin, axes)


def _ranked(verb: str, rank_of, input, size, footprint, output, mode, cval, origin, axes) -> Array:
    """The filter of each verb; `rank_of` says the rank, given how many positions of the window count."""
    x = as_numbers(verb, input, complex_too=False)
    footprint = check_footprint(verb, size, footprint, len(check_axes(verb, axes, x.ndim)))
    taps = int(footprint.sum())
    rank = rank_of(taps)
    if not -taps <= rank < taps:
        raise ValueError(f"{verb}: rank={rank}: rank not within filter footprint size, which is {taps}.")
    rank %= taps
    if rank in (0, taps - 1):
        return extreme(verb, x, None, footprint, output, mode, cval, origin, axes, largest=rank > 0)
    dtype = output_dtype(verb, output, x.dtype)
    return under_footprint(verb, x, None, footprint, rank, dtype, mode, cval, origin, axes)
