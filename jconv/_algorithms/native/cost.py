"""What a plan takes, in true counts: steps of its innermost loop, each as long as its multiply-adds or its loads."""

from functools import lru_cache
from math import prod

from jconv._algorithms._contract import Cost
from jconv._algorithms.native.plan import ChannelsTile, GroupsTile, LineTile, Machine, OutputsTile, Plan, SumsTile
from jconv._algorithms.native.planning import plan_of
from jconv._equation.problem import ConvProblem

# What is counted for: 512-bit registers. Where they are half as long, XLA's own code takes twice as long too.
_MACHINE = Machine(64, 32, 2)
# Operations of XLA that take as long to compile as one problem's code.
_COMPILED = 6
# Multiply-adds of vectors that a step takes at least: each sum waits for the one before it.
_LATENCY = 4


@lru_cache(maxsize=4096)
def cost(problem: ConvProblem, platform: str) -> Cost:
    """Multiply-adds of whole vectors, every array once from memory, and a copy of what must be turned."""
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
    inner = sum(plan.parts.outputs(p) * prod(span.taps for span in spans) for p, spans in enumerate(plan.parts.spans))
    pairs = problem.batch * problem.groups * problem.c_in * inner
    match tile:
        case OutputsTile(rows, features):
            return pairs / rows * sum(_step(rows, n) for n in _vectors(features))
        case ChannelsTile(rows, width):
            whole = -(-problem.c_in // width) / problem.c_in
            return pairs / rows * whole * _step(rows, problem.c_out)
        case SumsTile(rows, lanes, by_examples):
            across = problem.c_out if by_examples else problem.batch
            runs = -(-across // rows)
            return pairs / problem.batch * runs * sum(_step(rows, n) for n in _vectors(lanes))
        case GroupsTile(together):
            vectors = -(-problem.groups // together) / problem.groups
            return pairs * vectors
        case LineTile(outputs, width, by_taps):
            return pairs / width
