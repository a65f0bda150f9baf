"""The loop nest of a kernel gradient: tiles of examples by features, in registers; many positions are summed.

What the problem calls examples are a layer's channels, its channels a layer's examples, its taps a layer's outputs.

    for every block of channels and taps, which stays in cache:
        for every group g, block of features m, output o and run of examples n:     one task has a run of these
            sums[rows, features] = 0 in the first block, else y[n, o, g, m]
            for every channel c and tap k of the block, where base + outputs*o + taps*k lies inside:
                sums[n, m] += x[n, input, g, c] * w[k, g, c, m]
            y[n, o, g, m] = sums

Where features are few, they and the examples change places: the lanes are examples.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from llvmlite import ir

from jconv._algorithms.native.code import INDEX, NOTHING, POINTER, Code, new_function
from jconv._algorithms.native.plan import Plan, SumsTile
from jconv._algorithms.native.spans import Spans, met_taps
from jconv._algorithms.native.sums import Row, Sums, resume_after_first, store_all
from jconv._algorithms.native.tasks import Task


def emit_sums(module: ir.Module, element: Any, plan: Plan, tile: SumsTile) -> ir.Function:
    """Write task(x, w, y, number): the tiles of one chunk of one part, block by block."""
    problem, lanes = plan.problem, tile.lanes
    across = problem.c_out if tile.by_examples else problem.batch
    shapes = [(rows, *shape) for rows in filter(None, (tile.rows, across % tile.rows)) for shape in lanes.shapes]
    kernels = {shape: _emit_tile(module, element, plan, tile, *shape) for shape in shapes}
    task = Task(module, element, plan)
    code, runs, positions = task.code, -(-across // tile.rows), task.spans.output_count()
    first, last = task.range(code.mul(positions, problem.groups * lanes.all_blocks * runs))
    with ExitStack() as loops:
        starts = task.blocks(loops, tile.block)
        unit = loops.enter_context(code.loop(first, last))
        outer, run = code.divmod(unit, runs)
        outer, position = code.divmod(outer, positions)
        group, block = code.divmod(outer, lanes.all_blocks)
        wanted = [code.compare("<", run, across // tile.rows), code.compare("<", block, lanes.blocks)]
        for (rows, *shape), kernel in kernels.items():
            bits = [
                wanted[0] if rows == tile.rows else code.builder.not_(wanted[0]),
                wanted[1] if lanes.blocks and tuple(shape) == lanes.shapes[0] else code.builder.not_(wanted[1]),
            ]
            with code.when(code.builder.and_(*bits)):
                task.call(kernel, group, position, code.mul(run, tile.rows), code.mul(block, lanes.block), *starts)
    code.builder.ret_void()
    return task.function


def _emit_tile(
    module: ir.Module, element: Any, plan: Plan, tile: SumsTile, rows: int, vectors: int, last: int
) -> ir.Function:
    """Write tile(x, w, y, part, group, output, first of the rows, first of the lanes, start of the block per axis)."""
    problem = plan.problem
    name = f"tile{rows}_{vectors}_{last}"
    kernel = new_function(module, name, NOTHING, [POINTER] * 3 + [INDEX] * (6 + problem.rank))
    code = Code(kernel, element)
    x, w, y, part, group, position, across, along, *starts = kernel.args
    group = group if problem.groups > 1 else 0
    spans = Spans(code, plan.parts, part)
    outputs = spans.unravel(position)[1]
    x_strides, w_strides, y_strides = plan.strides
    row_stride, lane_stride = (y_strides[-1], y_strides[0]) if tile.by_examples else (y_strides[0], y_strides[-1])
    places = [code.mul(spans.output(a, o), y_strides[a + 1]) for a, o in enumerate(outputs)]
    place = code.add(code.mul(across, row_stride), code.mul(group, y_strides[-2]), along, *places)
    assert lane_stride == 1
    sums = Sums(code, rows, tile.lanes.width, vectors, last)
    rows_of_y = [Row(code.at(y, code.add(place, r * row_stride))) for r in range(rows)]
    resume_after_first(sums, rows_of_y, starts)
    example, feature = (along, across) if tile.by_examples else (across, along)
    x_place = code.add(example, code.mul(group, x_strides[-2]))
    w_place = code.add(feature, code.mul(group, w_strides[-3]))
    with ExitStack() as loops:
        stop = code.min(code.add(starts[0], tile.block[0]), problem.c_in)
        channel = loops.enter_context(code.loop(starts[0], stop))
        x_place = code.add(x_place, code.mul(channel, x_strides[-1]))
        w_place = code.add(w_place, code.mul(channel, w_strides[-2]))
        for axis, o in enumerate(outputs):
            low, high = met_taps(spans, problem, axis, o, starts[axis + 1], tile.block[axis + 1])
            tap = loops.enter_context(code.loop(low, high))
            x_place = code.add(x_place, code.mul(spans.input(axis, o, tap), x_strides[axis + 1]))
            w_place = code.add(w_place, code.mul(spans.tap(axis, tap), w_strides[axis]))
        pair: Sequence[Any] = code.at(x, x_place), code.at(w, w_place)
        scalars, lanes = pair[::-1] if tile.by_examples else pair
        vectors_there = sums.load(lanes)
        for r in range(rows):
            sums.add(r, code.splat(code.at(scalars, r), sums.width), vectors_there)
    store_all(sums, rows_of_y)
    code.builder.ret_void()
    return kernel
