"""The Savitzky-Golay filter with taps from exact arithmetic.

SciPy's taps come from least squares on powers of up to `window_length`, whose conditioning costs them up to
7e4 units of eps (11 samples, order 5, at an end); jconv scales the window to [-1, 1] and stays within 40.
"""

from fractions import Fraction
from math import factorial

import numpy as np

SCIPY = 1e-10  # SciPy's own error, over the largest result: far less than another meaning would make
PADS = {"mirror": "reflect", "constant": "constant", "nearest": "edge", "wrap": "wrap", "interp": "constant"}


def exact_taps(length, order, deriv=0, delta=1.0, pos=None, use="dot"):
    """The taps as `scipy.signal.savgol_coeffs` defines them, each rounded once."""
    at = Fraction(length - 1, 2) if pos is None else Fraction(pos)
    points = [k - at for k in range(length)]
    gram = [[sum(t ** (i + j) for t in points) for j in range(order + 1)] for i in range(order + 1)]
    wanted = [factorial(deriv) / Fraction(delta) ** deriv if i == deriv else Fraction(0) for i in range(order + 1)]
    fit = _solution(gram, wanted)
    taps = np.array([float(sum(c * t**i for i, c in enumerate(fit))) for t in points])
    return taps[::-1] if use == "conv" else taps


def exact_filter(x, length, order, deriv=0, delta=1.0, axis=-1, mode="interp", cval=0.0):
    """What `scipy.signal.savgol_filter` makes of x, with exact taps."""
    x = np.moveaxis(x, axis, -1)
    half = length // 2
    words = {"constant_values": cval} if mode == "constant" else {}
    pads = [(0, 0)] * (x.ndim - 1) + [(length - 1 - half, half)]
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, pads, PADS[mode], **words), length, -1)
    y = windows @ exact_taps(length, order, deriv, delta)
    if mode == "interp":
        for i in range(half):  # the ends: the polynomials of the first and the last window
            y[..., i] = x[..., :length] @ exact_taps(length, order, deriv, delta, i)
            y[..., -1 - i] = x[..., -length:] @ exact_taps(length, order, deriv, delta, length - 1 - i)
    return np.moveaxis(y, -1, axis)


def _solution(matrix, right):
    """Of a system of equations in fractions."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i in range(len(rows)):  # a Gram matrix: no pivot is 0
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for k in range(len(rows)):
            if k != i:
                rows[k] = [a - rows[k][i] * b for a, b in zip(rows[k], rows[i], strict=True)]
    return [row[-1] for row in rows]
