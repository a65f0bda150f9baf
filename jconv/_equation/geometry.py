"""Integer geometry of a convolution: sizes, padding words, and the walk over its indices. No JAX here."""

from itertools import product
from math import gcd
from typing import NamedTuple

from jconv._typing import Ints, Pairs


def dilated_size(size: int, dilation: int) -> int:
    """Extent of `size` positions set `dilation` apart: d*(n-1)+1, and 0 for none."""
    return dilation * (size - 1) + 1 if size > 0 else 0


def output_size(padded: int, span: int, stride: int) -> int:
    """How many windows of extent `span`, `stride` apart, fit in `padded` positions."""
    return max(0, (padded - span) // stride + 1)


def word_padding(word: str, sizes: Ints, spans: Ints, strides: Ints) -> Pairs:
    """The (low, high) pairs that a padding word stands for; `spans` are dilated window sizes.

    With 1234 as the input and a window of 4:

        VALID       1234               every window inside the input
        SAME        0 1234 00          ceil(size / stride) outputs, the odd one on the high side
        SAME_LOWER  00 1234 0          the same, the odd one on the low side
        FULL        000 1234 000       every window that touches the input
        CAUSAL      000 1234           output t sees the inputs up to t

    >>> word_padding("SAME", (4,), (4,), (1,)), word_padding("CAUSAL", (4,), (4,), (1,))
    (((1, 2),), ((3, 0),))
    """
    return tuple(_axis_padding(word, *axis) for axis in zip(sizes, spans, strides, strict=True))


def _axis_padding(word: str, size: int, span: int, stride: int) -> tuple[int, int]:
    """The (low, high) pair that a padding word stands for along one axis."""
    reach = max(span - 1, 0)
    match word:
        case "VALID":
            return 0, 0
        case "FULL":
            return reach, reach
        case "CAUSAL":
            return reach, 0
    total = max((-(-size // stride) - 1) * stride + span - size, 0)
    less, more = total // 2, total - total // 2
    return (less, more) if word == "SAME" else (more, less)


def cut(n: int, most: int) -> tuple[int, int]:
    """Size and number of equal pieces that cover n positions: at most `most` long, without surplus where possible.

    >>> cut(12, 5), cut(13, 5), cut(13, 20)
    ((4, 3), (5, 3), (13, 1))
    """
    most = max(1, min(n, most))
    for size in range(most, most // 2, -1):
        if n % size == 0:
            return size, n // size
    count = -(-n // most)
    return -(-n // count), count


class Walk(NamedTuple):
    """An arithmetic progression of index pairs (a + t*a_step, b + t*b_step), t = 0 .. count-1."""

    count: int
    a: int
    a_step: int
    b: int
    b_step: int


def walk(a_scale: int, a_size: int, b_scale: int, b_size: int, offset: int) -> Walk:
    """All (a, b) with a_scale*a = b_scale*b + offset, 0 <= a < a_size, 0 <= b < b_size.

    The equation of a convolution per axis is e*i + lo = s*o + d*k. Fix the tap k, and inputs and
    outputs walk together: `walk(e, I, s, O, d*k - lo)`. Fix the output o instead, and inputs and
    taps do: `walk(e, I, d, K, s*o - lo)`.

    >>> walk(1, 9, 2, 4, 1)  # stride 2, second tap: inputs 1, 3, 5, 7 meet outputs 0, 1, 2, 3
    Walk(count=4, a=1, a_step=2, b=0, b_step=1)
    """
    common = gcd(a_scale, b_scale)
    a_step, b_step = b_scale // common, a_scale // common
    if offset % common:
        return Walk(0, 0, a_step, 0, b_step)
    # b solves b_scale*b = -offset (mod a_scale): unique modulo b_step.
    b = (-offset // common) * pow(b_scale // common, -1, b_step) % b_step if b_step > 1 else 0
    a = (b_scale * b + offset) // a_scale
    if a < 0:
        ahead = -(a // a_step)
        a, b = a + ahead * a_step, b + ahead * b_step
    behind = min(a // a_step, b // b_step)
    a, b = a - behind * a_step, b - behind * b_step
    count = max(0, min(-(-(a_size - a) // a_step), -(-(b_size - b) // b_step)))
    return Walk(count, a, a_step, b, b_step)


def offsets(counts: Ints, steps: Ints) -> list[Ints]:
    """Where a grid of `counts` points, `steps` apart, has its points, in row-major order.

    >>> offsets((2, 2), (1, 3))
    [(0, 0), (0, 3), (1, 0), (1, 3)]
    """
    return list(product(*(range(0, n * step, step) for n, step in zip(counts, steps, strict=True))))
