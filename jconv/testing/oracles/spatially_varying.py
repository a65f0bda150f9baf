"""Convolution with a kernel that is a mix of a few, by weights of every position."""

import numpy as np


def spatially_varying_conv(x, kernels, weights, stride, dilation, low, outputs, inputs) -> np.ndarray:
    """Put together the kernel of every pair of input and output, then sum; zeros beyond the border, one group.

    Args:
      x: input, [N, *I, C].
      kernels: [B, *K, C, M].
      weights: [*I, B] if inputs are weighed, else [*O, B].
      stride: steps between outputs, per spatial axis.
      dilation: distance between taps, per spatial axis.
      low: zeros before the first input, per spatial axis.
      outputs: sizes of y, per spatial axis.
      inputs: whether inputs are weighed.

    Returns:
      y, [N, *O, M].

    Example:
      >>> x, kernels = np.array([3, 4]).reshape(1, 2, 1), np.array([1, 10]).reshape(2, 1, 1, 1)
      >>> spatially_varying_conv(x, kernels, np.eye(2), (1,), (1,), (0,), (2,), True).ravel()
      array([ 3., 40.])
    """
    y = np.zeros((len(x), *outputs, kernels.shape[-1]), np.result_type(x, kernels, weights, np.float64))
    for o in np.ndindex(tuple(outputs)):
        for k in np.ndindex(kernels.shape[1:-2]):
            i = tuple(s * j + d * tap - lo for j, tap, s, d, lo in zip(o, k, stride, dilation, low, strict=True))
            if all(0 <= j < n for j, n in zip(i, x.shape[1:-1], strict=True)):
                mixed = sum(w * kernel[k] for w, kernel in zip(weights[i if inputs else o], kernels, strict=True))
                y[(slice(None), *o)] += x[(slice(None), *i)] @ mixed
    return y
