"""Convolution with weights that are not shared."""

import numpy as np


def local_conv(x, kernel, stride, dilation, groups) -> np.ndarray:
    """Multiply what every window sees by the weights of its own output; x is padded already.

    Args:
      x: padded input, [N, *I, C].
      kernel: [*O, *K, C // groups, M].
      stride: steps between outputs, per spatial axis.
      dilation: distance between taps, per spatial axis.
      groups: independent convolutions side by side.

    Returns:
      y, [N, *O, M].

    Example:
      >>> x, kernel = np.array([1, 2, 3]).reshape(1, 3, 1), np.array([[1, 0], [1, 1]]).reshape(2, 2, 1, 1)
      >>> local_conv(x, kernel, (1,), (1,), 1).ravel()
      array([1, 5])
    """
    rank, made, each = len(stride), kernel.shape[-1], kernel.shape[-2]
    outputs, window = kernel.shape[:rank], kernel.shape[rank : 2 * rank]
    y = np.zeros((len(x), *outputs, made), x.dtype)
    for o in np.ndindex(outputs):
        for k in np.ndindex(window):
            i = tuple(s * j + d * tap for j, tap, s, d in zip(o, k, stride, dilation, strict=True))
            for m in range(made):
                first = m // (made // groups) * each
                y[(slice(None), *o, m)] += (
                    x[(slice(None), *i, slice(first, first + each))] @ kernel[(*o, *k, slice(None), m)]
                )
    return y
