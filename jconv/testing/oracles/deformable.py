"""Convolution with taps between the positions."""

from itertools import product

import numpy as np


def deformable_conv(x, kernel, offsets, mask, stride, low, outputs, dilation, groups) -> np.ndarray:
    """Sample x where every tap looks, then sum; zeros beyond the border.

    Args:
      x: input, [N, *I, C].
      kernel: [*K, C // groups, M].
      offsets: [N, *O, G * K * rank].
      mask: [N, *O, G * K].
      stride: steps between outputs, per spatial axis.
      low: zeros before the first input, per spatial axis.
      outputs: sizes of y, per spatial axis.
      dilation: distance between taps, per spatial axis.
      groups: independent convolutions side by side.

    Returns:
      y, [N, *O, M].

    Example:
      >>> x, kernel, offsets = np.array([0.0, 2.0, 6.0]).reshape(1, 3, 1), np.ones((1, 1, 1)), np.array([0.5, -1, 0.25])
      >>> deformable_conv(x, kernel, offsets.reshape(1, 3, 1), np.ones((1, 3, 1)), (1,), (0,), (3,), (1,), 1).ravel()
      array([1. , 0. , 4.5])
    """
    window, each, made = kernel.shape[:-2], kernel.shape[-2], kernel.shape[-1]
    rank, c = len(window), x.shape[-1]
    offsets = offsets.reshape(len(x), *outputs, -1, *window, rank)
    mask = mask.reshape(len(x), *outputs, -1, *window)
    shared = c // mask.shape[-rank - 1]
    y = np.zeros((len(x), *outputs, made), np.result_type(x, kernel))
    for n, o, k, channel in product(range(len(x)), np.ndindex(tuple(outputs)), np.ndindex(window), range(c)):
        moved = offsets[(n, *o, channel // shared, *k)]
        at = [
            s * j + d * tap - lo + move
            for j, tap, s, d, lo, move in zip(o, k, stride, dilation, low, moved, strict=True)
        ]
        seen = mask[(n, *o, channel // shared, *k)] * interpolated(x[n, ..., channel], at)
        group = channel // each
        for m in range(group * made // groups, (group + 1) * made // groups):
            y[(n, *o, m)] += seen * kernel[(*k, channel % each, m)]
    return y


def interpolated(x, at):
    """The value of x [*I] at a point, linear on every axis between positions, with zeros beyond the border."""
    total = 0.0
    for i in np.ndindex(x.shape):
        share = 1.0
        for position, point in zip(i, at, strict=True):
            share *= max(0.0, 1.0 - abs(position - point))
        total = total + share * x[i]
    return total
