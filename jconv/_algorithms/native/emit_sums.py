"""The loop nest of a kernel gradient: tiles of examples by features, in registers; many positions are summed.

What the problem calls examples are a layer's channels, its channels a layer's examples, its taps a layer's outputs.

    for every block of channels and taps, which stays in cache:
        for every group g, block of features m, output o and run of examples n:     one task has a run of these
            sums[rows, features] = 0 in the first block, else y[n, o, g, m]
            for every channel c and tap k of the block, where base + outputs*o + taps*k lies inside:
                sums[n, m] += x[n, input, g, c] * w[k, g, c, m]
            y[n, o, g, m] = sums
"""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from llvmlite import ir

from jconv._algorithms.native.code import INDEX, NOTHING, POINTER, Code, Number, new_function
from jconv._algorithms.native.plan import Plan, strides_of
from jconv._algorithms.native.spans import Spans, met_taps
from jconv._algorithms.native.sums import Sums, resume_after_first


def emit_sums(module: ir.Module, element: Any, plan: Plan) -> ir.Function:
    """Write task(x, w, y, number): the tiles of one chunk of one part, block by block."""
    problem, features, parts = plan.problem, plan.features, plan.parts
    rest = problem.batch % plan.rows
    shapes = [(rows, *shape) for rows in filter(None, (plan.rows, rest)) for shape in features.shapes]
    kernels = {shape: _emit_tile(module, element, plan, *shape) for shape in shapes}
    task = new_function(module, "task", NOTHING, [POINTER] * 3 + [INDEX])
    code = Code(task, element)
    part, chunk = code.divmod(task.args[3], plan.chunks)
    part = part if len(parts.spans) > 1 else 0
    spans = Spans(code, parts, part)
    runs, positions = -(-problem.batch // plan.rows), spans.output_count()
    units = code.mul(positions, problem.groups * features.count * runs)
    first, _ = code.divmod(code.mul(chunk, units), plan.chunks)
    last, _ = code.divmod(code.mul(code.add(chunk, 1), units), plan.chunks)
    sizes = (problem.c_in, *(spans.get(a, "taps") for a in range(problem.rank)))
    with ExitStack() as loops:
        starts = []
        for size, step in zip(sizes, plan.block, strict=True):
            starts.append(loops.enter_context(code.loop(0, code.max(size, 1), step)))
        unit = loops.enter_context(code.loop(first, last))
        outer, run = code.divmod(unit, runs)
        outer, position = code.divmod(outer, positions)
        group, block = code.divmod(outer, features.count)
        numbers = [part, group, position, code.mul(run, plan.rows), block, *starts]
        _call_shape(code, kernels, plan, [*task.args[:3], *map(code.index, numbers)], run, block)
    code.builder.ret_void()
    return task


def _call_shape(code: Code, kernels: Any, plan: Plan, arguments: Sequence[Any], run: Number, block: Number) -> None:
    """Call the tile of the shape that this run of examples and block of features has."""
    full_runs, features = plan.problem.batch // plan.rows, plan.features
    for rows, vectors, last in kernels:
        wanted = [code.compare("<" if rows == plan.rows else ">=", run, full_runs)]
        if features.blocks and features.rest:
            full = (vectors, last) == features.shapes[0]
            wanted.append(code.compare("<" if full else ">=", block, features.blocks))
        bit = wanted[0] if len(wanted) == 1 else code.builder.and_(*wanted)
        with code.when(bit):
            code.builder.call(kernels[rows, vectors, last], arguments)


def _emit_tile(module: ir.Module, element: Any, plan: Plan, rows: int, vectors: int, last: int) -> ir.Function:
    """Write tile(x, w, y, part, group, output, first example, block of features, start of the block per axis)."""
    problem, parts, features = plan.problem, plan.parts, plan.features
    name = f"tile{rows}_{vectors}_{last}"
    kernel = new_function(module, name, NOTHING, [POINTER] * 3 + [INDEX] * (6 + problem.rank))
    code = Code(kernel, element)
    x, w, y, part, group, position, example, block, *starts = kernel.args
    group = group if problem.groups > 1 else 0
    spans = Spans(code, parts, part if len(parts.spans) > 1 else 0)
    outputs: list[Number] = []
    for axis in reversed(range(problem.rank)):
        position, o = code.divmod(position, spans.get(axis, "outputs"))
        outputs.insert(0, o)
    feature = code.mul(block, features.width * features.vectors)
    x_strides, w_strides, y_strides = (
        strides_of(shape, order)
        for shape, order in zip((problem.x_shape, problem.w_shape, problem.y_shape), plan.orders, strict=True)
    )
    places = [code.mul(spans.output(a, o), y_strides[a + 1]) for a, o in enumerate(outputs)]
    place = code.add(code.mul(example, y_strides[0]), code.mul(group, y_strides[-2]), feature, *places)
    sums = Sums(code, rows, features.width, vectors, last)
    rows_of_y = [code.at(y, code.add(place, code.mul(y_strides[0], r))) for r in range(rows)]
    resume_after_first(sums, rows_of_y, starts)
    x_place = code.add(code.mul(example, x_strides[0]), code.mul(group, x_strides[-2]))
    w_place = code.add(code.mul(group, w_strides[-3]), feature)
    with ExitStack() as loops:
        stop = code.min(code.add(starts[0], plan.block[0]), problem.c_in)
        channel = loops.enter_context(code.loop(starts[0], stop))
        x_place = code.add(x_place, code.mul(channel, x_strides[-1]))
        w_place = code.add(w_place, code.mul(channel, w_strides[-2]))
        for axis, o in enumerate(outputs):
            low, high = met_taps(spans, plan, axis, o, starts[axis + 1])
            tap = loops.enter_context(code.loop(low, high))
            x_place = code.add(x_place, code.mul(spans.input(axis, o, tap), x_strides[axis + 1]))
            w_place = code.add(w_place, code.mul(spans.tap(axis, tap), w_strides[axis]))
        vectors_of_w, row_of_x = sums.load(code.at(w, w_place)), code.at(x, x_place)
        for r in range(rows):
            sums.add(r, code.splat(code.at(row_of_x, r * x_strides[0]), features.width), vectors_of_w)
    for r, pointer in enumerate(rows_of_y):
        sums.store(r, pointer)
    code.builder.ret_void()
    return kernel
