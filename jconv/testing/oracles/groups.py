"""Convolution over the group of quarter turns and mirror images, from the matrices of its elements."""

from itertools import product

import numpy as np

TURN, MIRROR = np.array([[0, -1], [1, 0]]), np.array([[1, 0], [0, -1]])


def elements(order) -> list[np.ndarray]:
    """The matrices, on (row, column): number 4 m + r mirrors the columns if m is 1, then turns r times.

    Args:
      order: 4, or 8 with the mirror images.

    Returns:
      As many [2, 2].

    Example:
      >>> [int(np.linalg.det(a)) for a in elements(8)]
      [1, 1, 1, 1, -1, -1, -1, -1]
    """
    return [
        np.linalg.matrix_power(TURN, r) @ np.linalg.matrix_power(MIRROR, m) for m in range(order // 4) for r in range(4)
    ]


def lift_conv(x, kernel, order, stride, dilation) -> np.ndarray:
    """y[o, g] = sum over q of x[o + g q] kernel[q], q from the middle of the window; x is padded already.

    Args:
      x: [N, H, W, C].
      kernel: [k, k, C, M].
      order: 4 or 8.
      stride: steps between outputs.
      dilation: distance between taps.

    Returns:
      [N, *O, order, M].

    Example:
      >>> x, kernel = np.arange(4).reshape(1, 2, 2, 1), np.array([1, 0, 0, 0]).reshape(2, 2, 1, 1)
      >>> lift_conv(x, kernel, 4, 1, 1).ravel()
      array([0., 2., 3., 1.])
    """
    return group_conv(np.asarray(x)[..., None, :], np.asarray(kernel)[:, :, None], order, stride, dilation)


def group_conv(x, kernel, order, stride, dilation) -> np.ndarray:
    """y[o, g] = sum over h and q of x[o + g q, h] kernel[q, g^-1 h], q from the middle of the window.

    Args:
      x: [N, H, W, order, C], padded already; 1 for the group's axis if x is a picture.
      kernel: [k, k, order, C, M].
      order: 4 or 8.
      stride: steps between outputs.
      dilation: distance between taps.

    Returns:
      [N, *O, order, M].

    Example:
      >>> group_conv(np.ones((1, 1, 1, 4, 1)), np.arange(4).reshape(1, 1, 4, 1, 1), 4, 1, 1).ravel()
      array([6., 6., 6., 6.])
    """
    x, kernel, group = np.asarray(x, np.float64), np.asarray(kernel, np.float64), elements(order)
    k, over = kernel.shape[0], kernel.shape[2]
    span = dilation * (k - 1)
    outputs = [len(range(0, n - span, stride)) for n in x.shape[1:3]]
    y = np.zeros((x.shape[0], *outputs, order, kernel.shape[-1]))
    for g, h, a, b in product(range(order), range(over), range(k), range(k)):
        # Twice the offsets from the middle, so that they are whole numbers.
        seen = group[g] @ np.array([2 * a - (k - 1), 2 * b - (k - 1)])
        i, j = (dilation * (int(n) + k - 1) // 2 for n in seen)
        back = np.rint(np.linalg.inv(group[g]) @ group[h]).astype(int)
        of_kernel = 0 if over == 1 else next(n for n, matrix in enumerate(group) if (matrix == back).all())
        for o in product(*map(range, outputs)):
            y[:, *o, g] += x[:, stride * o[0] + i, stride * o[1] + j, h] @ kernel[a, b, of_kernel]
    return y
