"""Convolution of what is there."""

from itertools import product

import numpy as np


def partial_conv(x, kernel, mask, bias, stride, dilation, groups) -> tuple[np.ndarray, np.ndarray]:
    """Sum what is there in every window, divided by the part of the window that is; x and mask are padded already.

    Args:
      x: padded input, [N, *I, C].
      kernel: [*K, C // groups, M].
      mask: 0 or 1, padded with 0, [N, *I, 1] or [N, *I, C].
      bias: [M].
      stride: steps between outputs, per spatial axis.
      dilation: distance between taps, per spatial axis.
      groups: independent convolutions side by side.

    Returns:
      y, [N, *O, M], and what is there of it, [N, *O, M].

    Example:
      >>> x, mask = np.array([1, 9, 4, 9, 9]).reshape(1, 5, 1), np.array([1, 0, 1, 0, 0]).reshape(1, 5, 1)
      >>> y, there = partial_conv(x, np.ones((2, 1, 1)), mask, np.zeros(1), (1,), (1,), 1)
      >>> y.ravel(), there.ravel()
      (array([2., 8., 8., 0.]), array([1., 1., 1., 0.]))
    """
    window, each, made = kernel.shape[:-2], kernel.shape[-2], kernel.shape[-1]
    named = zip(x.shape[1:-1], window, stride, dilation, strict=True)
    outputs = tuple(len(range(0, n - d * (k - 1), s)) for n, k, s, d in named)
    y, there = np.zeros((len(x), *outputs, made)), np.zeros((len(x), *outputs, made))
    mask = np.broadcast_to(mask, x.shape)
    for n, o, m in product(range(len(x)), np.ndindex(outputs), range(made)):
        total = seen = places = 0
        for k, c in product(np.ndindex(window), range(each)):
            i = tuple(s * j + d * tap for j, tap, s, d in zip(o, k, stride, dilation, strict=True))
            channel = m // (made // groups) * each + c
            places += 1
            if mask[(n, *i, channel)]:
                seen += 1
                total += x[(n, *i, channel)] * kernel[(*k, c, m)]
        if seen:
            y[(n, *o, m)], there[(n, *o, m)] = total * places / seen + bias[m], 1
    return y, there
