"""The plan for a problem and a processor: a pure function."""

from math import prod

from jconv._algorithms.native.parts import Parts, parts_of
from jconv._algorithms.native.plan import (
    ChannelsTile,
    GroupsTile,
    LineTile,
    Machine,
    OutputsTile,
    Plan,
    SumsTile,
    Tile,
    cut_lanes,
)
from jconv._equation.problem import ConvProblem
from jconv._typing import Ints

# Multiply-adds of a task that is worth being given to another thread, and the most tasks.
TASK_WORK, MOST_TASKS = 2**20, 64
# Bytes of y that are made by all parts before the next.
STRETCH_BYTES = 2**19
# Bytes of w up to which all of it is used at every tile of outputs; more is used block of features by block.
W_BYTES = 2**19
# Positions that are summed up before the tile of sums goes back to memory.
SUMMED_POSITIONS = 256
# Channels up to which the taps of the last axis are one run with them.
FEW_CHANNELS = 16
# Features up to which the lanes are channels, if these are many.
FEW_FEATURES = 4


def plan_of(problem: ConvProblem, machine: Machine) -> Plan:
    """The plan for a problem that is not empty."""
    parts = parts_of(problem)
    width = machine.vector_bytes // problem.dtype.itemsize
    if (line := _line_tile(problem, parts, width)) is not None:
        return _plan_line(problem, parts, machine, line)
    if _small_groups(problem, width):
        return _plan_groups(problem, parts, machine, width)
    if problem.more_taps_than_outputs:
        return _plan_sums(problem, parts, machine, width)
    if problem.c_out <= FEW_FEATURES and problem.c_in >= width // 2:
        return _plan_channels(problem, parts, width)
    return _plan_outputs(problem, parts, machine, width)


