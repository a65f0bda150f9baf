"""Convolution of other numbers than real ones, written out by their rules of multiplication."""

from itertools import product

import numpy as np

# The products of 1, i, j and k: row times column, as (sign, number of the unit).
UNITS = (
    ((1, 0), (1, 1), (1, 2), (1, 3)),
    ((1, 1), (-1, 0), (1, 3), (-1, 2)),
    ((1, 2), (-1, 3), (-1, 0), (1, 1)),
    ((1, 3), (1, 2), (-1, 1), (-1, 0)),
)


def complex_conv(x, kernel, stride, dilation, groups) -> np.ndarray:
    """Multiply and add complex numbers; x is padded already.

    Args:
      x: [N, *I, C].
      kernel: [*K, C // groups, M].
      stride: steps between outputs, per spatial axis.
      dilation: distance between taps, per spatial axis.
      groups: independent convolutions side by side.

    Returns:
      y, [N, *O, M], complex128.

    Example:
      >>> complex_conv(np.array([1 + 2j]).reshape(1, 1, 1), np.array([2 - 1j]).reshape(1, 1, 1), (1,), (1,), 1).ravel()
      array([4.+3.j])
    """
    x, kernel = np.asarray(x, np.complex128), np.asarray(kernel, np.complex128)
    (*window, c, m), each = kernel.shape, kernel.shape[-1] // groups
    named = zip(x.shape[1:-1], window, stride, dilation, strict=True)
    outputs = [len(range(0, n - d * (k - 1), s)) for n, k, s, d in named]
    y = np.zeros((x.shape[0], *outputs, m), np.complex128)
    for o, k, made in product(product(*map(range, outputs)), product(*map(range, window)), range(m)):
        i = (s * j + d * tap for j, tap, s, d in zip(o, k, stride, dilation, strict=True))
        taken = x[:, *i][:, made // each * c : (made // each + 1) * c]
        y[:, *o, made] += (taken * kernel[(*k, slice(None), made)]).sum(-1)
    return y


def quaternion_conv(x, kernel, stride, dilation, groups) -> np.ndarray:
    """Multiply quaternions, kernel first, and add them; x is padded already.

    Args:
      x: [N, *I, 4 * C], the real parts first, then i, j and k.
      kernel: [*K, C // groups, 4 * M].
      stride: steps between outputs, per spatial axis.
      dilation: distance between taps, per spatial axis.
      groups: independent convolutions side by side.

    Returns:
      y, [N, *O, 4 * M].

    Example:
      >>> i, j = np.eye(4)[1], np.eye(4)[2]
      >>> quaternion_conv(j.reshape(1, 1, 4), i.reshape(1, 1, 4), (1,), (1,), 1).ravel()
      array([0., 0., 0., 1.])
    """
    x, kernel = np.asarray(x, np.float64), np.asarray(kernel, np.float64)
    xs, kernels = np.split(x, 4, -1), np.split(kernel, 4, -1)
    parts = [np.zeros(())] * 4
    for p, q in product(range(4), range(4)):
        sign, unit = UNITS[p][q]
        parts[unit] = parts[unit] + sign * complex_conv(xs[q], kernels[p], stride, dilation, groups).real
    return np.concatenate(parts, -1)
