"""Patches taken, and added back, window by window and tap by tap."""

from itertools import product

import numpy as np


def unfold(x, window, stride, dilation) -> np.ndarray:
    """Copy what every window sees; x is padded already.

    Args:
      x: padded input, [N, *I, C].
      window: taps per spatial axis.
      stride: steps between windows, per spatial axis.
      dilation: distance between taps, per spatial axis.

    Returns:
      patches, [N, *O, *K, C].

    Example:
      >>> unfold(np.arange(4).reshape(1, 4, 1), (2,), (1,), (2,))[0, ..., 0]
      array([[0, 2],
             [1, 3]])
    """
    x = np.asarray(x)
    outputs = _outputs(x.shape[1:-1], window, stride, dilation)
    patches = np.zeros((x.shape[0], *outputs, *window, x.shape[-1]), x.dtype)
    for o, k, i in _meetings(outputs, window, stride, dilation):
        patches[:, *o, *k] = x[:, *i]
    return patches


def fold(patches, sizes, stride, dilation) -> np.ndarray:
    """Add every patch back to where it was taken from.

    Args:
      patches: [N, *O, *K, C].
      sizes: spatial sizes of the padded input.
      stride: steps between windows, per spatial axis.
      dilation: distance between taps, per spatial axis.

    Returns:
      x, [N, *sizes, C].

    Example:
      >>> fold(np.array([[1, 2], [10, 20]]).reshape(1, 2, 2, 1), (3,), (1,), (1,)).ravel()
      array([ 1, 12, 20])
    """
    patches, rank = np.asarray(patches), len(sizes)
    outputs, window = patches.shape[1 : 1 + rank], patches.shape[1 + rank : -1]
    x = np.zeros((patches.shape[0], *sizes, patches.shape[-1]), patches.dtype)
    for o, k, i in _meetings(outputs, window, stride, dilation):
        x[:, *i] += patches[:, *o, *k]
    return x


def _outputs(sizes, window, stride, dilation) -> tuple[int, ...]:
    named = zip(sizes, window, stride, dilation, strict=True)
    return tuple(len(range(0, n - d * (k - 1), s)) for n, k, s, d in named)


def _meetings(outputs, window, stride, dilation):
    """Yield (o, k, i) with i = s*o + d*k on every axis."""
    for o, k in product(product(*map(range, outputs)), product(*map(range, window))):
        yield o, k, tuple(s * j + d * tap for j, tap, s, d in zip(o, k, stride, dilation, strict=True))
