"""The loop nest of small groups: lanes are groups by features; along the last axis, runs of outputs meet runs of taps.

    for every vector of lanes (g, m) and run of outputs o:         one task has some of these
        sums[o, lanes] = 0, or where the block of taps before ended
        for every channel c, if these are many, every tap k of the other axes and run of taps k:
            for every input that the two runs share:               one vector from memory, used for all its pairs
                for every pair (o, k) that it belongs to:
                    sums[o, lanes] += x[n, input, g, c] * w[k, g, c, m]
        y[n, o, g, m] = sums

A kernel gradient has sums for all examples n, and the same vector is used for each. Two versions of the innermost part
are made where padding is met: one asks of every input whether it is there.
"""

from contextlib import ExitStack
from itertools import product
from typing import Any

from llvmlite import ir

from jconv._algorithms.native.code import INDEX, NOTHING, POINTER, Code, Number, new_function
from jconv._algorithms.native.plan import GroupsTile, Plan
from jconv._algorithms.native.spans import Spans, met_taps
from jconv._algorithms.native.sums import Row, Sums, resume_after_first, store_all
from jconv._algorithms.native.tasks import Task
from jconv._typing import Ints


def emit_groups(module: ir.Module, element: Any, plan: Plan, tile: GroupsTile) -> ir.Function:
    """Write task(x, w, y, number): the runs of outputs of one chunk of one part."""
    problem, rank = plan.problem, plan.problem.rank
    full, rest = divmod(problem.groups, tile.together)
    kernels = {count: _Run(module, element, plan, tile, count).function for count in (tile.together, rest) if count}
    task = Task(module, element, plan)
    code, lanes = task.code, full + (rest > 0)
    counts = [task.spans.get(axis, "outputs") for axis in range(rank)]
    counts[-1], _ = code.divmod(code.add(counts[-1], tile.outputs - 1), tile.outputs)
    units: Number = lanes if tile.by_examples else problem.batch
    for count in counts:
        units = code.mul(units, count)
    first, last = task.range(units)
    with ExitStack() as loops:
        starts = task.blocks(loops, tile.block)
        unit = loops.enter_context(code.loop(first, last))
        numbers: list[Number] = []
        for count in reversed(counts):
            unit, number = code.divmod(unit, count)
            numbers.insert(0, number)
        example, block = (0, unit) if tile.by_examples else (unit, loops.enter_context(code.loop(0, lanes)))
        is_full = code.compare("<", block, full)
        for count, kernel in kernels.items():
            with code.when(is_full if count == tile.together else code.builder.not_(is_full)):
                task.call(kernel, example, block, *numbers, *starts)
    code.builder.ret_void()
    return task.function


