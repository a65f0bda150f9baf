"""Windows laid out side by side, and added back where they came from."""

from collections.abc import Sequence
from functools import partial
from math import prod

import jax
import jax.numpy as jnp

from jconv._typing import Array, ArrayLike, IntOrInts, Padding, PaddingMode, Pairs
from jconv._verbs.arguments import as_array, axis_ints
from jconv._verbs.boundary import fold_boundary, pad_boundary
from jconv.ops._taps import overlap_add, taps
from jconv.ops._windows import Windows, one_batch_axis, place_padded, rank_of, spatial_sizes


def unfold(
    x: ArrayLike,
    window: Sequence[int],
    *,
    stride: IntOrInts = 1,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    padding_mode: PaddingMode | str | tuple[str, ...] = "zeros",
) -> Array:
    """Lay out what every window sees, also known as im2col and patch extraction.

    y[o, k, c] = x[s*o + d*k - lo, c]  on every spatial axis, with stride s, dilation d and low padding lo. With it
    conv(x, kernel) = tensordot(unfold(x, window), kernel, rank + 1). PyTorch's has the axes (c, *window) made one, and
    before the outputs.

    Args:
        x: (*batch, *spatial, c), with any number of batch axes, also none.
        window: taps per spatial axis; its length is the number of spatial axes.
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`.
        dilation: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`.

    Returns:
        (*batch, *outputs, *window, c), of x's dtype.

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> unfold(jnp.arange(5)[:, None], (3,))[..., 0]
        Array([[0, 1, 2],
               [1, 2, 3],
               [2, 3, 4]], dtype=int32)

    References:
        Chellapilla, Puri and Simard, "High performance convolutional neural networks for document processing", 2006.
    """
    x, rank = as_array("unfold", "x", x), rank_of("unfold", "window", window)
    sizes = spatial_sizes("unfold", x, rank, f"window={window!r}")
    placed = place_padded("unfold", sizes, window, stride, padding, dilation, padding_mode)
    y = _unfold(one_batch_axis(x, rank), *placed)
    return y.reshape(*x.shape[: x.ndim - rank - 1], *y.shape[1:])


def fold(
    patches: ArrayLike,
    size: Sequence[int],
    *,
    stride: IntOrInts = 1,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    padding_mode: PaddingMode | str | tuple[str, ...] = "zeros",
) -> Array:
    """Add patches up where `unfold` with the same arguments takes them from: its adjoint, also known as overlap-add.

    x[i, c] = sum over (o, k) with  i = s*o + d*k - lo  of  patches[o, k, c]  on every spatial axis, so that
    sum of unfold(x) * patches  =  sum of x * fold(patches)  for every x.

    Args:
        patches: (*batch, *outputs, *window, c), as `unfold` gives it.
        size: the spatial sizes of the result, which is what `unfold` was applied to.
        stride: as in `unfold`.
        padding: as in `unfold`.
        dilation: as in `unfold`.
        padding_mode: as in `unfold`.

    Returns:
        (*batch, *size, c), of the dtype of patches.

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> patches = jnp.array([[1, 2], [10, 20]])[..., None]
        >>> fold(patches, (3,)).ravel()
        Array([ 1, 12, 20], dtype=int32)

    References:
        Allen and Rabiner, "A unified approach to short-time Fourier analysis and synthesis", 1977.
    """
    patches, rank = as_array("fold", "patches", patches), rank_of("fold", "size", size)
    size = axis_ints("fold", "size", size, rank, least=0)
    if patches.ndim < 2 * rank + 1:
        raise ValueError(
            f"fold: patches must be (*batch, *outputs, *window, channels) with {rank} spatial axes, as size={size} "
            f"says; they have shape {patches.shape}."
        )
    first = patches.ndim - 2 * rank - 1
    batch, outputs, window = (
        patches.shape[:first],
        patches.shape[first : first + rank],
        patches.shape[first + rank : -1],
    )
    placed = place_padded("fold", size, window, stride, padding, dilation, padding_mode)
    if outputs != placed[0].outputs:
        raise ValueError(
            f"fold: of size={size}, unfold makes {placed[0].outputs} patches, and here are {outputs} (patches have "
            f"shape {patches.shape}, stride={stride!r}, padding={padding!r}, dilation={dilation!r})."
        )
    x = _fold(patches.reshape(prod(batch), *patches.shape[first:]), *placed)
    return x.reshape(*batch, *x.shape[1:])


def _lay_out(x: Array, windows: Windows, pairs: Pairs, modes: tuple[str, ...]) -> Array:
    """[N, *I, C] to [N, *O, *K, C]: along one axis after the other, the last first, taps become channels."""
    c = x.shape[-1]
    x = pad_boundary(x[..., None], pairs, modes)[..., 0]
    for axis in reversed(range(windows.rank)):
        x = jnp.concatenate(taps(x, windows.along(axis), 0), -1)
    return x.reshape(*x.shape[:-1], *windows.window, c)


def _add_up(patches: Array, windows: Windows, pairs: Pairs, modes: tuple[str, ...]) -> Array:
    """[N, *O, *K, C] to [N, *I, C]: the same backwards."""
    x = patches.reshape(*patches.shape[: windows.rank + 1], prod(patches.shape[windows.rank + 1 :]))
    for axis, k in enumerate(windows.window):
        c = x.shape[-1] // k
        x = overlap_add((x,), lambda tap, x, c=c: x[..., tap * c : (tap + 1) * c], windows.along(axis))
    return fold_boundary(x[..., None], pairs, modes)[..., 0]


# Both are linear, and the transpose of either is the other: that is said to JAX, which would else derive slower ones.
_unfold = jax.custom_jvp(_lay_out, nondiff_argnums=(1, 2, 3))
_fold = jax.custom_jvp(_add_up, nondiff_argnums=(1, 2, 3))


@_unfold.defjvp
def _unfold_jvp(windows: Windows, pairs: Pairs, modes: tuple[str, ...], primals, tangents):
    y = _unfold(*primals, windows, pairs, modes)
    back = partial(_add_up, windows=windows, pairs=pairs, modes=modes)
    return y, jax.linear_transpose(back, y)(*tangents)[0]


@_fold.defjvp
def _fold_jvp(windows: Windows, pairs: Pairs, modes: tuple[str, ...], primals, tangents):
    x = _fold(*primals, windows, pairs, modes)
    back = partial(_lay_out, windows=windows, pairs=pairs, modes=modes)
    return x, jax.linear_transpose(back, x)(*tangents)[0]
