"""The mean, and the p-norm, of every window."""

from collections.abc import Sequence
from functools import partial, reduce
from operator import add

import jax
import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, ArrayLike, DType, IntOrInts, Padding
from jconv._verbs.arguments import as_array, check_dtype
from jconv.ops._taps import overlap_add, pool_axes, taps
from jconv.ops._windows import Windows, extend, one_batch_axis, place_windows, rank_of, spatial_sizes, with_batch


def avg_pool(
    x: ArrayLike,
    window: Sequence[int],
    *,
    stride: IntOrInts | None = None,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: float | None = None,
) -> Array:
    """Take the mean of every window.

    y[o] = (sum over k of  x[s*o + d*k - lo]) / count[o]  on every spatial axis, with stride s, dilation d and low
    padding lo, as in PyTorch; what lies beyond the border adds nothing.

    Args:
        x: (*batch, *spatial, c), with any number of batch axes, also none.
        window: taps per spatial axis; its length is the number of spatial axes.
        stride: steps between neighbouring windows; None stands for `window`.
        padding: as in `jconv.conv`; every window must see some of x.
        dilation: distance between neighbouring taps.
        ceil_mode: whether a last window may reach beyond the padding, if it starts in x or before it.
        count_include_pad: whether count[o] is the number of taps in x and its padding, or in x alone. What lies
            beyond the padding never counts.
        divisor_override: divides instead of count[o].

    Returns:
        (*batch, *outputs, c), of x's dtype; of integers, floating point. Half types are summed in float32.

    Raises:
        ValueError: sizes that do not fit together, or a window that lies wholly in the padding.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> x = jnp.array([1.0, 3.0, 5.0])[:, None]
        >>> avg_pool(x, (2,), stride=1, padding="SAME", count_include_pad=False).ravel()
        Array([2., 4., 5.], dtype=float32)

    References:
        LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998.
    """
    verb = "avg_pool"
    if divisor_override is not None and divisor_override == 0:
        raise ValueError(f"{verb}: divisor_override={divisor_override!r} must not be 0.")
    x, wide = with_fractions(verb, x)
    rank = rank_of(verb, "window", window)
    sizes = spatial_sizes(verb, x, rank, f"window={window!r}")
    windows, cropped = place_windows(verb, sizes, window, stride, padding, dilation, ceil_mode=ceil_mode)
    sums = total(extend(one_batch_axis(x, rank), cropped).astype(wide), windows)
    counts = _counts(windows, padded=count_include_pad) if divisor_override is None else divisor_override
    return with_batch((sums / jnp.asarray(counts, wide)).astype(x.dtype), x, rank)


def lp_pool(
    x: ArrayLike,
    p: ArrayLike,
    window: Sequence[int],
    *,
    stride: IntOrInts | None = None,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    ceil_mode: bool = False,
) -> Array:
    """Take the p-norm of every window.

    y[o] = (sum over k of  |x[s*o + d*k - lo]|^p)^(1/p)  on every spatial axis, with stride s, dilation d and low
    padding lo. p = 1 sums, and y tends to the maximum as p grows. Beyond the border stand zeros; for a tap beyond
    the padding, where `ceil_mode` admits one, stands the mean of the other terms, as in PyTorch. Odd p agree with
    PyTorch's for x >= 0, where PyTorch leaves out the absolute value. The gradient of a window of zeros is 0.

    Args:
        x: (*batch, *spatial, c), with any number of batch axes, also none.
        p: the power, positive; a number, or a scalar array to be learned.
        window: taps per spatial axis; its length is the number of spatial axes.
        stride: steps between neighbouring windows; None stands for `window`.
        padding: as in `jconv.conv`; every window must see some of x.
        dilation: distance between neighbouring taps.
        ceil_mode: whether a last window may reach beyond the padding, if it starts in x or before it.

    Returns:
        (*batch, *outputs, c), of x's dtype; of integers and complex numbers, floating point.

    Raises:
        ValueError: sizes that do not fit together, or p that is not positive and finite.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> lp_pool(jnp.array([3.0, -4.0, 6.0, 8.0])[:, None], 2, (2,)).ravel()
        Array([ 5., 10.], dtype=float32)

    References:
        Sermanet, Chintala and LeCun, "Convolutional neural networks applied to house numbers digit classification",
        ICPR 2012.
    """
    verb = "lp_pool"
    if isinstance(p, int | float) and not 0 < p < np.inf:
        raise ValueError(
            f"{verb}: p={p!r} must be positive and finite; for p = inf there is max_pool(jnp.abs(x), ...)."
        )
    if np.ndim(p):
        raise ValueError(f"{verb}: p must be a number; it has shape {np.shape(p)}.")
    x, wide = with_fractions(verb, x)
    rank = rank_of(verb, "window", window)
    sizes = spatial_sizes(verb, x, rank, f"window={window!r}")
    windows, cropped = place_windows(verb, sizes, window, stride, padding, dilation, ceil_mode=ceil_mode)
    size = jnp.abs(extend(one_batch_axis(x, rank), cropped).astype(wide))
    p = p if isinstance(p, int | float) else jnp.asarray(p, size.dtype)
    sums = total(size**p, windows) * jnp.asarray(windows.taps / _counts(windows, padded=True), size.dtype)
    empty = sums == 0
    y = jnp.where(empty, 0, jnp.where(empty, 1, sums) ** (1 / p))
    return with_batch(y.astype(jnp.finfo(x.dtype).dtype), x, rank)


def with_fractions(verb: str, x: ArrayLike, name: str = "x") -> tuple[Array, DType]:
    """x in a dtype that holds fractions, and the dtype to add in."""
    x = as_array(verb, name, x)
    check_dtype(verb, f"the values of {name}", x.dtype)
    x = x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(float)
    return x, np.dtype(np.float32) if x.dtype.itemsize == 2 else x.dtype


def _counts(windows: Windows, *, padded: bool) -> np.ndarray | int:
    """How many positions every output sees, as [1, *O, 1], or one number if all see as many."""
    counts = reduce(np.multiply.outer, windows.seen(padded=padded))
    return int(counts.flat[0]) if (counts == counts.flat[0]).all() else counts[None, ..., None]


def total(x: Array, windows: Windows) -> Array:
    """The sum over every window, [N, *I, C] to [N, *O, C]."""
    (y,) = pool_axes(
        (x,),
        windows,
        written_out=lambda arrays, part: (_total_of_taps(*arrays, part),),
        outside=(0,),
        join=lambda a, b: (a[0] + b[0],),
    )
    return y


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def _total_of_taps(x: Array, windows: Windows) -> Array:
    return reduce(add, taps(x, windows, 0))


@_total_of_taps.defjvp
def _total_of_taps_jvp(windows: Windows, primals, tangents):
    """The same sum, written so that its transpose is the fast direction."""
    (x,), (x_dot,) = primals, tangents
    y = _total_of_taps(x, windows)

    def back(y_bar: Array) -> Array:
        return overlap_add((y_bar,), lambda k, g: g, windows)

    return y, jax.linear_transpose(back, y)(x_dot)[0]
