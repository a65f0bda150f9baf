"""Maxima and minima over windows and footprints."""

from functools import partial
from operator import index
from typing import Any

import jax
import jax.numpy as jnp

from jconv._typing import Array, ArrayLike, DType
from jconv.ndimage._arguments import check_axes, check_axis, check_footprint, per_axis, window_pairs
from jconv.ndimage._boundary import check_mode
from jconv.ndimage._dtypes import as_numbers, cast, check_cval, comparable, output_dtype
from jconv.ndimage._footprints import under_footprint
from jconv.ndimage._lines import from_lines, to_lines
from jconv.ndimage._windows import running


def maximum_filter1d(
    input: ArrayLike,
    size: int,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: ArrayLike = 0.0,
    origin: int = 0,
) -> Array:
    """Take the largest of `size` neighbours along one axis, as `scipy.ndimage.maximum_filter1d`.

    y[i] = max over k < size of  x[i + k - size // 2 - origin].

    Args:
        input: real numbers, any number of axes.
        size: number of neighbours, the centre among them.
        axis: the axis to filter.
        output: as in `correlate`.
        mode: as in `correlate`.
        cval: as in `correlate`.
        origin: how far the window is shifted towards lower indices.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: a size below 1, an origin outside the window, an unknown mode.
        TypeError: complex numbers, a sequence of modes, or an array as `output`.

    Examples:
        >>> import jax.numpy as jnp
        >>> maximum_filter1d(jnp.array([2, 8, 0, 4, 1]), 3)
        Array([8, 8, 8, 4, 4], dtype=int32)

    References:
        SciPy, `scipy.ndimage.maximum_filter1d`.
    """
    return _along_axis("maximum_filter1d", input, size, axis, output, mode, cval, origin, largest=True)


def minimum_filter1d(
    input: ArrayLike,
    size: int,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: ArrayLike = 0.0,
    origin: int = 0,
) -> Array:
    """Take the smallest of `size` neighbours along one axis, as `scipy.ndimage.minimum_filter1d`.

    y[i] = min over k < size of  x[i + k - size // 2 - origin].

    Args:
        input: as in `maximum_filter1d`.
        size: as in `maximum_filter1d`.
        axis: the axis to filter.
        output: as in `correlate`.
        mode: as in `correlate`.
        cval: as in `correlate`.
        origin: how far the window is shifted towards lower indices.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: as in `maximum_filter1d`.
        TypeError: as in `maximum_filter1d`.

    Examples:
        >>> import jax.numpy as jnp
        >>> minimum_filter1d(jnp.array([2, 8, 0, 4, 1]), 3)
        Array([2, 0, 0, 0, 1], dtype=int32)

    References:
        SciPy, `scipy.ndimage.minimum_filter1d`.
    """
    return _along_axis("minimum_filter1d", input, size, axis, output, mode, cval, origin, largest=False)


def maximum_filter(
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
    """Take the largest of the neighbours, as `scipy.ndimage.maximum_filter`.

    y[i] = max over k in the footprint of  x[i + k - size // 2 - origin]. A full footprint is done axis by axis.

    Args:
        input: real numbers, any number of axes.
        size: the window's size, one for all or one per axis.
        footprint: instead of a size, which positions of the window count; not traced.
        output: as in `correlate`.
        mode: as in `correlate`; one per axis too, where the window is full.
        cval: as in `correlate`.
        origin: how far the window is shifted towards lower indices, one for all or one per axis.
        axes: the axes to filter, all if None; sequences have one value for each of these.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: no size, an empty footprint, an origin outside the window, an unknown mode.
        TypeError: complex numbers, modes per axis with a footprint that is not full, or an array as `output`.

    Examples:
        >>> import jax.numpy as jnp
        >>> maximum_filter(jnp.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), footprint=[[0, 1, 0], [1, 1, 1], [0, 1, 0]])
        Array([[4, 5, 6],
               [7, 8, 9],
               [8, 9, 9]], dtype=int32)

    References:
        SciPy, `scipy.ndimage.maximum_filter`.
    """
    return extreme("maximum_filter", input, size, footprint, output, mode, cval, origin, axes, largest=True)


def minimum_filter(
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
    """Take the smallest of the neighbours, as `scipy.ndimage.minimum_filter`.

    y[i] = min over k in the footprint of  x[i + k - size // 2 - origin]. A full footprint is done axis by axis.

    Args:
        input: as in `maximum_filter`.
        size: as in `maximum_filter`.
        footprint: as in `maximum_filter`.
        output: as in `correlate`.
        mode: as in `maximum_filter`.
        cval: as in `correlate`.
        origin: as in `maximum_filter`.
        axes: as in `maximum_filter`.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: as in `maximum_filter`.
        TypeError: as in `maximum_filter`.

    Examples:
        >>> import jax.numpy as jnp
        >>> minimum_filter(jnp.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), size=3)
        Array([[1, 1, 2],
               [1, 1, 2],
               [4, 4, 5]], dtype=int32)

    References:
        SciPy, `scipy.ndimage.minimum_filter`.
    """
    return extreme("minimum_filter", input, size, footprint, output, mode, cval, origin, axes, largest=False)


def extreme(verb, input, size, footprint, output, mode, cval, origin, axes, *, largest: bool) -> Array:
    """The filter of either verb: axis by axis, if every position of the window counts."""
    y = as_numbers(verb, input, complex_too=False)
    dtype = output_dtype(verb, output, y.dtype)
    count = len(check_axes(verb, axes, y.ndim))
    if footprint is not None:
        footprint = check_footprint(verb, size, footprint, count)
        if not footprint.all():
            rank = int(footprint.sum()) - 1 if largest else 0
            return under_footprint(verb, y, None, footprint, rank, dtype, mode, cval, origin, axes)
        size = footprint.shape
    if size is None:
        raise ValueError(f"{verb}: no footprint provided: give size= or footprint=.")
    named = {"size": size, "origin": origin, "mode": mode}
    values = [per_axis(verb, name, value, count) for name, value in named.items()]
    for axis, n, o, m in zip(check_axes(verb, axes, y.ndim), *values, strict=True):
        if n > 1:
            y = _along_axis(verb, y, int(n), axis, dtype, m, cval, o, largest=largest)
    return cast(y, dtype)


def _along_axis(verb, input, size, axis, output, mode, cval, origin, *, largest: bool) -> Array:
    """The filter of either verb along one axis, from the user's words."""
    x = as_numbers(verb, input, complex_too=False)
    axis = check_axis(verb, axis, x.ndim)
    if size < 1:
        raise ValueError(f"{verb}: size={size}: incorrect filter size, it must be at least 1.")
    (pair,) = window_pairs(verb, (index(size),), (origin,))
    word = check_mode(verb, mode)
    cval = check_cval(verb, cval, x, used=word == "zeros")
    wide = comparable(x.dtype, cval, outside=word == "zeros")
    return _extreme(x, cval, axis, pair, word, wide, output_dtype(verb, output, x.dtype), largest)


@partial(jax.jit, static_argnums=(2, 3, 4, 5, 6, 7), inline=True)
def _extreme(x, cval, axis: int, pair: tuple[int, int], mode: str, wide: DType, dtype: DType, largest: bool) -> Array:
    if 0 in x.shape:
        return jnp.zeros(x.shape, dtype)
    lines = to_lines(x.astype(wide), axis, pair, mode, cval)
    y = running(jnp.maximum if largest else jnp.minimum, lines, sum(pair) + 1)
    return cast(from_lines(y, x.shape, axis), dtype)
