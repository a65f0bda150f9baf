"""Convolutions in costume, each as the sum that its docstring gives."""

from itertools import product

import numpy as np


def depthwise_conv(x, kernel, stride, dilation) -> np.ndarray:
    """Convolve channel c with the kernels c*m to c*m + m - 1; x is padded already.

    Args:
      x: padded input, [N, *I, C].
      kernel: [*K, 1, C * m].
      stride: steps between outputs, per spatial axis.
      dilation: distance between taps, per spatial axis.

    Returns:
      y, [N, *O, C * m].

    Example:
      >>> x, kernel = np.array([1, 2, 4]).reshape(1, 3, 1), np.array([1, 10]).reshape(2, 1, 1)
      >>> depthwise_conv(x, kernel, (1,), (1,)).ravel()
      array([21., 42.])
    """
    x, kernel = np.asarray(x, np.float64), np.asarray(kernel, np.float64)
    window, made = kernel.shape[:-2], kernel.shape[-1] // x.shape[-1]
    named = zip(x.shape[1:-1], window, stride, dilation, strict=True)
    y = np.zeros((x.shape[0], *(len(range(0, n - d * (k - 1), s)) for n, k, s, d in named), kernel.shape[-1]))
    for o, k, m in product(product(*map(range, y.shape[1:-1])), product(*map(range, window)), range(y.shape[-1])):
        i = (s * j + d * tap for j, tap, s, d in zip(o, k, stride, dilation, strict=True))
        y[:, *o, m] += x[:, *i, m // made] * kernel[(*k, 0, m)]
    return y


def causal_conv(x, kernel, stride, dilation) -> np.ndarray:
    """Convolve so that the last tap sees the present; zeros before the first input, other axes padded already.

    Args:
      x: [N, T, *I, C].
      kernel: [*K, C, M].
      stride: steps between outputs, in time first.
      dilation: distance between taps, in time first.

    Returns:
      y, [N, ceil(T / stride), *O, M].

    Example:
      >>> causal_conv(np.array([1, 2, 4]).reshape(1, 3, 1), np.array([10, 1]).reshape(2, 1, 1), (1,), (1,)).ravel()
      array([ 1., 12., 24.])
    """
    x, kernel = np.asarray(x, np.float64), np.asarray(kernel, np.float64)
    window, rest = kernel.shape[:-2], zip(x.shape[2:-1], kernel.shape[1:-2], stride[1:], dilation[1:], strict=True)
    outputs = (-(-x.shape[1] // stride[0]), *(len(range(0, n - d * (k - 1), s)) for n, k, s, d in rest))
    y = np.zeros((x.shape[0], *outputs, kernel.shape[-1]))
    for o, k in product(product(*map(range, outputs)), product(*map(range, window))):
        time = stride[0] * o[0] - dilation[0] * (window[0] - 1 - k[0])
        if time >= 0:
            i = (s * j + d * tap for j, tap, s, d in zip(o[1:], k[1:], stride[1:], dilation[1:], strict=True))
            y[:, *o] += x[:, time, *i] @ kernel[k]
    return y


def long_conv(x, kernel, gate, skip) -> np.ndarray:
    """y[t, c] = gate[t, c] * (sum over s <= t of kernel[s, c] * x[t - s, c]  +  skip[c] * x[t, c]).

    Args:
      x: [N, T, C].
      kernel: [K, C].
      gate: [N, T, C].
      skip: [C].

    Returns:
      y, [N, T, C].

    Example:
      >>> x, kernel = np.array([1, 0, 2]).reshape(1, 3, 1), np.array([1, 10, 100]).reshape(3, 1)
      >>> long_conv(x, kernel, np.ones((1, 3, 1)), np.array([1])).ravel()
      array([  2.,  10., 104.])
    """
    x, kernel = _wide(x), _wide(kernel)
    y = np.zeros(np.shape(x), np.result_type(x, kernel, _wide(gate), _wide(skip)))
    for t in range(x.shape[1]):
        for s in range(min(t + 1, kernel.shape[0])):
            y[:, t] += kernel[s] * x[:, t - s]
    return _wide(gate) * (y + _wide(skip) * x)


def repeat(x, scale) -> np.ndarray:
    """Nearest-neighbour upsampling: position o takes its value from o // scale.

    Args:
      x: [N, *I, C].
      scale: how many times larger, per spatial axis.

    Returns:
      [N, *(I * scale), C].

    Example:
      >>> repeat(np.array([1, 2]).reshape(1, 2, 1), (2,)).ravel()
      array([1, 1, 2, 2])
    """
    x = np.asarray(x)
    y = np.zeros((x.shape[0], *(n * f for n, f in zip(x.shape[1:-1], scale, strict=True)), x.shape[-1]), x.dtype)
    for o in product(*map(range, y.shape[1:-1])):
        y[:, *o] = x[:, *(j // f for j, f in zip(o, scale, strict=True))]
    return y


def _wide(x) -> np.ndarray:
    x = np.asarray(x)
    return x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)
