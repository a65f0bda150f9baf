"""The largest value of every window, and where it stands."""

from collections.abc import Sequence
from functools import partial, reduce
from math import prod

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._typing import Array, ArrayLike, DType, IntOrInts, Ints, Padding
from jconv._verbs.arguments import as_array, check_dtype
from jconv.ops._taps import Arrays, overlap_add, pool_axes, taps
from jconv.ops._windows import Windows, extend, one_batch_axis, place_windows, rank_of, spatial_sizes, with_batch


def max_pool(
    x: ArrayLike,
    window: Sequence[int],
    *,
    stride: IntOrInts | None = None,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    ceil_mode: bool = False,
) -> Array:
    """Take the largest value of every window.

    y[o] = max over k of  x[s*o + d*k - lo]  on every spatial axis, with stride s, dilation d and low padding lo; what
    lies beyond the border takes no part. Values and gradients are PyTorch's: of equal values the first in row-major
    order gets the gradient. NaN is larger than anything, and has no gradient.

    Args:
        x: (*batch, *spatial, c), with any number of batch axes, also none.
        window: taps per spatial axis; its length is the number of spatial axes.
        stride: steps between neighbouring windows; None stands for `window`.
        padding: as in `jconv.conv`; every window must see some of x.
        dilation: distance between neighbouring taps.
        ceil_mode: whether a last window may reach beyond the padding, if it starts in x or before it.

    Returns:
        (*batch, *outputs, c), of x's dtype.

    Raises:
        ValueError: sizes that do not fit together, or a window that lies wholly in the padding.
        TypeError: an argument of the wrong kind, or numbers that have no order.

    Examples:
        >>> import jax.numpy as jnp
        >>> max_pool(jnp.array([1, 5, 2, 3, 4])[:, None], (2,), ceil_mode=True).ravel()
        Array([5, 3, 4], dtype=int32)

    References:
        Ranzato, Boureau and LeCun, "Sparse feature learning for deep belief networks", NIPS 2007.
    """
    verb, x = "max_pool", with_order("max_pool", x)
    rank = rank_of(verb, "window", window)
    sizes = spatial_sizes(verb, x, rank, f"window={window!r}")
    windows, cropped = place_windows(verb, sizes, window, stride, padding, dilation, ceil_mode=ceil_mode)
    return with_batch(largest(extend(one_batch_axis(x, rank), cropped), windows), x, rank)


def max_pool_with_indices(
    x: ArrayLike,
    window: Sequence[int],
    *,
    stride: IntOrInts | None = None,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    ceil_mode: bool = False,
) -> tuple[Array, Array]:
    """Take the largest value of every window, and tell where it stands.

    y[o] as in `max_pool`; indices[o] is the row-major position of that value among the spatial axes of x, of equal
    values the first, of NaNs the last, as in PyTorch. `max_unpool` puts the values back there.

    Args:
        x: (*batch, *spatial, c).
        window: as in `max_pool`.
        stride: as in `max_pool`.
        padding: as in `max_pool`.
        dilation: as in `max_pool`.
        ceil_mode: as in `max_pool`.

    Returns:
        y (*batch, *outputs, c) of x's dtype, and indices of the same shape, int32.

    Raises:
        ValueError: as in `max_pool`.
        TypeError: as in `max_pool`.

    Examples:
        >>> import jax.numpy as jnp
        >>> y, indices = max_pool_with_indices(jnp.array([[1, 5, 2], [3, 4, 6]])[..., None], (2, 2), stride=1)
        >>> y.ravel(), indices.ravel()
        (Array([5, 6], dtype=int32), Array([1, 5], dtype=int32))
    """
    verb, x = "max_pool_with_indices", with_order("max_pool_with_indices", x)
    rank = rank_of(verb, "window", window)
    sizes = spatial_sizes(verb, x, rank, f"window={window!r}")
    windows, cropped = place_windows(verb, sizes, window, stride, padding, dilation, ceil_mode=ceil_mode)
    flat = extend(one_batch_axis(x, rank), cropped)
    indices = _where_largest(lax.stop_gradient(flat), extend(places(sizes), cropped), windows)
    return with_batch(largest(flat, windows), x, rank), with_batch(indices, x, rank)


