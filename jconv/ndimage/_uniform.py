"""Means over boxes."""

from functools import partial
from math import isqrt
from operator import index
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from jconv._typing import Array, ArrayLike, DType
from jconv.ndimage._arguments import check_axes, check_axis, per_axis, window_pairs
from jconv.ndimage._boundary import check_mode
from jconv.ndimage._correlate1d import slide
from jconv.ndimage._dtypes import accumulator, as_numbers, cast, check_cval, fractions, output_dtype
from jconv.ndimage._lines import from_lines, to_lines

# A box of up to so many is summed tap by tap; a larger one is a box of boxes.
SHORT = 8


def uniform_filter1d(
    input: ArrayLike,
    size: int,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: ArrayLike = 0.0,
    origin: int = 0,
) -> Array:
    """Average `size` neighbours along one axis, as `scipy.ndimage.uniform_filter1d`.

    y[i] = (sum over k < size of  x[i + k - size // 2 - origin]) / size.

    Args:
        input: as in `correlate`.
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
        TypeError: a sequence of modes, or an array as `output`.

    Examples:
        >>> import jax.numpy as jnp
        >>> uniform_filter1d(jnp.array([3.0, 9.0, 0.0, 6.0]), 3)
        Array([5., 4., 5., 4.], dtype=float32)

    References:
        SciPy, `scipy.ndimage.uniform_filter1d`.
    """
    verb = "uniform_filter1d"
    x = as_numbers(verb, input)
    axis = check_axis(verb, axis, x.ndim)
    if size < 1:
        raise ValueError(f"{verb}: size={size}: incorrect filter size, it must be at least 1.")
    (pair,) = window_pairs(verb, (index(size),), (origin,))
    word = check_mode(verb, mode)
    cval = check_cval(verb, cval, x, used=word == "zeros")
    dtype = output_dtype(verb, output, x.dtype, complex_result=jnp.iscomplexobj(x))
    return _averaged(x, cval, axis, pair, word, accumulator(x.dtype, dtype, *fractions(cval)), dtype)


def uniform_filter(
    input: ArrayLike,
    size: Any = 3,
    output: Any = None,
    mode: Any = "reflect",
    cval: ArrayLike = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Array:
    """Average a box of neighbours, as `scipy.ndimage.uniform_filter`.

    `uniform_filter1d` along one axis after another, each pass in the output's dtype.

    Args:
        input: as in `correlate`.
        size: number of neighbours, one for all or one per axis.
        output: as in `correlate`.
        mode: as in `correlate`, one for all or one per axis.
        cval: as in `correlate`.
        origin: as in `correlate`.
        axes: the axes to filter, all if None; sequences have one value for each of these.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: as in `uniform_filter1d`; sequences of another length than the axes.
        TypeError: as in `uniform_filter1d`.

    Examples:
        >>> import jax.numpy as jnp
        >>> uniform_filter(9 * jnp.eye(3, dtype=int))
        Array([[5, 3, 1],
               [3, 3, 3],
               [1, 3, 5]], dtype=int32)

    References:
        SciPy, `scipy.ndimage.uniform_filter`.
    """
    verb = "uniform_filter"
    y = as_numbers(verb, input)
    dtype = output_dtype(verb, output, y.dtype, complex_result=jnp.iscomplexobj(y))
    axes = check_axes(verb, axes, y.ndim)
    named = {"size": size, "origin": origin, "mode": mode}
    values = [per_axis(verb, name, value, len(axes)) for name, value in named.items()]
    for axis, n, o, m in zip(axes, *values, strict=True):
        if n > 1:
            y = uniform_filter1d(y, int(n), axis, dtype, m, cval, o)
    return cast(y, dtype)


@partial(jax.jit, static_argnums=(2, 3, 4, 5, 6), inline=True)
def _averaged(x: Array, cval: Array, axis: int, pair: tuple[int, int], mode: str, wide: DType, dtype: DType) -> Array:
    """The sum divided by the size: of integers, towards zero."""
    if 0 in x.shape:
        return jnp.zeros(x.shape, dtype)
    size = sum(pair) + 1
    total = box_sums(to_lines(x.astype(wide), axis, pair, mode, cval), size)
    mean = total / size if jnp.issubdtype(wide, jnp.inexact) else lax.div(total, jnp.full_like(total, size))
    return cast(from_lines(mean, x.shape, axis), dtype)


def box_sums(lines: Array, size: int) -> Array:
    """Sums of `size` neighbours along lines [before, n, after]: [before, n - size + 1, after].

    A long box is b boxes of a, one after another, and what is left over: a + b + size % a taps instead of size.
    """
    if size <= SHORT:
        return slide(lines, jnp.ones(size, lines.dtype))
    a = isqrt(size)
    b, rest = divmod(size, a)
    sums = slide(box_sums(lines, a), jnp.ones(b, lines.dtype), dilation=a)
    if rest:
        sums = sums[:, : lines.shape[1] - size + 1] + box_sums(lines[:, a * b :], rest)
    return sums
