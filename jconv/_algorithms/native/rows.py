"""A row of a tile of outputs: where the output is in y, and where the channels are that it meets with a tap."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from jconv._algorithms.native.code import Number
from jconv._algorithms.native.plan import Plan
from jconv._algorithms.native.spans import Spans
from jconv._algorithms.native.tasks import Task


class OutputRow:
    """An output, by its number among all outputs of all examples."""

    def __init__(self, plan: Plan, spans: Spans, number: Number, group: Number):
        self.plan, self.spans, code = plan, spans, spans.code
        example, self.outputs = spans.unravel(number)
        self.x_strides, _, strides = plan.strides
        places = [code.mul(spans.output(a, o), strides[a + 1]) for a, o in enumerate(self.outputs)]
        self.y = code.add(code.mul(example, strides[0]), code.mul(group, strides[-2]), *places)
        self.x = code.add(code.mul(example, self.x_strides[0]), code.mul(group, self.x_strides[-2]))

    def channels(self, x: Any, taps: Sequence[Number], asked: int | None = None) -> Any:
        """Where the channels are that this output meets with a tap: among zeros if the input lies outside.

        Only the first `asked` axes are asked.
        """
        code, spans, offset, within = self.spans.code, self.spans, self.x, None
        for axis, (output, tap) in enumerate(zip(self.outputs, taps, strict=True)):
            position, size = spans.input(axis, output, tap), self.plan.problem.input_size[axis]
            offset = code.add(offset, code.mul(position, self.x_strides[axis + 1]))
            if (asked is None or axis < asked) and spans.may_leave(axis, size):
                bit = code.inside(position, size)
                within = bit if within is None else code.builder.and_(within, bit)
        there = code.at(x, offset)
        if within is None:
            return there
        return code.builder.select(within, there, code.zeros(self.plan.problem.c_in * self._joined(asked)))

    def _joined(self, asked: int | None) -> int:
        """How many taps lie side by side where an axis is not asked."""
        return 1 if asked is None else self.plan.problem.window[asked]


@contextmanager
def tiles_of_outputs(task: Task, rows: int) -> Iterator[Number]:
    """Write what is done for each tile of a task's outputs, given the number of its first output."""
    code = task.code
    outputs = code.mul(task.spans.output_count(), task.plan.problem.batch)
    tiles, _ = code.divmod(code.add(outputs, rows - 1), rows)
    first, last = task.range(tiles)
    with code.loop(first, last) as number:
        # The last tile lies upon the one before it, and makes the same values again.
        yield code.min(code.mul(number, rows), code.add(outputs, -rows))


def taps_of(spans: Spans, w_strides: Sequence[int], axes: int, loops: ExitStack) -> tuple[list[Number], Number]:
    """Open a loop over the taps of each of the first axes; the taps, and where they are in w."""
    code = spans.code
    taps = [loops.enter_context(code.loop(0, spans.get(axis, "taps"))) for axis in range(axes)]
    return taps, code.add(*(code.mul(spans.tap(a, k), w_strides[a]) for a, k in enumerate(taps)))
