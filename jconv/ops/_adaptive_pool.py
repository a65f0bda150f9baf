"""Pools to a given size, whatever the size of the input."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, ArrayLike, Ints
from jconv._verbs.arguments import one_int
from jconv.ops._avg_pool import total, with_fractions
from jconv.ops._max_pool import largest, with_order
from jconv.ops._windows import Windows, one_batch_axis, rank_of, spatial_sizes, with_batch


def adaptive_avg_pool(x: ArrayLike, size: Sequence[int | None]) -> Array:
    """Take means of windows that cover x evenly, so many that y has the size asked for.

    y[o] = mean of x[i] over  floor(o*I/O) <= i < ceil((o+1)*I/O)  on every spatial axis of I inputs and O outputs, as
    in PyTorch. Windows differ in length by one or two where O does not divide I, and overlap.

    Args:
        x: (*batch, *spatial, c), with any number of batch axes, also none.
        size: O per spatial axis, None where the axis is to keep its size; its length is the number of spatial axes.

    Returns:
        (*batch, *size, c), of x's dtype; of integers, floating point. Half types are summed in float32.

    Raises:
        ValueError: x has too few axes, or an empty one.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> adaptive_avg_pool(jnp.arange(5.0)[:, None], (2,)).ravel()
        Array([1., 3.], dtype=float32)

    References:
        He, Zhang, Ren and Sun, "Spatial pyramid pooling in deep convolutional networks", arXiv:1406.4729.
    """
    x, wide = with_fractions("adaptive_avg_pool", x)
    flat, outputs = _checked("adaptive_avg_pool", x, size)

    def mean_of_even(x: Array, windows: Windows) -> Array:
        return total(x, windows) / windows.taps

    def mean_of_uneven(x: Array, windows: Windows, counts: np.ndarray, counted: np.ndarray) -> Array:
        return total(jnp.where(counted, x, 0), windows) / jnp.asarray(counts, wide)

    return with_batch(_adapt(flat.astype(wide), outputs, mean_of_even, mean_of_uneven).astype(x.dtype), x, len(outputs))


def adaptive_max_pool(x: ArrayLike, size: Sequence[int | None]) -> Array:
    """Take the largest values of windows that cover x evenly, so many that y has the size asked for.

    y[o] = max of x[i] over  floor(o*I/O) <= i < ceil((o+1)*I/O)  on every spatial axis of I inputs and O outputs, as
    in PyTorch; of equal values the first gets the gradient.

    Args:
        x: (*batch, *spatial, c), with any number of batch axes, also none.
        size: O per spatial axis, None where the axis is to keep its size; its length is the number of spatial axes.

    Returns:
        (*batch, *size, c), of x's dtype.

    Raises:
        ValueError: x has too few axes, or an empty one.
        TypeError: an argument of the wrong kind, or numbers that have no order.

    Examples:
        >>> import jax.numpy as jnp
        >>> adaptive_max_pool(jnp.arange(5.0)[:, None], (2,)).ravel()
        Array([2., 4.], dtype=float32)

    References:
        He, Zhang, Ren and Sun, "Spatial pyramid pooling in deep convolutional networks", arXiv:1406.4729.
    """
    x = with_order("adaptive_max_pool", x)
    flat, outputs = _checked("adaptive_max_pool", x, size)
    # A position seen twice changes no maximum, and is no first one.
    return with_batch(
        _adapt(flat, outputs, largest, lambda x, windows, counts, counted: largest(x, windows)), x, len(outputs)
    )


def _checked(verb: str, x: Array, size: Any) -> tuple[Array, Ints]:
    """x as [N, *I, C], and the outputs asked for."""
    rank = rank_of(verb, "size", size)
    sizes = spatial_sizes(verb, x, rank, f"size={size!r}")
    if 0 in sizes:
        raise ValueError(f"{verb}: x has no position to pool (x has shape {x.shape}, size={size!r}).")
    named = zip(sizes, size, strict=True)
    outputs = (n if o is None else one_int(verb, f"size[{a}]", o, least=1) for a, (n, o) in enumerate(named))
    return one_batch_axis(x, rank), tuple(outputs)


def _adapt(x: Array, outputs: Ints, even: Callable, uneven: Callable) -> Array:
    """Pool x [N, *I, C] to [N, *O, C], at once where all windows are alike, else the last axis first."""
    sizes = x.shape[1:-1]
    if all(i % o == 0 for i, o in zip(sizes, outputs, strict=True)):
        return even(x, _side_by_side(sizes, outputs, tuple(i // o for i, o in zip(sizes, outputs, strict=True))))
    for axis in reversed(range(len(sizes))):
        x = _along(x, axis, outputs[axis], even, uneven)
    return x


def _along(x: Array, axis: int, outputs: int, even: Callable, uneven: Callable) -> Array:
    """Pool one spatial axis; windows of several lengths are laid out side by side, all as long as the longest."""
    size = x.shape[1 + axis]
    first = np.arange(outputs) * size // outputs
    end = -(-np.arange(1, outputs + 1) * size // outputs)
    longest = int((end - first).max())
    at = first[:, None] + np.arange(longest)
    if size % outputs:
        x = jnp.take(x, np.minimum(at, end[:, None] - 1).ravel(), axis=1 + axis)
    sizes = list(x.shape[1:-1])
    pooled, window = [*sizes], [1] * len(sizes)
    pooled[axis], window[axis] = outputs, longest
    windows = _side_by_side(tuple(sizes), tuple(pooled), tuple(window))
    if size % outputs == 0:
        return even(x, windows)
    shape = [1] * x.ndim
    shape[1 + axis] = -1
    return uneven(x, windows, (end - first).reshape(shape), (at < end[:, None]).reshape(shape))


def _side_by_side(sizes: Ints, outputs: Ints, window: Ints) -> Windows:
    ones, zeros = (1,) * len(sizes), (0,) * len(sizes)
    return Windows(sizes, window, outputs, stride=window, dilation=ones, low=zeros, high=zeros)
