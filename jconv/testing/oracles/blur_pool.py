"""Blur by a row of Pascal's triangle, then keep some positions."""

from itertools import product
from math import comb

import numpy as np


def blur_pool(x, window, stride) -> np.ndarray:
    """Weigh what every window sees by binomial coefficients that sum to one; x is padded already.

    Args:
      x: padded input, [N, *I, C].
      window: taps per spatial axis.
      stride: steps between outputs, per spatial axis.

    Returns:
      y, [N, *O, C].

    Example:
      >>> blur_pool(np.array([0.0, 4.0, 0.0, 4.0]).reshape(1, 4, 1), (3,), (1,)).ravel()
      array([2., 2.])
    """
    x = np.asarray(x, np.float64)
    outputs = tuple(len(range(0, n - k + 1, s)) for n, k, s in zip(x.shape[1:-1], window, stride, strict=True))
    y = np.zeros((x.shape[0], *outputs, x.shape[-1]))
    for o, taps in product(product(*map(range, outputs)), product(*map(range, window))):
        weight = np.prod([comb(k - 1, tap) / 2 ** (k - 1) for k, tap in zip(window, taps, strict=True)])
        y[:, *o] += weight * x[:, *(s * j + tap for s, j, tap in zip(stride, o, taps, strict=True))]
    return y
