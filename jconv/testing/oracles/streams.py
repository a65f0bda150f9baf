"""Causal convolutions as sums over what may be seen: transposed, and packed."""

from itertools import product

import numpy as np


def causal_conv_transpose(x, kernel, stride, dilation) -> np.ndarray:
    """Every input adds a kernel to the output, from its own place in time on; other axes are as long as it takes.

    Args:
      x: [N, T, *I, M].
      kernel: [*K, C, M].
      stride: outputs per input, in time first.
      dilation: distance between taps, in time first.

    Returns:
      y, [N, stride * T, *O, C], O = stride * (I - 1) + dilation * (K - 1) + 1.

    Example:
      >>> kernel = np.array([1, 10, 100]).reshape(3, 1, 1)
      >>> causal_conv_transpose(np.array([1, 2]).reshape(1, 2, 1), kernel, (2,), (1,)).ravel()
      array([  1.,  10., 102.,  20.])
    """
    x, kernel = np.asarray(x, np.float64), np.asarray(kernel, np.float64)
    window, sizes = kernel.shape[:-2], x.shape[1:-1]
    named = zip(sizes[1:], window[1:], stride[1:], dilation[1:], strict=True)
    outputs = (stride[0] * sizes[0], *(s * (n - 1) + d * (k - 1) + 1 for n, k, s, d in named))
    y = np.zeros((x.shape[0], *outputs, kernel.shape[-2]))
    for i, k in product(product(*map(range, sizes)), product(*map(range, window))):
        p = tuple(s * j + d * tap for j, tap, s, d in zip(i, k, stride, dilation, strict=True))
        if p[0] < outputs[0]:
            y[:, *p] += x[:, *i] @ kernel[k].T
    return y


def packed_conv(x, kernel, segment_ids, dilation, causal) -> np.ndarray:
    """Convolve what has the output's own id; zeros elsewhere, other axes padded already.

    Args:
      x: [N, T, *I, C].
      kernel: [*K, C, M].
      segment_ids: [N, T].
      dilation: distance between taps, in time first.
      causal: whether the last tap sees the present, else the middle one.

    Returns:
      y, [N, T, *O, M].

    Example:
      >>> x, kernel = np.array([1, 2, 4]).reshape(1, 3, 1), np.array([10, 1]).reshape(2, 1, 1)
      >>> packed_conv(x, kernel, np.array([[0, 0, 1]]), (1,), True).ravel()
      array([ 1., 12.,  4.])
    """
    x, kernel, ids = np.asarray(x, np.float64), np.asarray(kernel, np.float64), np.asarray(segment_ids)
    window, length = kernel.shape[:-2], x.shape[1]
    others = [n - d * (k - 1) for n, k, d in zip(x.shape[2:-1], window[1:], dilation[1:], strict=True)]
    before = dilation[0] * (window[0] - 1) // (1 if causal else 2)
    y = np.zeros((x.shape[0], length, *others, kernel.shape[-1]))
    for n, t, o, k in product(
        range(x.shape[0]), range(length), product(*map(range, others)), product(*map(range, window))
    ):
        seen = t + dilation[0] * k[0] - before
        if 0 <= seen < length and ids[n, seen] == ids[n, t]:
            i = (j + d * tap for j, tap, d in zip(o, k[1:], dilation[1:], strict=True))
            y[n, t, *o] += x[n, seen, *i] @ kernel[k]
    return y
