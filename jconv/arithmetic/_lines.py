"""Intervals of input positions that move along as an output position does, and how operations change them."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np

Number = Fraction | float  # a float only where it is infinite
FIXED = -1  # the axis of a line that all positions of a value share


class Line(NamedTuple):
    """Position o along an axis of a value reads the input positions jump*o + low .. jump*o + high.

    Positions beyond the input's borders, in padding, count as if the input went on there.

    Args:
        axis: of the value; FIXED if all its positions read the same; below that, a loop's counter.
        count: positions along it.
        jump: input positions per step.
        low: first position that o = 0 reads.
        high: last position that o = 0 reads.
    """

    axis: int
    count: int
    jump: Fraction
    low: Number
    high: Number


def on_axis(axis: int, count: int) -> Line:
    """Each position of an axis of the input reads itself."""
    return Line(axis, count, Fraction(1), Fraction(0), Fraction(0))


def through(line: Line, axis: int, count: int, step: Fraction | int, first: Number, last: Number) -> Line:
    """The line of a value whose position o reads the positions step*o + first .. step*o + last of the line's."""
    ends = sorted((line.jump * first, line.jump * last)) if line.jump else (0, 0)
    return Line(axis, count, line.jump * step, line.low + ends[0], line.high + ends[1])


def everywhere(line: Line) -> Line:
    """The line of a value each of whose positions may read what any position of the line's reads."""
    if line.axis == FIXED or line.count < 1:
        return line._replace(axis=FIXED, count=1, jump=Fraction(0))
    return through(line, FIXED, 1, 0, 0, line.count - 1)


UNBOUNDED = Line(FIXED, 1, Fraction(0), -np.inf, np.inf)


def union(lines: list[Line]) -> Line:
    """The narrowest of a few lines that hold all of these: along one of them, or the same for all positions."""
    walking = {(line.axis, line.jump): line for line in lines}
    if len(walking) == 1:
        return lines[0]._replace(low=min(a.low for a in lines), high=max(a.high for a in lines))
    flat = [everywhere(line) for line in lines]
    found = [flat[0]._replace(low=min(a.low for a in flat), high=max(a.high for a in flat))]
    if len({line.axis for line in lines}) == 1:
        found += [_union_along(lead, lines) for lead in walking.values()]
    return min(found, key=lambda line: line.high - line.low)


def _union_along(lead: Line, lines: list[Line]) -> Line:
    """The line of one jump that holds lines of others, over the positions that there are."""
    drift = [sorted((Fraction(0), (a.jump - lead.jump) * (lead.count - 1))) for a in lines]
    low = min(a.low + d[0] for a, d in zip(lines, drift, strict=True))
    return lead._replace(low=low, high=max(a.high + d[1] for a, d in zip(lines, drift, strict=True)))


def table_steps(first: np.ndarray, last: np.ndarray, size: int) -> tuple[Fraction, Fraction, Fraction]:
    """The (step, first, last) for `through` of positions o that read first[o] .. last[o] of `size` ones.

    Of a few steps, that with the narrowest interval; a position that reads nothing has last < first.
    """
    places = np.flatnonzero(last >= first)
    if len(places) == 0:
        return Fraction(0), Fraction(0), Fraction(0)
    steps = {Fraction(0), Fraction(size, len(first))}
    if len(places) > 1:
        between = zip(np.diff(first[places]), np.diff(places), strict=True)
        steps |= {Fraction(int(rise), int(run)) for rise, run in between}
    rows = [(int(o), int(first[o]), int(last[o])) for o in places]
    found = [(t, min(a - t * o for o, a, _ in rows), max(b - t * o for o, _, b in rows)) for t in sorted(steps)]
    return min(found, key=lambda one: one[2] - one[1])
