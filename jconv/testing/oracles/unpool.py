"""Values put back where the largest stood, one by one."""

import numpy as np


def max_unpool(y, indices, size) -> np.ndarray:
    """Write every value to its row-major position, later ones over earlier ones.

    Args:
      y: values, [N, *O, C].
      indices: positions among `size`, of y's shape.
      size: spatial sizes of the result.

    Returns:
      x, [N, *size, C].

    Example:
      >>> max_unpool(np.array([5.0, 4.0]).reshape(1, 2, 1), np.array([1, 3]).reshape(1, 2, 1), (4,)).ravel()
      array([0., 5., 0., 4.])
    """
    y = np.asarray(y, np.float64)
    x = np.zeros((y.shape[0], *size, y.shape[-1]))
    for at in np.ndindex(y.shape):
        x[(at[0], *np.unravel_index(indices[at], size), at[-1])] = y[at]
    return x