def _line_tile(problem: ConvProblem, parts: Parts, width: int) -> LineTile | None:
    """A run along the last axis, if there is one channel and one feature, and neighbours stay neighbours."""
    single = problem.c_in if not problem.more_taps_than_outputs else problem.batch
    if problem.rank == 0 or max(problem.groups, problem.c_out, single) > 1 or len(parts.spans) > 1:
        return None
    steps, span = parts.steps[-1], parts.spans[0][-1]
    if problem.more_taps_than_outputs and steps.tap == steps.tap_every == 1 and span.taps >= width // 2:
        return LineTile(_even_cut(span.outputs, 8), cut_lanes(span.taps, width, 1).width, True)
    if not problem.more_taps_than_outputs and steps.output == steps.output_every == 1:
        lanes = cut_lanes(span.outputs, width, 1)
        return LineTile(
            min(8, max(1, span.outputs // lanes.width)) * min(lanes.width, span.outputs), lanes.width, False
        )
    return None


def _plan_line(problem: ConvProblem, parts: Parts, machine: Machine, tile: LineTile) -> Plan:
    """Runs of outputs, with x as the examples and the channels of it are images."""
    rank, order = problem.rank, tuple(range(problem.rank + 3))
    x_order = (0, rank + 2, *range(1, rank + 2))
    w_order = (rank + 1, *range(rank + 1), rank + 2)
    units = (
        problem.batch * parts.outputs(0) // parts.spans[0][-1].outputs * -(-parts.spans[0][-1].outputs // tile.outputs)
    )
    return _plan(problem, parts, tile, (x_order, w_order, order), MOST_TASKS, units)


def _small_groups(problem: ConvProblem, width: int) -> bool:
    """Whether several groups fill a vector, and what they meet is small enough to be written out."""
    inner = problem.batch if problem.more_taps_than_outputs else problem.c_in
    return problem.rank > 0 and problem.groups > 1 and max(inner, problem.c_out) <= width // 2


def _plan_outputs(problem: ConvProblem, parts: Parts, machine: Machine, width: int) -> Plan:
    """Tiles of neighbouring outputs, whatever row or image these are in."""
    features = cut_lanes(problem.c_out, width, 4 if machine.registers > 16 else 2)
    rows = min(8, _most_rows(machine, features.vectors), _fewest_outputs(problem, parts))
    tile = OutputsTile(rows, features, problem.w_bytes // problem.groups > W_BYTES, _joins_taps(problem, parts))
    return _plan(problem, parts, tile, _as_they_are(problem), MOST_TASKS, _most_outputs(problem, parts) // rows)


def _joins_taps(problem: ConvProblem, parts: Parts) -> bool:
    """Whether channels are few, and those of neighbouring taps are neighbours in x and w."""
    if problem.rank == 0 or problem.groups > 1 or len(parts.spans) > 1 or problem.c_in > FEW_CHANNELS:
        return False
    return problem.window[-1] > 1 and parts.steps[-1].tap == parts.steps[-1].tap_every == 1


def _plan_channels(problem: ConvProblem, parts: Parts, width: int) -> Plan:
    """Tiles of neighbouring outputs, with w turned so that channels are neighbours."""
    rows = min(8 if problem.c_out == 1 else 16 // problem.c_out, _fewest_outputs(problem, parts))
    rank = problem.rank
    x_order, _, y_order = _as_they_are(problem)
    orders = (x_order, (*range(rank + 1), rank + 2, rank + 1), y_order)
    tile = ChannelsTile(rows, cut_lanes(problem.c_in, width, 1).width)
    return _plan(problem, parts, tile, orders, MOST_TASKS, _most_outputs(problem, parts) // rows)


def _plan_sums(problem: ConvProblem, parts: Parts, machine: Machine, width: int) -> Plan:
    """Tiles of channels by features, as kernel gradients have them, each a sum over all positions and examples."""
    by_examples = problem.c_out < min(width, problem.batch)
    along, across = (problem.batch, problem.c_out) if by_examples else (problem.c_out, problem.batch)
    lanes = cut_lanes(along, width, 4 if machine.registers > 16 else 2)
    rows = _even_rows(across, _most_rows(machine, lanes.vectors))
    x_order, w_order, y_order = _sums_orders(problem)
    if by_examples:
        y_order = (*y_order[:-2], y_order[-1], y_order[-2])
    tile = SumsTile(rows, lanes, by_examples, _summed_block((problem.c_in, *problem.window)))
    units = problem.groups * lanes.all_blocks * -(-across // rows) * max(map(parts.outputs, range(len(parts.spans))))
    return _plan(problem, parts, tile, (x_order, w_order, y_order), machine.threads, units)


def _plan_groups(problem: ConvProblem, parts: Parts, machine: Machine, width: int) -> Plan:
    """Runs of outputs and taps along the last axis, with groups side by side in the lanes."""
    rank, sums, many = problem.rank, problem.more_taps_than_outputs, machine.registers > 16
    outputs = [spans[-1].outputs for spans in parts.spans]
    taps = [max(spans[a].taps for spans in parts.spans) for a in range(rank)]
    if sums:
        outputs_together = _even_cut(max(outputs), (16 if many else 8) // problem.batch)
        orders = (*_sums_orders(problem)[:2], (*range(1, rank + 1), 0, rank + 1, rank + 2))
        block = _summed_block((problem.c_in, *problem.window))
    else:
        x_order, _, y_order = _as_they_are(problem)
        orders = (x_order, (*range(rank), rank + 1, rank, rank + 2), y_order)
        outputs_together = min(8 if many else 6, *outputs)
        block = (problem.c_in, *(max(1, count) for count in taps))
    inner = problem.batch if sums else problem.c_in
    together = min(problem.groups, width // problem.c_out, 4 * width // inner)  # x in four vectors at most
    taps_together = max(1, min(taps[-1], 4 if sums else 8))
    tile = GroupsTile(together, outputs_together, taps_together, sums, block)
    lanes = -(-problem.groups // together)
    runs = [prod(s.outputs for s in spans[:-1]) * -(-spans[-1].outputs // outputs_together) for spans in parts.spans]
    units, most = (max(runs) * lanes, machine.threads) if sums else (max(runs) * problem.batch, MOST_TASKS)
    return _plan(problem, parts, tile, orders, most, units)


def _plan(
    problem: ConvProblem, parts: Parts, tile: Tile, orders: tuple[Ints, Ints, Ints], most_tasks: int, units: int
) -> Plan:
    """The plan, with as many tasks as there is work for, and no more than its units of work in a part."""
    tasks, count = max(1, min(problem.multiply_adds // TASK_WORK, most_tasks)), len(parts.spans)
    cached = problem.y_bytes // STRETCH_BYTES if count > 1 else 1
    return Plan(problem, parts, orders, tile, max(1, min(max(-(-tasks // count), cached), units)))


def _as_they_are(problem: ConvProblem) -> tuple[Ints, Ints, Ints]:
    """The canonical orders."""
    order = tuple(range(problem.rank + 3))
    return order, order, order


def _sums_orders(problem: ConvProblem) -> tuple[Ints, Ints, Ints]:
    """The orders in which a layer's x, the cotangent of its y and that of its kernel lie."""
    last = problem.rank + 2
    return (last, *range(1, last), 0), (last - 1, *range(last - 1), last), (*range(1, last), 0, last)


def _fewest_outputs(problem: ConvProblem, parts: Parts) -> int:
    """Outputs of the smallest part, over all examples."""
    return problem.batch * min(map(parts.outputs, range(len(parts.spans))))


def _most_outputs(problem: ConvProblem, parts: Parts) -> int:
    """Outputs of the largest part, over all examples."""
    return problem.batch * max(map(parts.outputs, range(len(parts.spans))))


def _most_rows(machine: Machine, vectors: int) -> int:
    """How many rows of so many vectors fit in the registers beside the factors."""
    return min(12, (machine.registers * 3 // 4) // vectors)


def _even_rows(count: int, most: int) -> int:
    """Rows of a tile: the most that leave none over, if they are not few; else the most."""
    return next((rows for rows in range(min(count, most), most // 2, -1) if count % rows == 0), min(count, most))


def _even_cut(size: int, most: int) -> int:
    """The length of equal pieces, each at most so long, or half as long again where one is then enough."""
    most = max(1, most)
    times = 1 if 2 * size <= 3 * most else -(-size // most)
    return -(-size // times)


def _summed_block(sizes: Ints) -> Ints:
    """How many channels, and taps per axis, are summed up at once: the fastest axes whole."""
    block, room = [], SUMMED_POSITIONS
    for size in reversed(sizes):
        block.append(max(1, min(size, room)))
        room = room // block[-1] if block[-1] == size else 1
    return tuple(reversed(block))
