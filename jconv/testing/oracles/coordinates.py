"""Kernels that are functions of position, and coordinates as channels."""

from itertools import product

import numpy as np


def coordinates(sizes, radius) -> np.ndarray:
    """From -1 at the first position of an axis to 1 at the last; 0 on an axis of one.

    Args:
      sizes: positions per axis.
      radius: whether the distance from the centre comes last.

    Returns:
      [*sizes, rank], or one more.

    Example:
      >>> coordinates((3,), False).ravel()
      array([-1.,  0.,  1.])
    """
    y = np.zeros((*sizes, len(sizes) + radius))
    for i in product(*map(range, sizes)):
        place = [0.0 if n == 1 else 2 * j / (n - 1) - 1 for j, n in zip(i, sizes, strict=True)]
        y[i] = [*place, np.linalg.norm(place)] if radius else place
    return y


def sampled(function, sizes, reference, widths) -> np.ndarray:
    """The kernel of a function of position, tap by tap.

    Args:
      function: from a position (rank,) to [C, M].
      sizes: taps per axis.
      reference: taps per axis for which values stand as they are.
      widths: of the Gaussian mask, per axis; inf for none.

    Returns:
      [*sizes, C, M].

    Example:
      >>> sampled(lambda p: p[None], (2,), (2,), (np.inf,)).ravel()
      array([-0.5,  0.5])
    """
    taps = []
    for k in product(*map(range, sizes)):
        place = np.array([(2 * j + 1) / n - 1 for j, n in zip(k, sizes, strict=True)])
        mask = np.exp(-np.sum((place / np.array(widths)) ** 2) / 2)
        taps.append(mask * np.prod(np.array(reference) / np.array(sizes)) * np.asarray(function(place)))
    return np.array(taps).reshape(*sizes, *taps[0].shape)


def spline(control, degree, place) -> np.ndarray:
    """A uniform B-spline by de Boor's triangle, axis by axis.

    Args:
      control: [*N, C, M].
      degree: of the pieces.
      place: (rank,), from -1 to 1.

    Returns:
      [C, M].

    Example:
      >>> spline(np.array([0, 1, 2]).reshape(3, 1, 1), 1, np.array([0.5]))
      array([[1.5]])
    """
    values = np.asarray(control, np.float64)
    for p in place:
        u = (p + 1) / 2 * (len(values) - degree)
        piece = min(int(np.floor(u)), len(values) - degree - 1)
        points = [values[piece + j] for j in range(degree + 1)]
        for level in range(1, degree + 1):
            for j in range(degree, level - 1, -1):
                share = (u - (piece + j - degree)) / (degree + 1 - level)
                points[j] = (1 - share) * points[j - 1] + share * points[j]
        values = points[degree]
    return values
