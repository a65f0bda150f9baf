"""The loop nest of a value: tiles of neighbouring outputs by features, in registers; taps and channels are summed.

    for every tile of outputs (n, o), wherever these lie:         one task has a run of tiles
        for every group g and block of features m:
            sums[rows, features] = 0
            for every tap k:
                input[row] = base + outputs*o + taps*k            per axis; a row of zeros where it lies outside
                for every channel c:
                    sums[row, m] += x[n, input[row], g, c] * w[k, g, c, m]
            y[n, o, g, m] = sums
"""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from llvmlite import ir

from jconv._algorithms.native.code import INDEX, NOTHING, POINTER, Code, Number, new_function
from jconv._algorithms.native.plan import Plan, strides_of
from jconv._algorithms.native.spans import Spans
from jconv._algorithms.native.sums import Sums

# Channels that are written out at once.
UNROLLED = 4


def emit_outputs(module: ir.Module, element: Any, plan: Plan) -> ir.Function:
    """Write task(x, w, y, number): the tiles of one chunk of one part."""
    features = plan.features
    kernels = [_emit_tile(module, element, plan, *shape) for shape in features.shapes]
    task = new_function(module, "task", NOTHING, [POINTER] * 3 + [INDEX])
    code = Code(task, element)
    part, chunk = code.divmod(task.args[3], plan.chunks)
    spans = Spans(code, plan.parts, part if len(plan.parts.spans) > 1 else 0)
    outputs = code.mul(spans.output_count(), plan.problem.batch)
    tiles, _ = code.divmod(code.add(outputs, plan.rows - 1), plan.rows)
    first, _ = code.divmod(code.mul(chunk, tiles), plan.chunks)
    last, _ = code.divmod(code.mul(code.add(chunk, 1), tiles), plan.chunks)

    def tile(number: Number, group: Number, block: Number, kernel: ir.Function) -> None:
        # The last tile lies upon the one before it, and makes the same values again.
        row = code.min(code.mul(number, plan.rows), code.add(outputs, -plan.rows))
        numbers = (part, group, row, code.mul(block, features.width * features.vectors))
        code.builder.call(kernel, [*task.args[:3], *map(code.index, numbers)])

    groups = plan.problem.groups
    if plan.features_first:
        with code.loop(0, groups) as group:
            if features.blocks:
                with code.loop(0, features.blocks) as block, code.loop(first, last) as number:
                    tile(number, group, block, kernels[0])
            if features.rest:
                with code.loop(first, last) as number:
                    tile(number, group, features.blocks, kernels[-1])
    else:
        with code.loop(first, last) as number, code.loop(0, groups) as group:
            if features.blocks:
                with code.loop(0, features.blocks) as block:
                    tile(number, group, block, kernels[0])
            if features.rest:
                tile(number, group, features.blocks, kernels[-1])
    code.builder.ret_void()
    return task


def _emit_tile(module: ir.Module, element: Any, plan: Plan, vectors: int, last: int) -> ir.Function:
    """Write tile(x, w, y, part, group, row, feature), whose last vector has `last` features."""
    kernel = new_function(module, f"tile{vectors}_{last}", NOTHING, [POINTER] * 3 + [INDEX] * 4)
    code, problem = Code(kernel, element), plan.problem
    x, w, y, part, group, row, feature = kernel.args
    spans = Spans(code, plan.parts, part if len(plan.parts.spans) > 1 else 0)
    group = group if problem.groups > 1 else 0
    rows = [_Row(plan, spans, code.add(row, r), group) for r in range(plan.rows)]
    sums = Sums(code, plan.rows, plan.features.width, vectors, last)
    sums.clear()
    nothing = code.zeros(problem.c_in)
    w_strides = strides_of(problem.w_shape, plan.orders[1])
    with ExitStack() as loops:
        taps = [loops.enter_context(code.loop(0, spans.get(a, "taps"))) for a in range(problem.rank)]
        places = [code.mul(spans.tap(a, k), w_strides[a]) for a, k in enumerate(taps)]
        w_k = code.at(w, code.add(feature, code.mul(group, w_strides[-3]), *places))
        _sum_channels(sums, [r.pointer(x, taps, nothing) for r in rows], w_k, problem.c_in, w_strides[-2])
    for number, r in enumerate(rows):
        sums.store(number, code.at(y, code.add(r.y, feature)))
    code.builder.ret_void()
    return kernel


class _Row:
    """One row of a tile: an output, and where it is in y."""

    def __init__(self, plan: Plan, spans: Spans, number: Number, group: Number):
        self.plan, self.spans, code = plan, spans, spans.code
        self.positions: list[Number] = []
        for axis in reversed(range(plan.problem.rank)):
            number, position = code.divmod(number, spans.get(axis, "outputs"))
            self.positions.insert(0, position)
        self.example = number
        strides = strides_of(plan.problem.y_shape, plan.orders[2])
        places = [code.mul(spans.output(a, o), strides[a + 1]) for a, o in enumerate(self.positions)]
        self.y = code.add(code.mul(number, strides[0]), code.mul(group, strides[-2]), *places)
        self.x_strides = strides_of(plan.problem.x_shape, plan.orders[0])
        self.x = code.add(code.mul(number, self.x_strides[0]), code.mul(group, self.x_strides[-2]))

    def pointer(self, x: Any, taps: Sequence[Number], nothing: Any) -> Any:
        """Where the channels are that this output meets with a tap: among zeros if the input lies outside."""
        code, spans, offset, within = self.spans.code, self.spans, self.x, None
        for axis, (output, tap) in enumerate(zip(self.positions, taps, strict=True)):
            position, size = spans.input(axis, output, tap), self.plan.problem.input_size[axis]
            offset = code.add(offset, code.mul(position, self.x_strides[axis + 1]))
            if spans.may_leave(axis, size):
                bit = code.inside(position, size)
                within = bit if within is None else code.builder.and_(within, bit)
        there = code.at(x, offset)
        return there if within is None else code.builder.select(within, there, nothing)


def _sum_channels(sums: Sums, rows: Sequence[Any], w: Any, channels: int, w_stride: int) -> None:
    """Add up x[row, c] * w[c, m] over the channels."""
    code = sums.code

    def add(channel: Number) -> None:
        features = sums.load(code.at(w, code.mul(channel, w_stride)))
        for number, row in enumerate(rows):
            sums.add(number, code.splat(code.at(row, channel), sums.width), features)

    together = channels - channels % UNROLLED
    if together:
        with code.loop(0, together, UNROLLED) as first:
            for c in range(UNROLLED):
                add(code.add(first, c))
    for channel in range(together, channels):
        add(channel)
