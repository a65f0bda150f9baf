"""Convolution with kernels that change from example to example."""

from itertools import product

import numpy as np


def dynamic_conv(x, kernel, stride, dilation, groups) -> np.ndarray:
    """Convolve each example with its own kernel; x is padded already.

    Args:
      x: padded input, [N, *I, C].
      kernel: [N, *K, C // groups, M].
      stride: steps between outputs, per spatial axis.
      dilation: distance between taps, per spatial axis.
      groups: independent convolutions side by side.

    Returns:
      y, [N, *O, M].

    Example:
      >>> x, kernel = np.array([[1, 2], [1, 2]]).reshape(2, 2, 1), np.array([[1, 10], [0, 1]]).reshape(2, 2, 1, 1)
      >>> dynamic_conv(x, kernel, (1,), (1,), 1).ravel()
      array([21,  2])
    """
    window, each, made = kernel.shape[1:-2], kernel.shape[-2], kernel.shape[-1]
    named = zip(x.shape[1:-1], window, stride, dilation, strict=True)
    y = np.zeros((len(x), *(len(range(0, n - d * (k - 1), s)) for n, k, s, d in named), made), x.dtype)
    for n, o, k in product(range(len(x)), np.ndindex(y.shape[1:-1]), np.ndindex(window)):
        i = tuple(s * j + d * tap for j, tap, s, d in zip(o, k, stride, dilation, strict=True))
        for m in range(made):
            first = m // (made // groups) * each
            for c in range(each):
                y[(n, *o, m)] += x[(n, *i, first + c)] * kernel[(n, *k, c, m)]
    return y
