"""A problem as parts without input dilation: in each, inputs are a sum of steps of outputs and taps."""

from itertools import product
from math import gcd, prod
from typing import NamedTuple

from jconv._equation.problem import Axis, ConvProblem


class Steps(NamedTuple):
    """What all parts share along one axis.  input = base + outputs*output + taps*tap,  counted within the part.

    Args:
        output: inputs from one output of a part to its next.
        tap: inputs from one tap of a part to its next.
        output_every: which outputs of the problem a part has: every so many.
        tap_every: which taps of the problem a part has: every so many.
    """

    output: int
    tap: int
    output_every: int
    tap_every: int


class Span(NamedTuple):
    """What one part has along one axis.

    Args:
        outputs: how many outputs it makes.
        taps: how many taps these meet.
        base: the input that its first output meets with its first tap; may lie outside.
        first_output: where its first output is among the problem's.
        first_tap: where its first tap is among the problem's.
    """

    outputs: int
    taps: int
    base: int
    first_output: int
    first_tap: int


class Parts(NamedTuple):
    """The steps per axis, and of every part the spans per axis."""

    steps: tuple[Steps, ...]
    spans: tuple[tuple[Span, ...], ...]

    def outputs(self, part: int) -> int:
        """Output positions of a part."""
        return prod(span.outputs for span in self.spans[part])


def parts_of(problem: ConvProblem) -> Parts:
    """Outputs that agree modulo e/gcd(s, e) meet every (e/gcd(d, e))-th tap: each such part has no input dilation."""
    per_axis = [_axis_spans(axis) for axis in problem.axes]
    spans = tuple(part for part in product(*per_axis) if all(span.outputs for span in part))
    return Parts(tuple(map(_steps, problem.axes)), spans)


def _steps(axis: Axis) -> Steps:
    """The steps of an axis."""
    e = axis.input_dilation
    by_output, by_tap = gcd(axis.stride, e), gcd(axis.dilation, e)
    return Steps(axis.stride // by_output, axis.dilation // by_tap, e // by_output, e // by_tap)


def _axis_spans(axis: Axis) -> list[Span]:
    """The spans of an axis, one for each remainder of the outputs."""
    steps, e, spans = _steps(axis), axis.input_dilation, []
    for first in range(steps.output_every):
        start = axis.stride * first - axis.low  # of the first output, in dilated positions
        tap = next((k for k in range(steps.tap_every) if (start + axis.dilation * k) % e == 0), None)
        outputs = len(range(first, axis.output, steps.output_every))
        if tap is None:
            spans.append(Span(outputs, 0, 0, first, 0))
        else:
            taps = len(range(tap, axis.window, steps.tap_every))
            spans.append(Span(outputs, taps, (start + axis.dilation * tap) // e, first, tap))
    return spans
