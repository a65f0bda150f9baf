"""Convolution with kernels that change from position to position, and upsampling by them."""

import numpy as np


def involution(x, kernel, stride, dilation) -> np.ndarray:
    """Sum what every window sees by weights of its own; x is padded already.

    Args:
      x: padded input, [N, *I, C].
      kernel: [N, *O, *K, G].
      stride: steps between outputs, per spatial axis.
      dilation: distance between taps, per spatial axis.

    Returns:
      y, [N, *O, C].

    Example:
      >>> x, kernel = np.array([1, 2, 3]).reshape(1, 3, 1), np.array([[1, 0], [1, 1]]).reshape(1, 2, 2, 1)
      >>> involution(x, kernel, (1,), (1,)).ravel()
      array([1, 5])
    """
    rank, c = len(stride), x.shape[-1]
    outputs, window, groups = kernel.shape[1 : 1 + rank], kernel.shape[1 + rank : -1], kernel.shape[-1]
    y = np.zeros((len(x), *outputs, c), x.dtype)
    for o in np.ndindex(outputs):
        for k in np.ndindex(window):
            i = tuple(s * j + d * tap for j, tap, s, d in zip(o, k, stride, dilation, strict=True))
            for channel in range(c):
                y[(slice(None), *o, channel)] += (
                    x[(slice(None), *i, channel)] * kernel[(slice(None), *o, *k, channel // (c // groups))]
                )
    return y


def carafe(x, kernel, window) -> np.ndarray:
    """Upsample: every new position sums around its old one by weights of its own; x is padded already.

    Args:
      x: padded input, [N, *(I + K - 1), C].
      kernel: [N, *(I * factor), K * G].
      window: taps per spatial axis.

    Returns:
      y, [N, *(I * factor), C].

    Example:
      >>> x, kernel = np.array([1, 2, 3]).reshape(1, 3, 1), np.array([[1, 0], [0, 1], [1, 1], [2, 0]])[None]
      >>> carafe(x, kernel, (2,)).ravel()
      array([1, 2, 5, 4])
    """
    c, outputs = x.shape[-1], kernel.shape[1:-1]
    kernel = kernel.reshape(*kernel.shape[:-1], *window, -1)
    y = np.zeros((len(x), *outputs, c), x.dtype)
    for o in np.ndindex(outputs):
        for k in np.ndindex(tuple(window)):
            old = (
                j * (n - taps + 1) // made for j, n, taps, made in zip(o, x.shape[1:-1], window, outputs, strict=True)
            )
            i = tuple(j + tap for j, tap in zip(old, k, strict=True))
            for channel in range(c):
                group = channel // (c // kernel.shape[-1])
                y[(slice(None), *o, channel)] += x[(slice(None), *i, channel)] * kernel[(slice(None), *o, *k, group)]
    return y
