"""The loop nest of small groups: lanes are groups by features; a box of outputs meets a box of taps, written out.

    for every block of lanes (g, m) and box of outputs o:          one task has a run of these
        sums[box] = 0, or where the block of positions before ended
        for every channel c, if these are many positions' examples, and every tap k of the axes without a box:
            for every box of taps:
                for every input that the two boxes share:          one vector from memory, used for all its pairs
                    for every (o, k) that it belongs to:
                        sums[o, lanes] += x[n, input, g, c] * w[k, g, c, m]
        y[n, o, g, m] = sums

Two versions of the innermost part are made where padding is met: one asks of every input whether it is there.
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
    """Write task(x, w, y, number): the boxes of outputs of one chunk of one part."""
    problem = plan.problem
    full, rest = divmod(problem.groups, tile.together)
    kernels = {count: _Tile(module, element, plan, tile, count).function for count in (tile.together, rest) if count}
    task = Task(module, element, plan)
    code, lanes = task.code, full + (rest > 0)
    boxes = [code.divmod(code.add(task.spans.get(a, "outputs"), n - 1), n)[0] for a, n in enumerate(tile.output_box)]
    units: Number = lanes if tile.by_examples else problem.batch
    for count in boxes:
        units = code.mul(units, count)
    first, last = task.range(units)
    with ExitStack() as loops:
        starts = task.blocks(loops, tile.block)
        unit = loops.enter_context(code.loop(first, last))
        numbers = []
        for count in reversed(boxes):
            unit, number = code.divmod(unit, count)
            numbers.insert(0, number)
        example, block = (0, unit) if tile.by_examples else (unit, loops.enter_context(code.loop(0, lanes)))
        is_full = code.compare("<", block, full)
        for count, kernel in kernels.items():
            with code.when(is_full if count == tile.together else code.builder.not_(is_full)):
                task.call(kernel, example, block, *numbers, *starts)
    code.builder.ret_void()
    return task.function


class _Tile:
    """tile(x, w, y, part, example, block of lanes, box of outputs per axis, start of the block): one box of outputs."""

    def __init__(self, module: ir.Module, element: Any, plan: Plan, tile: GroupsTile, groups: int):
        self.plan, self.tile, problem = plan, tile, plan.problem
        rank = problem.rank
        arguments = [POINTER] * 3 + [INDEX] * (4 + 2 * rank)
        self.function = new_function(module, f"tile{groups}", NOTHING, arguments)
        self.code = code = Code(self.function, element)
        self.x, self.w, self.y, part, example, block, *numbers = self.function.args
        self.spans = Spans(code, plan.parts, part)
        self.inner = problem.batch if tile.by_examples else problem.c_in  # beside the groups in x
        self.used, self.x_used = groups * problem.c_out, groups * self.inner
        self.outputs = [self._first_output(a, number) for a, number in enumerate(numbers[:rank])]
        self.starts = numbers[rank:]
        self.x_strides, self.w_strides, self.y_strides = plan.strides
        self.group = code.mul(block, tile.together)
        self.boxed = [o > 1 or k > 1 for o, k in zip(tile.output_box, tile.tap_box, strict=True)]
        self._write(example)

    def _write(self, example: Number) -> None:
        """Write the function."""
        code, tile, problem = self.code, self.tile, self.plan.problem
        examples = problem.batch if tile.by_examples else 1
        cells = list(product(range(examples), *map(range, tile.output_box)))
        width = _power_of_two(self.used)
        self.sums = Sums(code, len(cells), width, 1, self.used)
        self.cells = {cell: number for number, cell in enumerate(cells)}
        rows = [Row(code.at(self.y, self._y_place(example, cell)), self._is_output(cell)) for cell in cells]
        resume_after_first(self.sums, rows, self.starts if tile.by_examples else ())
        x = code.add(code.mul(example, self.x_strides[0]), code.mul(self.group, self.x_strides[-2]))
        w = code.mul(self.group, self.w_strides[-3])
        with ExitStack() as loops:
            if tile.by_examples:
                stop = code.min(code.add(self.starts[0], tile.block[0]), problem.c_in)
                channel = loops.enter_context(code.loop(self.starts[0], stop))
                x = code.add(x, code.mul(channel, self.x_strides[-1]))
                w = code.add(w, code.mul(channel, self.w_strides[-2]))
            taps, stops = [], []
            for axis in range(problem.rank):
                low, high = self._tap_range(axis)
                taps.append(loops.enter_context(code.loop(low, high, tile.tap_box[axis])))
                stops.append(high)
            self._boxes(x, w, taps, stops)
        store_all(self.sums, rows)
        code.builder.ret_void()

    def _first_output(self, axis: int, number: Number) -> Number:
        """Where a box begins. Where sums are stored once, the last lies upon the one before it, and makes it again."""
        first, size = self.code.mul(number, self.tile.output_box[axis]), self.tile.output_box[axis]
        if self.tile.by_examples:
            return first
        return self.code.min(first, self.code.add(self.spans.get(axis, "outputs"), -size))

    def _is_output(self, cell: Ints) -> Any:
        """Whether a cell of the box is an output, if that is a question."""
        code, is_one = self.code, None
        for axis, offset in enumerate(cell[1:]):
            size = self.tile.output_box[axis]
            sizes = {spans[axis].outputs % size for spans in self.plan.parts.spans}
            if self.tile.by_examples and offset and sizes != {0}:
                bit = code.compare("<", code.add(self.outputs[axis], offset), self.spans.get(axis, "outputs"))
                is_one = bit if is_one is None else code.builder.and_(is_one, bit)
        return is_one

    def _y_place(self, example: Number, cell: Ints) -> Number:
        """Where a cell of the tile is in y."""
        code, (n, *offsets) = self.code, cell
        places = [
            code.mul(self.spans.output(a, code.add(o, offset)), self.y_strides[a + 1])
            for a, (o, offset) in enumerate(zip(self.outputs, offsets, strict=True))
        ]
        row = code.mul(code.add(example, n), self.y_strides[0])
        return code.add(row, code.mul(self.group, self.y_strides[-2]), *places)

    def _tap_range(self, axis: int) -> tuple[Number, Number]:
        """The taps to go through along an axis: in an axis without a box, those alone that meet an input."""
        start = self.starts[axis + 1]
        if not self.boxed[axis]:
            return met_taps(self.spans, self.plan.problem, axis, self.outputs[axis], start, self.tile.block[axis + 1])
        return start, self.code.min(self.code.add(start, self.tile.block[axis + 1]), self.spans.get(axis, "taps"))

    def _boxes(self, x: Number, w: Number, taps: list[Number], stops: list[Number]) -> None:
        """Write what two boxes give each other: without questions where all of it is inside, else with them."""
        code, spans, plan, tile = self.code, self.spans, self.plan, self.tile
        firsts = [spans.input(a, o, k) for a, (o, k) in enumerate(zip(self.outputs, taps, strict=True))]
        x = code.add(x, *(code.mul(i, stride) for i, stride in zip(firsts, self.x_strides[1:], strict=False)))
        places = (code.mul(spans.tap(a, k), stride) for a, (k, stride) in enumerate(zip(taps, self.w_strides, strict=False)))
        w = code.add(w, *places)
        inside = None
        for axis, size in enumerate(plan.problem.input_size):
            if not self.boxed[axis]:
                continue
            steps, many, length = plan.parts.steps[axis], tile.output_box[axis], tile.tap_box[axis]
            reach = steps.output * (many - 1) + steps.tap * (length - 1)
            for bit in (
                code.compare(">=", firsts[axis], 0),
                code.compare("<", code.add(firsts[axis], reach), size),
                code.compare("<=", code.add(taps[axis], length), stops[axis]),
            ):
                inside = bit if inside is None else code.builder.and_(inside, bit)
        if inside is None:
            self._meet(x, w, None)
            return
        with code.builder.if_else(inside) as (then, otherwise):
            with then:
                self._meet(x, w, None)
            with otherwise:
                self._meet(x, w, _Questions(self, firsts, taps, stops))

    def _meet(self, x: Number, w: Number, questions: "_Questions | None") -> None:
        """Write the products of two boxes, input by input."""
        code, tile, problem = self.code, self.tile, self.plan.problem
        pairs: dict[Ints, list[tuple[Ints, Ints]]] = {}
        steps = self.plan.parts.steps
        for o, k in product(product(*map(range, tile.output_box)), product(*map(range, tile.tap_box))):
            at = tuple(s.output * p + s.tap * t for s, p, t in zip(steps, o, k, strict=True))
            pairs.setdefault(at, []).append((o, k))
        factors: dict[tuple[Ints, int], Any] = {}
        for at in sorted(pairs):
            there = code.at(self.x, code.add(x, *(n * s for n, s in zip(at, self.x_strides[1:], strict=False))))
            if questions is not None:
                there = questions.x_or_zeros(there, at)
            block = code.load(there, _power_of_two(self.x_used), self.x_used)
            for inner in range(self.inner):
                lanes = [lane // problem.c_out * self.inner + inner for lane in range(self.used)]
                lanes += [0] * (self.sums.width - self.used)
                one = code.shuffle(block, lanes)
                for o, k in pairs[at]:
                    channel = 0 if tile.by_examples else inner
                    if (k, channel) not in factors:
                        factors[k, channel] = self._factor(w, k, channel, questions)
                    cell = self.cells[(inner if tile.by_examples else 0, *o)]
                    self.sums.add(cell, one, [factors[k, channel]])

    def _factor(self, w: Number, tap: Ints, channel: int, questions: "_Questions | None") -> Any:
        """The vector of w at a tap of the box."""
        code, steps = self.code, self.plan.parts.steps
        places = (t * s.tap_every * stride for t, s, stride in zip(tap, steps, self.w_strides, strict=False))
        there = code.at(self.w, code.add(w, channel * self.w_strides[-2], *places))
        if questions is not None:
            there = questions.w_or_zeros(there, tap)
        return code.load(there, self.sums.width, self.used)


class _Questions:
    """Whether inputs and taps of two boxes are there; zeros are read where they are not."""

    def __init__(self, tile: _Tile, firsts: list[Number], taps: list[Number], stops: list[Number]):
        self.tile, self.firsts, self.taps, self.stops = tile, firsts, taps, stops
        self.zeros = tile.code.zeros(max(tile.x_used, tile.used))
        self.answers: dict[tuple[str, int, int], Any] = {}

    def x_or_zeros(self, there: Any, at: Ints) -> Any:
        """A pointer into x, or to zeros."""
        code = self.tile.code
        for axis, offset in enumerate(at):
            if self.tile.boxed[axis]:
                size = self.tile.plan.problem.input_size[axis]
                bit = self._once("x", axis, offset, lambda a=axis, n=offset, s=size: code.inside(code.add(self.firsts[a], n), s))
                there = code.builder.select(bit, there, self.zeros)
        return there

    def w_or_zeros(self, there: Any, tap: Ints) -> Any:
        """A pointer into w, or to zeros."""
        code = self.tile.code
        for axis, offset in enumerate(tap):
            if self.tile.boxed[axis] and offset:
                bit = self._once("w", axis, offset, lambda a=axis, n=offset: code.compare("<", code.add(self.taps[a], n), self.stops[a]))
                there = code.builder.select(bit, there, self.zeros)
        return there

    def _once(self, what: str, axis: int, offset: int, ask: Any) -> Any:
        """An answer, asked for once."""
        if (what, axis, offset) not in self.answers:
            self.answers[what, axis, offset] = ask()
        return self.answers[what, axis, offset]


def _power_of_two(number: int) -> int:
    """The least power of two that is not less."""
    return 1 << (number - 1).bit_length()
