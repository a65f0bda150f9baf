"""Largest values put back where they stood."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, ArrayLike, IntOrInts, Padding
from jconv._verbs.arguments import as_array, axis_ints
from jconv.ops._max_pool import places
from jconv.ops._taps import overlap_add, taps
from jconv.ops._windows import Windows, extend, one_batch_axis, place_windows, rank_of, with_batch


def max_unpool(
    y: ArrayLike,
    indices: ArrayLike,
    window: Sequence[int],
    *,
    size: Sequence[int],
    stride: IntOrInts | None = None,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    ceil_mode: bool = False,
) -> Array:
    """Put values back where `max_pool_with_indices` with the same arguments found the largest; 0 elsewhere.

    x[indices[o]] = y[o]  for every output o, where indices count positions in row-major order. Where windows overlap
    and several outputs name one position, the value of the last window stands. An index outside of its own window
    names nothing.

    Args:
        y: (*batch, *outputs, c), with any number of batch axes, also none.
        indices: integers of y's shape.
        window: as in `max_pool`.
        size: the spatial sizes of the result, which is what was pooled.
        stride: as in `max_pool`.
        padding: as in `max_pool`.
        dilation: as in `max_pool`.
        ceil_mode: as in `max_pool`.

    Returns:
        (*batch, *size, c), of y's dtype.

    Raises:
        ValueError: shapes or sizes that do not fit together.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> max_unpool(jnp.array([5, 4])[:, None], jnp.array([1, 3])[:, None], (2,), size=(4,)).ravel()
        Array([0, 5, 0, 4], dtype=int32)

    References:
        Zeiler and Fergus, "Visualizing and understanding convolutional networks", arXiv:1311.2901.
    """
    verb, rank = "max_unpool", rank_of("max_unpool", "window", window)
    y, indices = as_array(verb, "y", y), as_array(verb, "indices", indices)
    size = axis_ints(verb, "size", size, rank, least=1)
    windows, cropped = place_windows(verb, size, window, stride, padding, dilation, ceil_mode=ceil_mode)
    if not jnp.issubdtype(indices.dtype, jnp.integer):
        raise TypeError(f"{verb}: indices must be integers; they have dtype {indices.dtype}.")
    if indices.shape != y.shape:
        raise ValueError(f"{verb}: indices must have the shape of y, {y.shape}; they have {indices.shape}.")
    if y.ndim < rank + 1 or y.shape[y.ndim - rank - 1 : -1] != windows.outputs:
        raise ValueError(
            f"{verb}: of size={size}, max_pool makes {windows.outputs} outputs; y must be (*batch, *outputs, channels) "
            f"and has shape {y.shape} (window={window!r}, stride={stride!r}, padding={padding!r}, "
            f"dilation={dilation!r}, ceil_mode={ceil_mode!r})."
        )
    x = _put_back(one_batch_axis(y, rank), one_batch_axis(indices, rank), extend(places(size), cropped), windows)
    return with_batch(extend(x, tuple((-lo, -hi) for lo, hi in cropped)), y, rank)


def _put_back(y: Array, indices: Array, places: Array, windows: Windows) -> Array:
    """[N, *O, C] to [N, *I, C]."""
    tap = jnp.zeros(y.shape, np.int32)  # the tap that sees the place, counted from 1; 0 if none does
    for number, seen in enumerate(taps(places, windows, -1), start=1):
        tap = jnp.where(indices == seen, number, tap)

    def term(number: int, y: Array, tap: Array) -> tuple[Array, Array]:
        return tap == number + 1, y

    def join(later: tuple[Array, Array], earlier: tuple[Array, Array]) -> tuple[Array, Array]:
        """Windows further on see a position by an earlier tap."""
        (named, value), (also_named, other) = later, earlier
        return named | also_named, jnp.where(named, value, other)

    return overlap_add((y, tap), term, windows, join, lambda pair: jnp.where(pair[0], pair[1], 0))
