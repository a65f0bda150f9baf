"""Convolution that sees what comes earlier in an order."""

from itertools import product

import numpy as np


def masked_conv(x, kernel, order, kind, colours, dilation, groups) -> np.ndarray:
    """Sum over the inputs that an output may depend on, each met with its tap.

    Args:
      x: input, [N, *I, C].
      kernel: [*K, C // groups, M].
      order: when each position comes, [*I].
      kind: "A" or "B".
      colours: blocks of channels, one after the other.
      dilation: distance between taps, per spatial axis.
      groups: independent convolutions side by side.

    Returns:
      y, [N, *I, M].

    Example:
      >>> masked_conv(np.array([1, 2, 4]).reshape(1, 3, 1), np.ones((3, 1, 1)), np.arange(3), "A", 1, (1,), 1).ravel()
      array([0., 1., 2.])
    """
    window, each, made, c = kernel.shape[:-2], kernel.shape[-2], kernel.shape[-1], x.shape[-1]
    y = np.zeros((*x.shape[:-1], made), np.result_type(x, kernel))
    for o, k in product(np.ndindex(x.shape[1:-1]), np.ndindex(window)):
        i = tuple(j + d * (tap - size // 2) for j, tap, size, d in zip(o, k, window, dilation, strict=True))
        if not all(0 <= j < n for j, n in zip(i, x.shape[1:-1], strict=True)):
            continue
        for m in range(made):
            for channel in range(m // (made // groups) * each, (m // (made // groups) + 1) * each):
                read, written = channel // (c // colours), m // (made // colours)
                same = i == o and (read < written or (kind == "B" and read == written))
                if order[i] < order[o] or same:
                    y[(slice(None), *o, m)] += x[(slice(None), *i, channel)] * kernel[(*k, channel % each, m)]
    return y
