"""Toom and Cook's matrices, in fractions: a short convolution with as many products as it has inputs."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from math import prod
from typing import NamedTuple, TypeAlias

# Where polynomials are evaluated, beside infinity. The last two lose less to rounding than 2 and -2 would.
POINTS = (Fraction(0), Fraction(1), Fraction(-1), Fraction(1, 2), Fraction(-2))

Matrix: TypeAlias = tuple[tuple[Fraction, ...], ...]


class Transforms(NamedTuple):
    """Matrices with  y = outputs @ ((taps @ w) * (inputs @ x))  where y[o] = sum over k of x[o + k] * w[k]."""

    inputs: Matrix
    taps: Matrix
    outputs: Matrix


@cache
def transforms(products: int, taps: int) -> Transforms:
    """F(products + 1 - taps, taps): Toom and Cook's multiplication of polynomials, transposed.

    A polynomial is known by its values at enough points, one of them infinity. Row j of `taps`
    evaluates w at point j; row j of `inputs` is Lagrange's basis polynomial of point j, whose
    denominator the taps bear; column j of `outputs` holds the powers of point j.

    >>> [[int(v) for v in row] for row in transforms(4, 3).inputs]
    [[-1, 0, 1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]]
    """
    points, made = POINTS[: products - 1], products + 1 - taps
    rows, evaluated = [], []
    for point in points:
        others = [other for other in points if other != point]
        rows.append((*_with_roots(others), Fraction(0)))
        evaluated.append(tuple(point**k / prod(point - other for other in others) for k in range(taps)))
    rows.append(_with_roots(points))
    evaluated.append(tuple(Fraction(k == taps - 1) for k in range(taps)))
    outputs = tuple((*(point**o for point in points), Fraction(o == made - 1)) for o in range(made))
    return Transforms(tuple(rows), tuple(evaluated), outputs)


def _with_roots(roots: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Coefficients, constant first, of the product of x - root."""
    c = [Fraction(1)]
    for root in roots:
        c = [low - root * high for low, high in zip([Fraction(0), *c], [*c, Fraction(0)], strict=True)]
    return tuple(c)
