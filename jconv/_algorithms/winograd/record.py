"""The algorithms `winograd` and `winograd4`: what they can do, cost and promise."""

from functools import partial
from math import prod

from jconv._algorithms._contract import Algorithm, Cost, in_short_loops
from jconv._algorithms.winograd.compute import compute
from jconv._algorithms.winograd.plan import choose_axes, cut_blocks, points, sums_tiles, tile_bytes, ways
from jconv._equation.problem import ConvProblem
from jconv._rewrites.axes import drop_idle_axes

# Axes that are not idle.
MAX_AXES = 3
# How many times a multiply-add costs more in XLA's dots with a batch dimension.
GROUPED_SLOWDOWN = 8


def unsupported(problem: ConvProblem, platform: str, *, most: int) -> tuple[str, ...]:
    """It is for short windows at stride 1, and for their kernel gradients: a few outputs at dilation 1."""
    reasons = []
    if problem.accumulator.kind not in "fc":
        reasons.append(f"it computes with fractions, and {problem.dtype} holds none")
    busy = [axis for axis in problem.axes if axis.window > 1 and axis.output > 1]
    if not busy:
        reasons.append("no axis has both several taps and several outputs: it is a plain product of matrices")
    elif len(busy) > MAX_AXES:
        reasons.append(f"{len(busy)} spatial axes are more than {MAX_AXES}")
    elif not ways(busy, most):
        seen = dict.fromkeys(
            f"an axis has {axis.window} taps, {axis.output} outputs, stride {axis.stride}, dilation {axis.dilation} "
            f"and input dilation {axis.input_dilation}"
            for axis in busy
        )
        reasons += [
            *seen,
            f"it takes 2 to {most - 1} taps at stride 1 on every axis, or 2 to {most - 1} outputs at dilation 1 on "
            "every axis, and no input dilation",
        ]
    return tuple(reasons)


def cost(problem: ConvProblem, platform: str, *, most: int) -> Cost:
    """The dots. Tiles are written and read once, transforms being elementwise work on what is read anyway."""
    if problem.empty:
        return Cost(0, 0, 0, 0)
    problem = drop_idle_axes(problem)
    axes = choose_axes(problem, most)
    products, blocks = prod(axis.products for axis in axes), len(cut_blocks(problem, axes).starts)
    tiles, summed = tile_bytes(problem, axes), sums_tiles(axes)
    # Transforms are elementwise along all channels; to multiply, groups are brought to the front.
    inner = problem.batch if summed else problem.c_in
    narrow, wide = sorted((inner, problem.c_out))
    if summed:
        copied = 2 * in_short_loops(tiles, problem.groups * wide)
    else:
        copied = in_short_loops(tiles, problem.groups * narrow)
    work = points(axes) * problem.batch * problem.groups * problem.c_in * problem.c_out
    elementwise = problem.groups > 1 and inner == 1 and not summed
    if elementwise:
        work = in_short_loops(work, problem.groups * problem.c_out)
    elif problem.groups > 1:
        copied += in_short_loops(tiles, narrow)
        work = GROUPED_SLOWDOWN * in_short_loops(work, inner, problem.c_out)
    elif summed:  # over all positions
        work = 2 * in_short_loops(work, wide)
    else:
        work = in_short_loops(work, inner, problem.c_out)
    kernel = 0 if summed else products * prod(problem.w_shape[-3:]) * problem.accumulator.itemsize
    # A kernel gradient's operands are padded or transposed; else x is padded.
    kept = problem.padded_bytes + (problem.w_bytes if summed else 0)
    return Cost(
        multiply_adds=work,
        bytes_moved=2 * problem.operand_bytes + max(2, len(axes)) * copied + 2 * kernel,
        extra_bytes=tiles // blocks + kernel + kept + problem.widened_bytes,
        calls=products * blocks * (2 if elementwise else 2 + problem.groups),
        compiled=products * 5 // 4 if problem.more_taps_than_outputs else products,  # sums over positions take longer
    )


def _algorithm(name: str, most: int, error: float) -> Algorithm:
    """The record of the algorithm whose tiles take `most` products along an axis, with its error bound."""
    return Algorithm(
        name=name,
        compute=partial(compute, most=most),
        unsupported=partial(unsupported, most=most),
        cost=partial(cost, most=most),
        error_bound=error,
        reference="Winograd, 1980; Lavin and Gray, arXiv:1509.09308",
    )


WINOGRAD = _algorithm("winograd", most=4, error=8.0)
WINOGRAD_4 = _algorithm("winograd4", most=6, error=60.0)
