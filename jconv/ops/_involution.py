"""Convolution with a kernel of its own at every position, shared by channels: involution, and CARAFE's upsampling."""

from collections.abc import Sequence
from functools import partial, reduce
from operator import add

import jax
import jax.numpy as jnp
import numpy as np

from jconv._equation.dtypes import wider
from jconv._typing import Array, ArrayLike, IntOrInts, Ints, Padding, PaddingMode
from jconv._verbs.arguments import as_array, axis_ints, common_dtype
from jconv._verbs.boundary import pad_boundary
from jconv.ops._taps import overlap_add, taps
from jconv.ops._windows import Windows, one_batch_axis, place_padded, rank_of


def involution(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    stride: IntOrInts = 1,
    padding: Padding = "SAME",
    dilation: IntOrInts = 1,
    padding_mode: PaddingMode | str | tuple[str, ...] = "zeros",
) -> Array:
    """Convolve every position with a kernel of its own, which the channels of a group share.

    y[o, c] = sum over k of  x[s*o + d*k - lo, c] * kernel[o, k, g],  g = c // (C // groups), on every spatial axis,
    with stride s, dilation d and low padding lo: the opposite of a convolution, which shares its kernel over
    positions and not over channels. A network computes the kernel from x.

    Args:
        x: (*batch, *spatial, c), with any number of batch axes, also none.
        kernel: (*batch, *outputs, *window, groups), where groups divides c.
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`.
        dilation: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`.

    Returns:
        (*batch, *outputs, c), in the dtype that both are promoted to. Half types are summed in float32.

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.

    Examples:
        >>> import jax.numpy as jnp
        >>> x = jnp.array([1.0, 2.0, 4.0])[:, None]
        >>> previous, next = jnp.array([1.0, 0.0, 0.0]), jnp.array([0.0, 0.0, 1.0])
        >>> involution(x, jnp.stack([next, next, previous])[..., None]).ravel()
        Array([2., 4., 2.], dtype=float32)

    References:
        Li et al., "Involution: inverting the inherence of convolution for visual recognition", arXiv:2103.06255.
        Wu et al., "Pay less attention with lightweight and dynamic convolutions", arXiv:1901.10430 (in 1-D).
    """
    verb = "involution"
    x, kernel = as_array(verb, "x", x), as_array(verb, "kernel", kernel)
    rank = kernel.ndim - x.ndim
    if rank < 1 or x.ndim < rank + 1:
        raise ValueError(
            f"{verb}: kernel must be (*batch, *outputs, *window, groups) for x (*batch, *spatial, c), so that it has a "
            f"window axis more per spatial axis; they have shapes {kernel.shape} and {x.shape}."
        )
    window = kernel.shape[x.ndim - 1 : -1]
    sizes = x.shape[x.ndim - rank - 1 : -1]
    windows, pairs, modes = place_padded(verb, sizes, window, stride, padding, dilation, padding_mode)
    return _by_position(verb, x, kernel, windows, pairs, modes, (1,) * rank)


