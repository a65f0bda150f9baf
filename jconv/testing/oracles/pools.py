"""Pools over windows, over everything, and to a given size, each window walked position by position."""

from collections.abc import Iterator
from itertools import product

import numpy as np


def output_sizes(sizes, window, stride, padding, dilation, *, ceil_mode=False) -> tuple[int, ...]:
    """Count windows one by one, as long as they fit, or as `ceil_mode` lets them reach beyond the padding.

    With `ceil_mode` the last window begins in the input or before it.

    Example:
      >>> [output_sizes((6,), (3,), (2,), ((0, 0),), (1,), ceil_mode=ceil) for ceil in (False, True)]
      [(2,), (3,)]
    """
    found = []
    for n, k, s, (low, high), d in zip(sizes, window, stride, padding, dilation, strict=True):
        outputs, span = 0, d * (k - 1) + 1
        while True:
            start, end = s * outputs - low, s * outputs - low + span
            begun = ceil_mode and start < n and end - s < n + high
            if end > n + high and not begun:
                break
            outputs += 1
        if ceil_mode and s * (outputs - 1) - low >= n:  # PyTorch's rule: no last window begins in the padding
            outputs -= 1
        found.append(outputs)
    return tuple(found)


def max_pool(x, window, stride, padding, dilation, *, ceil_mode=False) -> tuple[np.ndarray, np.ndarray]:
    """Largest value of every window, and its row-major position: of equal ones the first, of NaNs the last.

    Args:
      x: input, [N, *I, C].
      window: taps per spatial axis.
      stride: steps between windows, per spatial axis.
      padding: (low, high) per spatial axis; negative to crop.
      dilation: distance between taps, per spatial axis.
      ceil_mode: whether the last window may reach beyond the padding.

    Returns:
      y and indices, [N, *O, C].

    Example:
      >>> y, at = max_pool(np.array([1, 5, 5, 2]).reshape(1, 4, 1), (2,), (1,), ((0, 0),), (1,))
      >>> y.ravel(), at.ravel()
      (array([5, 5, 5]), array([1, 1, 2]))
    """
    x = np.asarray(x)
    outputs = output_sizes(x.shape[1:-1], window, stride, padding, dilation, ceil_mode=ceil_mode)
    y = np.zeros((x.shape[0], *outputs, x.shape[-1]), x.dtype)
    at = np.zeros(y.shape, np.int64)
    for n, c, o in product(range(x.shape[0]), range(x.shape[-1]), product(*map(range, outputs))):
        best = place = None
        for i in _seen(o, x.shape[1:-1], window, stride, padding, dilation):
            value = x[(n, *i, c)]
            if best is None or value > best or value != value:
                best, place = value, np.ravel_multi_index(i, x.shape[1:-1])
        y[(n, *o, c)], at[(n, *o, c)] = best, place
    return y, at


def max_pool_adjoint(y_bar, indices, sizes) -> np.ndarray:
    """Send a cotangent of y back to the positions that the values came from, [N, *I, C].

    Example:
      >>> max_pool_adjoint(np.array([1.0, 2.0]).reshape(1, 2, 1), np.array([1, 1]).reshape(1, 2, 1), (3,)).ravel()
      array([0., 3., 0.])
    """
    x_bar = np.zeros((y_bar.shape[0], *sizes, y_bar.shape[-1]))
    for at in np.ndindex(y_bar.shape):
        x_bar[(at[0], *np.unravel_index(indices[at], sizes), at[-1])] += y_bar[at]
    return x_bar


def avg_pool(
    x, window, stride, padding, dilation, *, ceil_mode=False, count_include_pad=True, divisor_override=None
) -> np.ndarray:
    """Mean of every window; arguments as in `max_pool`, and those of `jconv.ops.avg_pool`.

    Example:
      >>> avg_pool(np.array([1, 3, 5]).reshape(1, 3, 1), (2,), (1,), ((0, 1),), (1,), count_include_pad=False).ravel()
      array([2., 4., 5.])
    """
    x, sizes = _wide(x), np.shape(x)[1:-1]
    outputs = output_sizes(sizes, window, stride, padding, dilation, ceil_mode=ceil_mode)
    y = np.zeros((x.shape[0], *outputs, x.shape[-1]), x.dtype)
    for o in product(*map(range, outputs)):
        seen = list(_seen(o, sizes, window, stride, padding, dilation))
        for i in seen:
            y[:, *o] += x[:, *i]
        count = len(list(_reached(o, sizes, window, stride, padding, dilation))) if count_include_pad else len(seen)
        y[:, *o] /= count if divisor_override is None else divisor_override
    return y


def lp_pool(x, p, window, stride, padding, dilation, *, ceil_mode=False) -> np.ndarray:
    """p-norm of every window; a tap beyond the padding counts as the mean of the others.

    Example:
      >>> lp_pool(np.array([3, -4]).reshape(1, 2, 1), 2, (2,), (2,), ((0, 0),), (1,)).ravel()
      array([5.])
    """
    powers = np.abs(_wide(x)) ** p
    return (avg_pool(powers, window, stride, padding, dilation, ceil_mode=ceil_mode) * np.prod(window)) ** (1 / p)


def adaptive(x, size, reduce) -> np.ndarray:
    """Reduce the positions from floor(o*I/O) up to, but without, ceil((o+1)*I/O), on every axis.

    Example:
      >>> adaptive(np.arange(5).reshape(1, 5, 1), (2,), np.mean).ravel()
      array([1., 3.])
    """
    x, sizes = _wide(x), np.shape(x)[1:-1]
    y = np.zeros((x.shape[0], *size, x.shape[-1]), np.result_type(x.dtype, np.float64))
    for n, c, o in product(range(x.shape[0]), range(x.shape[-1]), product(*map(range, size))):
        ranges = [range(j * i // k, -(-(j + 1) * i // k)) for j, i, k in zip(o, sizes, size, strict=True)]
        y[(n, *o, c)] = reduce([x[(n, *at, c)] for at in product(*ranges)])
    return y


def _seen(o, sizes, window, stride, padding, dilation) -> Iterator[tuple[int, ...]]:
    """Yield the positions of x that output o sees, in row-major order."""
    for i in _reached(o, sizes, window, stride, padding, dilation):
        kept = (max(0, -low) <= at < n + min(0, high) for at, n, (low, high) in zip(i, sizes, padding, strict=True))
        if all(kept):
            yield i


def _reached(o, sizes, window, stride, padding, dilation) -> Iterator[tuple[int, ...]]:
    """Yield the positions of the padded x that output o sees, in row-major order."""
    for k in product(*map(range, window)):
        named = zip(o, k, stride, dilation, padding, strict=True)
        i = tuple(s * j + d * tap - low for j, tap, s, d, (low, _) in named)
        if all(-low <= at < n + high for at, n, (low, high) in zip(i, sizes, padding, strict=True)):
            yield i


def _wide(x) -> np.ndarray:
    x = np.asarray(x)
    return x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)