class _Run:
    """run(x, w, y, part, example, vector of lanes, output per axis, start of the block): one run of outputs."""

    def __init__(self, module: ir.Module, element: Any, plan: Plan, tile: GroupsTile, groups: int):
        self.plan, self.tile, problem = plan, tile, plan.problem
        rank = problem.rank
        self.function = new_function(module, f"run{groups}", NOTHING, [POINTER] * 3 + [INDEX] * (4 + 2 * rank))
        self.code = code = Code(self.function, element)
        self.x, self.w, self.y, part, example, vector, *numbers = self.function.args
        self.outputs, self.starts = numbers[:rank], numbers[rank:]
        self.spans = Spans(code, plan.parts, part)
        self.inner = problem.batch if tile.by_examples else problem.c_in  # beside the groups in x
        self.used, self.x_used = groups * problem.c_out, groups * self.inner
        self.x_strides, self.w_strides, self.y_strides = plan.strides
        self.group = code.mul(vector, tile.together)
        self.outputs[-1] = self._first_output(self.outputs[-1])
        cells = list(product(range(problem.batch if tile.by_examples else 1), range(tile.outputs)))
        self.sums = Sums(code, len(cells), _power_of_two(self.used), 1, self.used)
        rows = [Row(code.at(self.y, self._y_place(example, *cell)), self._is_output(cell[1])) for cell in cells]
        resume_after_first(self.sums, rows, self.starts if tile.by_examples else ())
        self._sum(example)
        store_all(self.sums, rows)
        code.builder.ret_void()

    def _first_output(self, run: Number) -> Number:
        """Where a run begins. Where sums are stored once, the last lies upon the one before it, and makes it again."""
        first, last_axis = self.code.mul(run, self.tile.outputs), self.plan.problem.rank - 1
        if self.tile.by_examples:
            return first
        return self.code.min(first, self.code.add(self.spans.get(last_axis, "outputs"), -self.tile.outputs))

    def _is_output(self, offset: int) -> Any:
        """Whether one of the run is an output, if that is a question."""
        even = all(spans[-1].outputs % self.tile.outputs == 0 for spans in self.plan.parts.spans)
        if not self.tile.by_examples or even or not offset:
            return None
        outputs = self.spans.get(self.plan.problem.rank - 1, "outputs")
        return self.code.compare("<", self.code.add(self.outputs[-1], offset), outputs)

    def _y_place(self, example: Number, n: int, offset: int) -> Number:
        """Where one of the sums is in y."""
        code = self.code
        outputs = [*self.outputs[:-1], code.add(self.outputs[-1], offset)]
        places = [code.mul(self.spans.output(a, o), self.y_strides[a + 1]) for a, o in enumerate(outputs)]
        row = code.mul(code.add(example, n), self.y_strides[0])
        return code.add(row, code.mul(self.group, self.y_strides[-2]), *places)

    def _sum(self, example: Number) -> None:
        """Write the loops over channels and taps."""
        code, tile, problem, axis = self.code, self.tile, self.plan.problem, self.plan.problem.rank - 1
        x = code.add(code.mul(example, self.x_strides[0]), code.mul(self.group, self.x_strides[-2]))
        w = code.mul(self.group, self.w_strides[-3])
        with ExitStack() as loops:
            if tile.by_examples:
                stop = code.min(code.add(self.starts[0], tile.block[0]), problem.c_in)
                channel = loops.enter_context(code.loop(self.starts[0], stop))
                x = code.add(x, code.mul(channel, self.x_strides[-1]))
                w = code.add(w, code.mul(channel, self.w_strides[-2]))
            for a, (o, start) in enumerate(zip(self.outputs[:-1], self.starts[1:], strict=False)):
                low, high = met_taps(self.spans, problem, a, o, start, tile.block[a + 1])
                tap = loops.enter_context(code.loop(low, high))
                x = code.add(x, code.mul(self.spans.input(a, o, tap), self.x_strides[a + 1]))
                w = code.add(w, code.mul(self.spans.tap(a, tap), self.w_strides[a]))
            start = self.starts[-1]
            stop = code.min(code.add(start, tile.block[-1]), self.spans.get(axis, "taps"))
            whole, _ = code.divmod(code.add(stop, code.mul(start, -1)), tile.taps)
            whole = code.add(start, code.mul(whole, tile.taps))
            with code.loop(start, whole, tile.taps) as tap:
                self._run_of_taps(x, w, tap, tile.taps)
            if tile.taps > 1:
                with code.loop(whole, stop) as tap:
                    self._run_of_taps(x, w, tap, 1)

    def _run_of_taps(self, x: Number, w: Number, tap: Number, count: int) -> None:
        """Write what two runs give each other: without questions where all inputs are inside, else with them."""
        code, axis = self.code, self.plan.problem.rank - 1
        size, steps = self.plan.problem.input_size[axis], self.plan.parts.steps[axis]
        first = self.spans.input(axis, self.outputs[-1], tap)
        x = code.at(self.x, code.add(x, code.mul(first, self.x_strides[axis + 1])))
        w = code.at(self.w, code.add(w, code.mul(self.spans.tap(axis, tap), self.w_strides[axis])))
        reach = steps.output * (self.tile.outputs - 1) + steps.tap * (count - 1)
        inside = code.builder.and_(code.compare(">=", first, 0), code.compare("<", code.add(first, reach), size))
        with code.builder.if_else(inside) as (then, otherwise):
            with then:
                self._meet(x, w, count, None)
            with otherwise:
                self._meet(x, w, count, first)

    def _meet(self, x: Any, w: Any, count: int, first: Number | None) -> None:
        """Write the products of two runs, input by input; given the first input's position, ask if each is there."""
        code, axis, steps = self.code, self.plan.problem.rank - 1, self.plan.parts.steps[-1]
        pairs: dict[int, list[tuple[int, int]]] = {}
        for o, k in product(range(self.tile.outputs), range(count)):
            pairs.setdefault(steps.output * o + steps.tap * k, []).append((o, k))
        factors: dict[tuple[int, int], Any] = {}
        for offset in sorted(pairs):
            there = code.at(x, offset * self.x_strides[axis + 1])
            if first is not None:
                bit = code.inside(code.add(first, offset), self.plan.problem.input_size[axis])
                there = code.builder.select(bit, there, code.zeros(self.x_used))
            block = code.load(there, _power_of_two(self.x_used), self.x_used)
            for inner in range(self.inner):
                one = code.shuffle(block, self._spread(inner))
                cell, channel = (inner, 0) if self.tile.by_examples else (0, inner)
                for o, k in pairs[offset]:
                    if (k, channel) not in factors:
                        place = k * steps.tap_every * self.w_strides[axis] + channel * self.w_strides[-2]
                        factors[k, channel] = code.load(code.at(w, place), self.sums.width, self.used)
                    self.sums.add(cell * self.tile.outputs + o, one, [factors[k, channel]])

    def _spread(self, inner: int) -> Ints:
        """Which number of a vector of x each lane is multiplied with: its group's."""
        lanes = [lane // self.plan.problem.c_out * self.inner + inner for lane in range(self.used)]
        return (*lanes, *[0] * (self.sums.width - self.used))


def _power_of_two(number: int) -> int:
    """The least power of two that is not less."""
    return 1 << (number - 1).bit_length()
