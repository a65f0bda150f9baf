"""The loop nest of few features: the lanes are channels, which are added up when all taps are done.

for every tile of outputs (n, o), wherever these lie:         one task has a run of tiles
    for every group g:
        sums[rows, m, lanes] = 0
        for every tap k:
            input[row] = base + outputs*o + taps*k            per axis; a row of zeros where it lies outside
            for every vector of channels c:
                sums[row, m, c] += x[n, input[row], g, c] * w[k, g, c, m]
        y[n, o, g, m] = the total of sums over the lanes
"""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from llvmlite import ir

from jconv._algorithms.native.code import INDEX, NOTHING, POINTER, Code, Number, new_function
from jconv._algorithms.native.plan import ChannelsTile, Plan
from jconv._algorithms.native.rows import OutputRow, taps_of, tiles_of_outputs
from jconv._algorithms.native.spans import Spans
from jconv._algorithms.native.sums import Sums
from jconv._algorithms.native.tasks import Task


def emit_channels(module: ir.Module, element: Any, plan: Plan, tile: ChannelsTile) -> ir.Function:
    """Write task(x, w, y, number): the tiles of one chunk of one part."""
    kernel = _emit_tile(module, element, plan, tile)
    task = Task(module, element, plan)
    with tiles_of_outputs(task, tile.rows) as row, task.code.loop(0, plan.problem.groups) as group:
        task.call(kernel, group, row)
    task.code.builder.ret_void()
    return task.function


def _emit_tile(module: ir.Module, element: Any, plan: Plan, tile: ChannelsTile) -> ir.Function:
    """Write tile(x, w, y, part, group, first row)."""
    kernel = new_function(module, "tile", NOTHING, [POINTER] * 3 + [INDEX] * 3)
    code, problem = Code(kernel, element), plan.problem
    x, w, y, part, group, row = kernel.args
    spans, features = Spans(code, plan.parts, part), problem.c_out
    group = group if problem.groups > 1 else 0
    outputs = [OutputRow(plan, spans, code.add(row, r), group) for r in range(tile.rows)]
    sums = Sums(code, tile.rows * features, tile.width, 1, tile.width)
    sums.clear()
    w_strides = plan.strides[1]
    with ExitStack() as loops:
        taps, place = taps_of(spans, w_strides, problem.rank, loops)
        w_k = code.at(w, code.add(code.mul(group, w_strides[-3]), place))
        rows = [output.channels(x, taps) for output in outputs]
        _sum_channels(sums, rows, [code.at(w_k, m * w_strides[-1]) for m in range(features)], problem.c_in)
    for r, output in enumerate(outputs):
        for m in range(features):
            code.builder.store(code.total(sums.value(r * features + m)), code.at(y, code.add(output.y, m)))
    code.builder.ret_void()
    return kernel


def _sum_channels(sums: Sums, rows: Sequence[Any], features: Sequence[Any], channels: int) -> None:
    """Add up x[row, c] * w[m, c] over vectors of channels; the last has what is left."""
    code, width = sums.code, sums.width

    def add(channel: Number, used: int) -> None:
        factors = [code.load(code.at(feature, channel), width, used) for feature in features]
        for number, row in enumerate(rows):
            lanes = code.load(code.at(row, channel), width, used)
            for m, factor in enumerate(factors):
                sums.add(number * len(features) + m, lanes, [factor])

    whole = channels - channels % width
    if whole:
        with code.loop(0, whole, width) as channel:
            add(channel, width)
    if channels % width:
        add(whole, channels % width)
