"""What a plan takes, in true counts: steps of its innermost loop, each as long as its multiply-adds or its loads."""

from functools import lru_cache
from math import prod

from jconv._algorithms._contract import Cost
from jconv._algorithms.native.plan import ChannelsTile, GroupsTile, Lanes, Machine, OutputsTile, Plan, SumsTile
from jconv._algorithms.native.planning import plan_of
from jconv._equation.problem import ConvProblem

# What is counted for: 512-bit registers. Where they are half as long, XLA's own code takes twice as long too.
_MACHINE = Machine(64, 32, 2)
# Operations of XLA that take as long to compile as one problem's code.
_COMPILED = 3
# In multiply-adds of vectors: what a sum waits for the one before it, what an output of a tile costs before its sums,
# and again at every tap, where its input is looked for; and a vector that begins anywhere.
_LATENCY, _ROW, _TAP, _UNALIGNED = 4, 10, 1, 3


@lru_cache(maxsize=4096)
def cost(problem: ConvProblem, platform: str) -> Cost:
    """Multiply-adds of whole vectors, every array once from memory, and a copy of what must be turned."""
    if problem.empty:
        return Cost(0, problem.operand_bytes, 0, 1)
    plan = plan_of(problem, _MACHINE)
    width = _MACHINE.vector_bytes // problem.dtype.itemsize
    turned = _turned_bytes(plan)
    return Cost(
        multiply_adds=round(_steps(plan) * width),
        bytes_moved=problem.operand_bytes + 2 * turned,
        extra_bytes=turned,
        calls=1,
        compiled=_COMPILED,
    )


def _turned_bytes(plan: Plan) -> int:
    """Bytes of w where the nest wants it in another order than it has. Kernel gradients are read as they lie."""
    order = plan.orders[1]
    return 0 if plan.problem.more_taps_than_outputs or list(order) == sorted(order) else plan.problem.w_bytes


def _steps(plan: Plan) -> float:
    """Multiply-adds of vectors that would take as long as the nest."""
    problem, tile = plan.problem, plan.tile
    places = [(plan.parts.outputs(n), prod(span.taps for span in spans)) for n, spans in enumerate(plan.parts.spans)]
    outputs = problem.batch * problem.groups * sum(count for count, _ in places)
    meetings = problem.batch * problem.groups * sum(count * taps for count, taps in places)  # of outputs and taps
    if isinstance(tile, OutputsTile):
        runs = meetings / problem.window[-1] if tile.joins_taps else meetings
        steps = sum(_step(tile.rows, vectors, tile.features.width) for vectors in _vectors(tile.features))
        return meetings * problem.c_in / tile.rows * steps + tile.features.all_blocks * (_ROW * outputs + _TAP * runs)
    if isinstance(tile, ChannelsTile):
        vectors = -(-problem.c_in // tile.width)
        step = _step(tile.rows, problem.c_out, tile.width)
        return meetings / tile.rows * vectors * step + _ROW * outputs * problem.c_out + _TAP * meetings
    if isinstance(tile, SumsTile):
        across = problem.c_out if tile.by_examples else problem.batch
        runs = -(-across // tile.rows)
        steps = sum(_step(tile.rows, vectors, tile.lanes.width) for vectors in _vectors(tile.lanes))
        return meetings * problem.c_in / problem.batch * runs * steps
    if isinstance(tile, GroupsTile):
        vectors = -(-problem.groups // tile.together) / problem.groups
        return meetings * problem.c_in * vectors * _groups_step(plan, tile)
    return meetings * problem.c_in / tile.width * _UNALIGNED + _ROW * outputs / tile.outputs


def _groups_step(plan: Plan, tile: GroupsTile) -> float:
    """What one multiply-add of a run of outputs and a run of taps costs, with its part of what the two read."""
    steps, problem = plan.parts.steps[-1], plan.problem
    inner = problem.batch if tile.by_examples else problem.c_in  # numbers that lie beside the groups in x
    inputs = min(tile.outputs * tile.taps, steps.output * (tile.outputs - 1) + steps.tap * (tile.taps - 1) + 1)
    turned = inputs * inner * -(-tile.together * inner // 16) if max(inner, problem.c_out) > 1 else 0
    factors = tile.taps if tile.by_examples else tile.taps * inner
    half = 1 if tile.together * problem.c_out > 8 else 0.5
    return half * (1 + ((inputs + factors) / 2 + turned + _ROW) / (tile.outputs * tile.taps * inner))


def _vectors(lanes: Lanes) -> list[int]:
    """The vectors of each block."""
    return [lanes.vectors] * lanes.blocks + [shape[0] for shape in lanes.shapes[-1:] if lanes.rest]


def _step(rows: int, vectors: int, width: int) -> float:
    """Multiply-adds that take as long as those of a tile, or its loads; those of half a register take half as long."""
    return max(rows * vectors * (1 if width > 8 else 0.5), (rows + vectors) / 2, _LATENCY)