def carafe(
    x: ArrayLike,
    kernel: ArrayLike,
    window: Sequence[int],
    *,
    padding_mode: PaddingMode | str | tuple[str, ...] = "zeros",
) -> Array:
    """Upsample by kernels of one's own: every new position is a weighted sum around its old one.

    y[f*i + r, c] = sum over k of  x[i + k - (K - 1) // 2, c] * kernel[f*i + r, k, g],  g = c // (C // groups), on every
    spatial axis, with 0 <= r < f and the factor f = outputs / inputs. A network computes the kernel from x, and
    CARAFE normalises it by jax.nn.softmax over the taps.

    Args:
        x: (*batch, *spatial, c), with any number of batch axes, also none.
        kernel: (*batch, *outputs, prod(window) * groups), taps in row-major order and the groups of a tap together,
            where groups divides c and spatial divides outputs.
        window: taps per spatial axis; its length is the number of spatial axes.
        padding_mode: as in `jconv.conv`.

    Returns:
        (*batch, *outputs, c), in the dtype that both are promoted to. Half types are summed in float32.

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.

    Examples:
        >>> import jax.numpy as jnp
        >>> x = jnp.array([1.0, 2.0])[:, None]
        >>> copy, mean = jnp.array([0.0, 1.0, 0.0]), jnp.array([0.0, 0.5, 0.5])
        >>> carafe(x, jnp.stack([copy, mean, copy, mean]), (3,)).ravel()
        Array([1. , 1.5, 2. , 1. ], dtype=float32)

    References:
        Wang et al., "CARAFE: content-aware reassembly of features", arXiv:1905.02188.
    """
    verb = "carafe"
    x, kernel, rank = as_array(verb, "x", x), as_array(verb, "kernel", kernel), rank_of(verb, "window", window)
    window = axis_ints(verb, "window", window, rank, least=1)
    sizes, outputs = x.shape[x.ndim - rank - 1 : -1], kernel.shape[x.ndim - rank - 1 : -1]
    fits = kernel.ndim == x.ndim > rank and not kernel.shape[-1] % int(np.prod(window))
    if not fits or any(n == 0 or o % n for o, n in zip(outputs, sizes, strict=True)):
        raise ValueError(
            f"{verb}: kernel must be (*batch, *outputs, prod(window) * groups) for x (*batch, *spatial, c) and "
            f"window={window}, its outputs multiples of the spatial sizes; they have shapes {kernel.shape} and "
            f"{x.shape}."
        )
    windows, pairs, modes = place_padded(verb, sizes, window, 1, "SAME", 1, padding_mode)
    factor = tuple(o // n for o, n in zip(outputs, sizes, strict=True))
    kernel = kernel.reshape(*kernel.shape[:-1], *window, kernel.shape[-1] // int(np.prod(window)))
    return _by_position(verb, x, kernel, windows, pairs, modes, factor)


def _by_position(verb: str, x: Array, kernel: Array, windows: Windows, pairs, modes, factor: Ints) -> Array:
    """y (*batch, *(O * factor), C) from x (*batch, *I, C) and kernel (*batch, *(O * factor), *K, G)."""
    rank, c, groups = windows.rank, x.shape[-1], kernel.shape[-1]
    batch = x.shape[: x.ndim - rank - 1]
    made = tuple(o * f for o, f in zip(windows.outputs, factor, strict=True))
    if kernel.shape != (*batch, *made, *windows.window, groups) or groups == 0 or c % groups:
        raise ValueError(
            f"{verb}: kernel must be (*batch, *outputs, *window, groups) = {(*batch, *made, *windows.window)} and a "
            f"divisor of the c={c} channels of x; it has shape {kernel.shape} (x has shape {x.shape})."
        )
    dtype = common_dtype(verb, "x", x, kernel)
    wide = wider(dtype, np.dtype(np.float32)) if jnp.issubdtype(dtype, jnp.inexact) else dtype
    x = pad_boundary(one_batch_axis(x, rank)[..., None], pairs, modes)[..., 0]
    # Positions made of one output lie side by side: [N, *O, F, K, G].
    cells = [n for pair in zip(windows.outputs, factor, strict=True) for n in pair]
    kernel = kernel.reshape(x.shape[0], *cells, windows.taps, groups)
    order = (0, *range(1, 2 * rank, 2), *range(2, 2 * rank + 1, 2), 2 * rank + 1, 2 * rank + 2)
    kernel = kernel.transpose(order).reshape(x.shape[0], *windows.outputs, int(np.prod(factor)), windows.taps, groups)
    y = _weighted(x.astype(wide), kernel.astype(wide), windows).astype(dtype)
    y = y.reshape(x.shape[0], *windows.outputs, *factor, c)
    back = [axis for a in range(rank) for axis in (1 + a, 1 + rank + a)]
    return y.transpose(0, *back, 2 * rank + 1).reshape(*batch, *made, c)


@partial(jax.custom_jvp, nondiff_argnums=(2,))
def _weighted(x: Array, kernel: Array, windows: Windows) -> Array:
    """[N, *O, F, C], the sum over taps of x [N, *I, C] times kernel [N, *O, F, K, G]."""
    *outer, made, k, groups = kernel.shape
    each = (groups, x.shape[-1] // groups)
    parts = (part.reshape(*outer, made, groups, 1) for part in jnp.split(kernel, k, -2))
    seen = (tap.reshape(*outer, 1, *each) for tap in taps(x, windows, 0))
    y = reduce(add, (a * b for a, b in zip(seen, parts, strict=True)))
    return y.reshape(*outer, made, x.shape[-1])


@_weighted.defjvp
def _weighted_jvp(windows: Windows, primals, tangents):
    """The same in both arguments; that in x written so that its transpose is the fast direction."""
    (x, kernel), (x_dot, kernel_dot) = primals, tangents
    y = _weighted(x, kernel, windows)
    *outer, made, k, groups = kernel.shape

    def term(tap: int, y_bar: Array, weights: Array) -> Array:
        outer = y_bar.shape[:-1]
        weights = weights.reshape(*outer, made, k, groups, 1)[..., tap, :, :]
        return (y_bar.reshape(*outer, made, groups, -1) * weights).sum(-3).reshape(*outer, -1)

    def back(y_bar: Array) -> Array:
        flat = (y_bar.reshape(*outer, -1), kernel.reshape(*outer, -1))
        return overlap_add(flat, term, windows)

    return y, jax.linear_transpose(back, y)(x_dot)[0] + _weighted(x, kernel_dot, windows)
