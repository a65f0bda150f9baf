"""Convolution of features at two resolutions."""

from itertools import product

import numpy as np


def halved(x) -> np.ndarray:
    """The mean of 2 positions along every spatial axis.

    Args:
      x: [N, *I, C], even sizes.

    Returns:
      [N, *(I / 2), C].

    Example:
      >>> halved(np.array([1, 2, 3, 6]).reshape(1, 4, 1)).ravel()
      array([1.5, 4.5])
    """
    x = np.asarray(x, np.float64)
    y = np.zeros((x.shape[0], *(n // 2 for n in x.shape[1:-1]), x.shape[-1]))
    for i in product(*map(range, x.shape[1:-1])):
        y[:, *(j // 2 for j in i)] += x[:, *i] / 2 ** len(i)
    return y


def same_conv(x, kernel) -> np.ndarray:
    """Convolve with zeros around x, as many outputs as inputs: tap (K - 1) // 2 sees its own position.

    Args:
      x: [N, *I, C].
      kernel: [*K, C, M].

    Returns:
      [N, *I, M].

    Example:
      >>> same_conv(np.array([1, 2]).reshape(1, 2, 1), np.array([1, 10, 100]).reshape(3, 1, 1)).ravel()
      array([210.,  21.])
    """
    x, kernel = np.asarray(x, np.float64), np.asarray(kernel, np.float64)
    window, sizes = kernel.shape[:-2], x.shape[1:-1]
    y = np.zeros((x.shape[0], *sizes, kernel.shape[-1]))
    for o, k in product(product(*map(range, sizes)), product(*map(range, window))):
        i = tuple(j + tap - (size - 1) // 2 for j, tap, size in zip(o, k, window, strict=True))
        if all(0 <= j < n for j, n in zip(i, sizes, strict=True)):
            y[:, *o] += x[:, *i] @ kernel[k]
    return y


def octave_conv(high, low, kernel, low_out) -> tuple[np.ndarray, np.ndarray]:
    """Both resolutions into both, with "same" padding.

    Args:
      high: [N, *I, C1].
      low: [N, *(I / 2), C2].
      kernel: [*K, C1 + C2, M].
      low_out: how many of the M features are low.

    Returns:
      high [N, *I, M - low_out] and low [N, *(I / 2), low_out].

    Example:
      >>> one, kernel = np.ones((1, 2, 1)), np.ones((1, 2, 2))
      >>> [y.ravel() for y in octave_conv(one, one[:, :1], kernel, 1)]
      [array([2., 2.]), array([2.])]
    """
    c, m = np.shape(high)[-1], np.shape(kernel)[-1] - low_out
    from_high, from_low = np.asarray(kernel)[..., :c, :], np.asarray(kernel)[..., c:, :]
    up = same_conv(low, from_low[..., :m])
    for axis in range(1, up.ndim - 1):
        up = np.repeat(up, 2, axis)
    return same_conv(high, from_high[..., :m]) + up, same_conv(low, from_low[..., m:]) + same_conv(
        halved(high), from_high[..., m:]
    )