def with_order(verb: str, x: ArrayLike) -> Array:
    """x, if its numbers have an order."""
    x = as_array(verb, "x", x)
    check_dtype(verb, "the values of x", x.dtype)
    if jnp.issubdtype(x.dtype, jnp.complexfloating):
        raise TypeError(f"{verb}: x has dtype {x.dtype}; complex numbers have no largest. Pool jnp.abs(x), say.")
    return x


def _least(dtype: DType) -> float | int:
    return -np.inf if jnp.issubdtype(dtype, jnp.floating) else jnp.iinfo(dtype).min


# ---- the values


def largest(x: Array, windows: Windows) -> Array:
    """Max over every window, [N, *I, C] to [N, *O, C]."""
    (y,) = pool_axes(
        (x,),
        windows,
        written_out=lambda arrays, part: (_largest_tap(*arrays, part),),
        outside=(_least(x.dtype),),
        join=lambda a, b: (_larger(*a, *b),),
    )
    return y


@jax.custom_jvp
def _larger(a: Array, b: Array) -> Array:
    return jnp.maximum(a, b)


@_larger.defjvp
def _larger_jvp(primals, tangents):
    a, b = primals
    return jnp.maximum(a, b), jnp.where(b > a, tangents[1], tangents[0])


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def _largest_tap(x: Array, windows: Windows) -> Array:
    return reduce(jnp.maximum, taps(x, windows, _least(x.dtype)))


@_largest_tap.defjvp
def _largest_tap_jvp(windows: Windows, primals, tangents):
    """The tangent of the first tap that is the largest; written so that its transpose is the fast direction."""
    (x,), (x_dot,) = primals, tangents
    y = _largest_tap(x, windows)
    first = _first_equal(x, y, windows)

    def back(y_bar: Array) -> Array:
        return overlap_add((y_bar, first), lambda k, g, tap: jnp.where(tap == k, g, 0), windows)

    return y, jax.linear_transpose(back, y)(x_dot)[0]


def _first_equal(x: Array, y: Array, windows: Windows) -> Array:
    """The number of the first tap that sees y; of none, where y is NaN. NaN beyond the border is never equal."""
    first = jnp.full(y.shape, windows.taps, np.int8)
    for number, seen in reversed(list(enumerate(taps(x, windows, np.nan)))):
        first = jnp.where(seen == y, np.int8(number), first)
    return first


# ---- the places


def places(sizes: Ints) -> Array:
    """The row-major position of everything along the spatial axes, [1, *sizes, 1]."""
    return jnp.arange(prod(sizes), dtype=np.int32).reshape(1, *sizes, 1)


def _where_largest(x: Array, places: Array, windows: Windows) -> Array:
    """Which of the places [1, *I, 1] every largest value stands at, [N, *O, C]."""
    outside = _least(x.dtype), -1

    def written_out(arrays: Arrays, part: Windows) -> Arrays:
        seen = [taps(array, part, fill) for array, fill in zip(arrays, outside, strict=True)]
        return reduce(_later, zip(*seen, strict=True))

    y, indices = pool_axes((x, places), windows, written_out, outside, _later)
    return jnp.broadcast_to(indices, y.shape)  # with a single tap they have met no example and no channel


def _later(before: Arrays, after: Arrays) -> Arrays:
    """Of two (value, place), the later if it is larger or NaN, or if the earlier lies beyond the border."""
    (a, a_place), (b, b_place) = before, after
    take = (b_place >= 0) & ((b > a) | (b != b) | (a_place < 0))
    return jnp.where(take, b, a), jnp.where(take, b_place, a_place)
