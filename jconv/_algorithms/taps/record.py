"""The algorithm `taps`: what it can do, costs and promises."""

from dataclasses import replace
from math import gcd, prod
from typing import NamedTuple

import jax

from jconv._algorithms._contract import Algorithm, Cost, in_short_loops
from jconv._algorithms.taps.compute import (
    MAX_ELEMENTWISE,
    MAX_FUSED,
    MAX_UNROLLED,
    SINGLE_IS_COPIED,
    channels,
    compute,
    elementwise,
    loops,
)
from jconv._equation.problem import ConvProblem
from jconv._rewrites.phases import phases_together
from jconv._rewrites.products import refused_dots

# How many times slower XLA's loops over elementwise work are than what is written out.
LOOP_SLOWDOWN = 1 if jax.__version_info__ >= (0, 11) else 8
# What stays in cache from one pass to the next.
CACHE_BYTES = 2**20


def unsupported(problem: ConvProblem, platform: str) -> tuple[str, ...]:
    """It takes every problem, where its products are no dots or the platform has the dot that is asked for."""
    reasons = refused_dots(problem, platform)
    return reasons if reasons and _may_have_dots(problem) else ()


def _may_have_dots(problem: ConvProblem) -> bool:
    """Whether a product, of the problem or of one of its phases, may be a dot."""
    joined = replace(problem, c_out=problem.c_out * phases_together(problem))
    sums, taps = joined.batch * joined.c_out > MAX_ELEMENTWISE, not elementwise(joined)
    if any(e > 1 for e in problem.input_dilation):
        return sums or taps
    return sums if problem.more_taps_than_outputs else taps


class Work(NamedTuple):
    """What the products take: multiply-adds, bytes moved beside the operands, and calls."""

    adds: int
    moved: int
    calls: int


def cost(problem: ConvProblem, platform: str) -> Cost:
    """The direct form's work. A dot per tap copies its part of x and adds to y; elementwise work is one pass.

    Elementwise multiply-adds are counted as bytes too, four as one that comes from memory: they wait for loads
    from cache, not for arithmetic.
    """
    padded = problem.undilated_padded_bytes if problem.padded else 0
    if problem.more_taps_than_outputs and problem.batch * problem.c_out <= MAX_ELEMENTWISE:
        # XLA's reduction is scalar code, and reads all anew.
        moved = 400 * problem.multiply_adds * problem.accumulator.itemsize
        work = Work(problem.multiply_adds, moved, prod(problem.output_size))
    elif not problem.more_taps_than_outputs and elementwise(problem):
        work = _elementwise_work(problem)
    else:
        work = _dots_work(problem, padded)
    return Cost(
        multiply_adds=work.adds,
        bytes_moved=problem.operand_bytes + 2 * padded + work.moved,
        extra_bytes=padded + _kept_bytes(problem) + problem.widened_bytes,
        calls=work.calls + 1 if problem.padded else work.calls,
    )


def _elementwise_work(problem: ConvProblem) -> Work:
    """What the taps take as elementwise work."""
    adds, lanes = problem.multiply_adds, problem.groups * problem.c_out
    # Channels apart leave the lanes alone in the innermost loop, else positions follow on one another.
    if lanes > 1:
        apart = min(problem.c_in, problem.groups) > 1
        adds = in_short_loops(adds, lanes // 4 if apart else lanes)
    if problem.rank > 2:  # shorter loops
        adds = adds * 3 // 2
    if lanes == 1 < problem.c_in:  # numbers that are no neighbours
        adds = adds * 3
    met = tuple(
        -(-axis.window // (axis.input_dilation // gcd(axis.dilation, axis.input_dilation))) for axis in problem.axes
    )
    if not loops(replace(problem, window=met)):  # the taps that an output meets
        return Work(adds, adds // 4, 1)
    # Every eighth tap passes over y, in cache or not.
    passes, y_bytes = (
        prod(met) // 8,
        prod(problem.y_shape) * problem.accumulator.itemsize // prod(problem.input_dilation),
    )
    slower = 16 if y_bytes > CACHE_BYTES else 1
    pairs = 2 if problem.c_in > 1 else 1
    return Work(adds * pairs * LOOP_SLOWDOWN, adds // 4 + passes * y_bytes * slower // 2, passes)


def _dots_work(problem: ConvProblem, padded: int) -> Work:
    """What the products take as dots, with so many bytes of a padded x."""
    taps, outputs, sums = prod(problem.window), prod(problem.output_size), problem.more_taps_than_outputs
    products = min(taps, outputs)
    each = problem.operand_bytes if sums else prod(problem.y_shape) * problem.accumulator.itemsize + padded
    moved = 2 * max(0, products - 1) * each
    if sums and products <= MAX_UNROLLED:  # written out, each copies both operands; in a loop they stay in cache
        moved *= 4
    moved //= prod(problem.input_dilation)  # every phase has its part of the taps, and of y
    if problem.groups > 1:  # to the front, and back
        moved += 2 * (problem.x_bytes + problem.y_bytes)
    # Narrow matrices are slow to multiply.
    narrow = max(1, min(problem.batch if sums else problem.c_in, problem.c_out))
    adds = problem.multiply_adds + 15 * problem.multiply_adds // narrow
    return Work(adds, moved, products * problem.groups)


def _kept_bytes(problem: ConvProblem) -> int:
    """What is alive at once beside the padded x: of products written out, all that goes into them or comes out."""
    taps, outputs, phases = prod(problem.window), prod(problem.output_size), prod(problem.input_dilation)
    if min(outputs, taps) > MAX_UNROLLED * phases:  # a loop
        return 2 * problem.operand_bytes
    if problem.more_taps_than_outputs:
        copies = 1 + outputs // phases if outputs > 1 else 1
        return copies * problem.operand_bytes
    kept = 0
    if elementwise(problem):
        if problem.c_out > 1 and problem.groups > 1 and taps > 1:  # x, repeated for its features
            kept += problem.undilated_padded_bytes * problem.c_out
        if phases > 1:
            kept += problem.y_bytes
        if phases * MAX_FUSED < taps:  # what the phases are put together in
            kept += problem.y_bytes
        return kept
    if phases > 1:
        kept += problem.y_bytes * (2 if problem.groups > 1 else 1)
    if taps > 1 or problem.groups > 1 or SINGLE_IS_COPIED:
        lanes = problem.groups * channels(problem)
        kept += taps * (problem.batch * outputs * lanes * problem.accumulator.itemsize // phases)
    return kept + problem.w_bytes


TAPS = Algorithm(
    name="taps",
    compute=compute,
    unsupported=unsupported,
    cost=cost,
    error_bound=4.0,
    partitions=True,
    local=True,
    reference="the equation of ConvProblem, written down",
)
