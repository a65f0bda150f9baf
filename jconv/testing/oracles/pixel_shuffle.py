"""Channels moved into space, one by one."""

from itertools import product

import numpy as np


def pixel_shuffle(x, factor) -> np.ndarray:
    """Put channel c*F + r of position i at channel c of position f*i + r, where r counts a cell in row-major order.

    Args:
      x: [N, *I, C * F] with F = prod(factor).
      factor: the size of a cell, per spatial axis.

    Returns:
      y, [N, *(I * factor), C].

    Example:
      >>> pixel_shuffle(np.arange(4).reshape(1, 2, 2), (2,)).ravel()
      array([0, 1, 2, 3])
    """
    x = np.asarray(x)
    cell = int(np.prod(factor))
    y = np.zeros(
        (x.shape[0], *(n * f for n, f in zip(x.shape[1:-1], factor, strict=True)), x.shape[-1] // cell), x.dtype
    )
    for i in product(*map(range, x.shape[1:-1])):
        for r, within in enumerate(product(*map(range, factor))):
            at = tuple(f * a + b for f, a, b in zip(factor, i, within, strict=True))
            for c in range(y.shape[-1]):
                y[:, *at, c] = x[:, *i, c * cell + r]
    return y
