"""How long transforms are, and how an axis is cut into tiles so that they take least work."""

from dataclasses import replace
from functools import cache
from math import log2, prod
from typing import NamedTuple

from jconv._equation.geometry import dilated_size
from jconv._equation.problem import Axis, ConvProblem
from jconv._typing import Ints

# The factor by which tiles must save work to make up for being cut and joined.
TILES_OVERHEAD = 1.1


class Tiling(NamedTuple):
    """An axis cut into `count` tiles of `size` outputs each, or taps."""

    axis: int
    of_taps: bool
    count: int
    size: int


def tile(problem: ConvProblem, tiling: Tiling | None) -> ConvProblem:
    """The problem in which tiles of outputs are further examples, and tiles of taps further channels."""
    if tiling is None:
        return problem
    axes = list(problem.axes)
    cut = axes[tiling.axis]._replace(input_dilation=1, low=0)
    cut = cut._replace(window=tiling.size) if tiling.of_taps else cut._replace(output=tiling.size)
    axes[tiling.axis] = cut._replace(input=_outputs_span(cut) + _taps_span(cut) - 1)
    part = problem.with_axes(axes)
    if tiling.of_taps:
        return replace(part, c_in=problem.c_in * tiling.count)
    return replace(part, batch=problem.batch * tiling.count)


def _outputs_span(axis: Axis) -> int:
    """Positions from where the first window starts to where the last one does, both counted."""
    return dilated_size(axis.output, axis.stride)


def _taps_span(axis: Axis) -> int:
    """Positions from the first tap of a window to its last, both counted."""
    return dilated_size(axis.window, axis.dilation)


@cache
def choose_tiling(problem: ConvProblem) -> Tiling | None:
    """The tiles that take least work, along one axis; None to transform everything at once.

    Doubling lengths from twice what a tile overlaps by are tried: in between, the work varies little.
    """
    best, least = None, work_of(problem) / TILES_OVERHEAD
    for a, axis in enumerate(problem.axes):
        taps, outputs = _taps_span(axis), _outputs_span(axis)
        ways = (
            (False, outputs, axis.output, axis.stride, taps),
            (True, taps, axis.window, axis.dilation, outputs),
        )
        for of_taps, cut, number, step, overlap in ways:
            length = 2 * overlap
            while length < cut + overlap:
                count = -(-cut // (length - overlap + 1))
                fast = fast_length(-(-cut // count) + overlap - 1, even=a == problem.rank - 1)
                size = min((fast - overlap) // step + 1, number)
                tiling = Tiling(a, of_taps, -(-number // size), size)
                if (work := work_of(tile(problem, tiling))) < least:
                    best, least = tiling, work
                length *= 2
    return best


def transform_lengths(problem: ConvProblem) -> Ints:
    """Fast circular lengths, one per axis; even along the last, where a real spectrum is half."""
    last = problem.rank - 1
    return tuple(fast_length(needed_length(axis), even=a == last) for a, axis in enumerate(problem.axes))


def needed_length(axis: Axis) -> int:
    """The least circular length at which no wanted output is overlaid by what wraps around.

    The zeros after x serve as those before it too, so that this is often less than the padded length.

    >>> needed_length(Axis(input=100, window=31, output=100, low=15))  # SAME padding; 130 with both paddings
    115
    """
    taps, outputs = _taps_span(axis), _outputs_span(axis)
    first, end = met(axis)
    return max(end, outputs + taps - 1 - first, taps, outputs)


def met(axis: Axis) -> tuple[int, int]:
    """Where x starts and ends among the positions that windows reach: they meet nothing if both are one."""
    first, end = max(axis.low, 0), axis.low + dilated_size(axis.input, axis.input_dilation)
    return first, max(first, min(end, _outputs_span(axis) + _taps_span(axis) - 1))


@cache
def fast_length(n: int, *, even: bool) -> int:
    """The least length from n on with no prime factor over 7: those transform fast.

    >>> fast_length(4607, even=True), fast_length(71, even=False)
    (4608, 72)
    """
    while True:
        rest = n
        for prime in (2, 3, 5, 7):
            while rest % prime == 0:
                rest //= prime
        if rest == 1 and (n % 2 == 0 or not even or n == 1):
            return n
        n += 1


def transformed(problem: ConvProblem) -> int:
    """How many numbers go through transforms: all of x, of the kernel and of y."""
    arrays = problem.batch * (problem.c_in + problem.c_out) + problem.c_in * problem.c_out
    return arrays * problem.groups * prod(transform_lengths(problem))


def products(problem: ConvProblem) -> int:
    """How many products of complex numbers, half of whose frequencies follow from the others."""
    return problem.batch * problem.groups * problem.c_in * problem.c_out * prod(transform_lengths(problem))


def work_of(problem: ConvProblem) -> int:
    """Multiply-adds: 5/4 n log2(n) for a real transform of n, 2n for the product of two spectra."""
    work = int(1.25 * log2(prod(transform_lengths(problem))) * transformed(problem)) + 2 * products(problem)
    return 2 * work if problem.accumulator.kind == "c" else work
