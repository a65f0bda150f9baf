"""The loop nests of one channel and one feature: the lanes are neighbours along the last axis.

A value has outputs there:

    for every example n, row of outputs and run of outputs o:                     one task has a run of these
        sums[o] = 0
        for every tap k:
            sums[o] += x[n, base + o + taps*k] * w[k]                             zeros where the input lies outside
        y[n, o] = sums

A kernel gradient has taps there, which are a layer's outputs, and adds up the lanes at the end:

    for every example n and run of outputs o:                                     one task has a run of these
        sums[o, lanes] = 0
        for every channel c and run of taps k:
            sums[o, k] += x[n, base + outputs*o + k, c] * w[k, c]                 zeros where the input lies outside
        y[n, o] = the total of sums over the lanes
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from llvmlite import ir

from jconv._algorithms.native.code import INDEX, NOTHING, POINTER, Code, Number, new_function
from jconv._algorithms.native.plan import LineTile, Plan
from jconv._algorithms.native.spans import Spans, met_taps
from jconv._algorithms.native.sums import Sums
from jconv._algorithms.native.tasks import Task


def emit_line(module: ir.Module, element: Any, plan: Plan, tile: LineTile) -> ir.Function:
    """Write task(x, w, y, number): the runs of outputs of one chunk of one part."""
    kernel = _Line(module, element, plan, tile).function
    task = Task(module, element, plan)
    code, rank = task.code, plan.problem.rank
    counts = [task.spans.get(axis, "outputs") for axis in range(rank)]
    counts[-1], _ = code.divmod(code.add(counts[-1], tile.outputs - 1), tile.outputs)
    units: Number = plan.problem.batch
    for count in counts:
        units = code.mul(units, count)
    first, last = task.range(units)
    with code.loop(first, last) as unit:
        numbers: list[Number] = []
        for count in reversed(counts):
            unit, number = code.divmod(unit, count)
            numbers.insert(0, number)
        # The last run lies upon the one before it, and makes the same values again.
        start = code.add(task.spans.get(rank - 1, "outputs"), -tile.outputs)
        numbers[-1] = code.min(code.mul(numbers[-1], tile.outputs), start)
        task.call(kernel, unit, *numbers)
    code.builder.ret_void()
    return task.function


class _Line:
    """line(x, w, y, part, example, first output per axis): one run of outputs."""

    def __init__(self, module: ir.Module, element: Any, plan: Plan, tile: LineTile):
        self.plan, self.tile, rank = plan, tile, plan.problem.rank
        self.function = new_function(module, "line", NOTHING, [POINTER] * 3 + [INDEX] * (2 + rank))
        self.code = code = Code(self.function, element)
        self.x, self.w, y, part, example, *self.outputs = self.function.args
        self.spans = Spans(code, plan.parts, part)
        self.x_strides, self.w_strides, y_strides = plan.strides
        places = [code.mul(self.spans.output(a, o), y_strides[a + 1]) for a, o in enumerate(self.outputs)]
        y = code.at(y, code.add(code.mul(example, y_strides[0]), *places))
        rows, vectors = (tile.outputs, 1) if tile.by_taps else (1, tile.vectors)
        used = tile.width if tile.by_taps else tile.outputs - tile.width * (vectors - 1)
        self.sums = Sums(code, rows, tile.width, vectors, used)
        self.sums.clear()
        with ExitStack() as loops:
            channel = loops.enter_context(code.loop(0, plan.problem.c_in))
            x, w = code.mul(example, self.x_strides[0]), code.mul(channel, self.w_strides[-2])
            x = code.add(x, code.mul(channel, self.x_strides[-1]))
            for axis in range(rank - 1):
                o, taps = self.outputs[axis], plan.parts.spans[0][axis].taps
                tap = loops.enter_context(code.loop(*met_taps(self.spans, plan.problem, axis, o, 0, max(1, taps))))
                x = code.add(x, code.mul(self.spans.input(axis, o, tap), self.x_strides[axis + 1]))
                w = code.add(w, code.mul(self.spans.tap(axis, tap), self.w_strides[axis]))
            (self._sum_by_taps if tile.by_taps else self._sum_by_outputs)(x, w)
        if tile.by_taps:
            for o in range(tile.outputs):
                code.builder.store(code.total(self.sums.value(o)), code.at(y, o * y_strides[rank]))
        else:
            self.sums.store(0, y)
        code.builder.ret_void()

    def _sum_by_outputs(self, x: Number, w: Number) -> None:
        """Add up what all taps of the last axis give to neighbouring outputs."""
        code, spans, width, axis = self.code, self.spans, self.tile.width, self.plan.problem.rank - 1
        with code.loop(0, spans.get(axis, "taps")) as tap:
            first = spans.input(axis, self.outputs[-1], tap)
            place = code.add(w, code.mul(spans.tap(axis, tap), self.w_strides[axis]))
            factor = code.splat(code.at(self.w, place), width)

            def add(asks: bool) -> None:
                for v in range(self.tile.vectors):
                    lanes = self._lanes(x, code.add(first, v * width), self.sums.used(v), asks)
                    self.sums.add_one(0, v, factor, lanes)

            self._in_two_versions(first, self.tile.outputs, add)

    def _sum_by_taps(self, x: Number, w: Number) -> None:
        """Add up what runs of taps of the last axis give to each of the outputs."""
        code, spans, width, axis = self.code, self.spans, self.tile.width, self.plan.problem.rank - 1
        taps, step = spans.get(axis, "taps"), self.plan.parts.steps[axis].output
        whole = taps - taps % width

        def add_run(tap: Number, used: int) -> None:
            first = spans.input(axis, self.outputs[-1], tap)
            place = code.add(w, code.mul(spans.tap(axis, tap), self.w_strides[axis]))
            factor = code.load(code.at(self.w, place), width, used)

            def add(asks: bool) -> None:
                for o in range(self.tile.outputs):
                    self.sums.add_one(o, 0, factor, self._lanes(x, code.add(first, o * step), used, asks))

            self._in_two_versions(first, step * (self.tile.outputs - 1) + used, add)

        if whole:
            with code.loop(0, whole, width) as tap:
                add_run(tap, width)
        if taps % width:
            add_run(whole, taps % width)

    def _in_two_versions(self, first: Number, reach: int, write: Callable[[bool], None]) -> None:
        """Write what is done where so many inputs are all inside, and where each must be asked."""
        code, axis = self.code, self.plan.problem.rank - 1
        size = self.plan.problem.input_size[axis]
        if not self.spans.may_leave(axis, size):
            write(False)
            return
        low, high = code.compare(">=", first, 0), code.compare("<=", code.add(first, reach), size)
        with code.builder.if_else(code.builder.and_(low, high)) as (then, otherwise):
            with then:
                write(False)
            with otherwise:
                write(True)

    def _lanes(self, x: Number, first: Number, used: int, asks: bool) -> Any:
        """Neighbouring inputs along the last axis; where it asks, zeros for those that lie outside."""
        code, width, size = self.code, self.tile.width, self.plan.problem.input_size[-1]
        there = code.at(self.x, code.add(x, first))
        return code.load_inside(there, first, size, width, used) if asks else code.load(there, width, used)
