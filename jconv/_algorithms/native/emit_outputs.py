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

from jconv._algorithms.native.code import BIT, INDEX, NOTHING, POINTER, Code, Number, new_function
from jconv._algorithms.native.plan import OutputsTile, Plan
from jconv._algorithms.native.rows import OutputRow, taps_of, tiles_of_outputs
from jconv._algorithms.native.spans import Spans
from jconv._algorithms.native.sums import Row, Sums, store_all
from jconv._algorithms.native.tasks import Task

# Channels that are written out at once.
UNROLLED = 4


def emit_outputs(module: ir.Module, element: Any, plan: Plan, tile: OutputsTile) -> ir.Function:
    """Write task(x, w, y, number): the tiles of one chunk of one part."""
    features, groups = tile.features, plan.problem.groups
    kernels = [_emit_tile(module, element, plan, tile, *shape) for shape in features.shapes]
    task = Task(module, element, plan)
    code = task.code
    # The full blocks of features, and the rest, with the kernel of each.
    runs = [(0, features.blocks, kernels[0])] if features.blocks else []
    runs += [(features.blocks, features.all_blocks, kernels[-1])] if features.rest else []
    if tile.features_first:
        for start, stop, kernel in runs:
            with code.loop(0, groups) as group, code.loop(start, stop) as block:
                with tiles_of_outputs(task, tile.rows) as row:
                    task.call(kernel, group, row, code.mul(block, features.block))
    else:
        with tiles_of_outputs(task, tile.rows) as row, code.loop(0, groups) as group:
            for start, stop, kernel in runs:
                with code.loop(start, stop) as block:
                    task.call(kernel, group, row, code.mul(block, features.block))
    code.builder.ret_void()
    return task.function


def _emit_tile(module: ir.Module, element: Any, plan: Plan, tile: OutputsTile, vectors: int, last: int) -> ir.Function:
    """Write tile(x, w, y, part, group, first row, first feature), whose last vector has `last` features."""
    kernel = new_function(module, f"tile{vectors}_{last}", NOTHING, [POINTER] * 3 + [INDEX] * 4)
    code = Code(kernel, element)
    x, w, y, part, group, row, feature = kernel.args
    spans = Spans(code, plan.parts, part)
    group = group if plan.problem.groups > 1 else 0
    outputs = [OutputRow(plan, spans, code.add(row, r), group) for r in range(tile.rows)]
    sums = Sums(code, tile.rows, tile.features.width, vectors, last)
    sums.clear()
    w_strides = plan.strides[1]
    first = code.at(w, code.add(feature, code.mul(group, w_strides[-3])))
    if tile.joins_taps:
        _sum_joined(sums, outputs, x, first, spans)
    else:
        _sum_taps(sums, outputs, x, first, spans)
    store_all(sums, [Row(code.at(y, code.add(output.y, feature))) for output in outputs])
    code.builder.ret_void()
    return kernel


def _sum_taps(sums: Sums, outputs: Sequence[OutputRow], x: Any, w: Any, spans: Spans) -> None:
    """Add up what all taps give."""
    plan = outputs[0].plan
    with ExitStack() as loops:
        taps, place = taps_of(spans, plan.strides[1], plan.problem.rank, loops)
        rows = [output.channels(x, taps) for output in outputs]
        _sum_channels(sums, rows, spans.code.at(w, place), plan.problem.c_in, plan.strides[1][-2])


def _sum_joined(sums: Sums, outputs: Sequence[OutputRow], x: Any, w: Any, spans: Spans) -> None:
    """The same, where the channels of neighbouring taps are neighbours: one long run, if it is inside for every row."""
    code, plan, axis = spans.code, outputs[0].plan, outputs[0].plan.problem.rank - 1
    window, size = plan.problem.window[axis], plan.problem.input_size[axis]
    w_strides, channels = plan.strides[1], plan.problem.c_in
    with ExitStack() as loops:
        taps, place = taps_of(spans, w_strides, axis, loops)
        w_there, inside = code.at(w, place), BIT(True)
        for output in outputs if spans.may_leave(axis, size) else ():
            first, last = (spans.input(axis, output.outputs[axis], tap) for tap in (0, window - 1))
            for bit in (code.compare(">=", first, 0), code.compare("<", last, size)):
                inside = code.builder.and_(inside, bit)
        with code.builder.if_else(inside) as (then, otherwise):
            with then:
                rows = [output.channels(x, [*taps, 0], asked=axis) for output in outputs]
                _sum_channels(sums, rows, w_there, window * channels, w_strides[-2])
            with otherwise, code.loop(0, window) as tap:
                rows = [output.channels(x, [*taps, tap]) for output in outputs]
                w_there = code.at(w_there, code.mul(tap, w_strides[axis]))
                _sum_channels(sums, rows, w_there, channels, w_strides[-2])


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
