"""The algorithm `planar`: XLA's convolution, brought to the 2-D form that its CPU backend is fast at."""

from dataclasses import replace
from math import gcd, prod

import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms._contract import Algorithm, Cost, in_short_loops
from jconv._algorithms._xla import FEW_CHANNELS, XlaConv, channels_last, dropped_precision
from jconv._equation.problem import Axis, ConvProblem
from jconv._rewrites.axes import fold_first_axis, lift_rank
from jconv._rewrites.padding import pad_input
from jconv._rewrites.phases import in_phases, phases_together
from jconv._rewrites.swap import swap_is_due, swap_operands, swapped
from jconv._typing import Array

# Groups whose convolutions are written out one by one; more run as a loop, so that programs compile quickly.
MAX_UNROLLED_GROUPS = 8


def compute(x: Array, w: Array, problem: ConvProblem) -> Array:
    """Split into groups and phases, lift to 2-D, fold the taps of further axes into channels; NHWC by HWIO.

    Padding is left to XLA, whose fast path fuses it; for what that path does not take it is done
    beforehand, where XLA would fuse it slowly, up to 12 times.
    """
    if problem.empty:
        return jnp.zeros(problem.y_shape, problem.dtype)
    if problem.groups > 1:
        return _group_by_group(x, w, problem)
    if any(e > 1 for e in problem.input_dilation):
        return (swap_operands if swap_is_due(problem) else in_phases)(compute, x, w, problem)
    if problem.rank < 2:
        return lift_rank(compute, x, w, problem)
    if problem.rank > 2:
        return fold_first_axis(compute, x, w, problem)
    padding = tuple(zip(problem.low, problem.high, strict=True))
    if _pads(problem) or min(problem.low + problem.high) < 0:
        x, padding = pad_input(x, problem), ((0, 0), (0, 0))
    y = lax.conv_general_dilated(
        x[..., 0, :].astype(problem.compute_dtype),
        w[..., 0, :, :].astype(problem.compute_dtype),
        window_strides=problem.stride,
        padding=padding,
        rhs_dilation=problem.dilation,
        dimension_numbers=channels_last(2),
        precision=problem.precision,
        preferred_element_type=problem.accumulator,
    )
    return y[..., None, :].astype(problem.dtype)


def _group_by_group(x: Array, w: Array, problem: ConvProblem) -> Array:
    """XLA's fast path knows no groups, and its grouped convolution is several times slower."""
    one = replace(problem, groups=1)

    def group(g: int | Array) -> Array:
        return compute(lax.dynamic_slice_in_dim(x, g, 1, -2), lax.dynamic_slice_in_dim(w, g, 1, -3), one)

    if problem.groups <= MAX_UNROLLED_GROUPS:
        return jnp.concatenate([group(g) for g in range(problem.groups)], axis=-2)
    # A zero made from the data, so that it varies over mesh axes as the data do.
    zero = sum(jnp.zeros_like(operand, problem.dtype, shape=()) for operand in (x, w))
    return lax.fori_loop(
        np.int32(0),
        np.int32(problem.groups),
        lambda g, y: lax.dynamic_update_slice_in_dim(y, group(g), g, -2),
        jnp.broadcast_to(zero, problem.y_shape),
    )


def _pads(problem: ConvProblem) -> bool:
    """Whether x is padded beforehand: the output is larger, or channels are few."""
    grows = any(o > i for o, i in zip(problem.output_size, problem.input_size, strict=True))
    return problem.padded and (grows or max(problem.c_in, problem.c_out) <= FEW_CHANNELS)


def unsupported(problem: ConvProblem, platform: str) -> tuple[str, ...]:
    """It is for the dtypes of XLA's fast path."""
    reasons = dropped_precision(problem, platform)
    if problem.compute_dtype not in (np.float32, np.float64):
        reasons = (f"{problem.compute_dtype} is neither float32 nor float64", *reasons)
    return reasons


def xla_conv(problem: ConvProblem) -> XlaConv:
    """The convolution that XLA gets: of one group, the folded axes' taps as channels, joined phases as features."""
    if swap_is_due(problem):
        problem = swapped(problem)
    copies = prod(problem.window[: problem.rank - 2])
    joined = phases_together(replace(problem, groups=1))
    return XlaConv(problem, problem.c_in * copies, problem.c_out * joined, rank=2, groups=1)


def cost(problem: ConvProblem, platform: str) -> Cost:
    """The direct form's work; the folded axes' taps are laid out as channels, as many copies of x."""
    if swap_is_due(problem):
        problem = swapped(problem)
    folded = 0
    if problem.rank > 2:  # x, and for every output of the axes that are folded the part of it that its taps meet
        copies = prod(axis.output * axis.window / axis.reach for axis in problem.axes[: problem.rank - 2])
        folded = int(problem.undilated_padded_bytes * (1 + copies)) + problem.y_bytes
    pads = _pads(problem)
    padded = problem.undilated_padded_bytes if pads or problem.rank == 1 else 0
    phases = prod(map(_phases_that_meet_taps, problem.axes))
    apart = problem.x_bytes + problem.y_bytes if problem.groups > 1 else 0  # groups, cut out and put together
    loop = problem.groups > MAX_UNROLLED_GROUPS
    cut = apart
    if loop:  # a line of cache is read anew for every group that it holds part of
        x_lanes = problem.batch if problem.more_taps_than_outputs else problem.c_in
        w_or_y = problem.w_bytes if problem.more_taps_than_outputs else problem.y_bytes
        cut = in_short_loops(problem.x_bytes, x_lanes) + in_short_loops(w_or_y, problem.c_out)
    extra = folded + padded + problem.w_bytes + apart
    if problem.more_taps_than_outputs:  # the operands come transposed, and are copied
        extra = max(extra, problem.x_bytes + problem.w_bytes + folded + apart)
    elif phases > 1:
        extra += problem.y_bytes + problem.w_bytes
    if loop:  # one group after another; where each is one channel, XLA before jax 0.11 copies x too
        copied = problem.x_bytes if problem.c_in == 1 else 0
        extra = extra // problem.groups + copied
    passes = 2 if phases > 1 else 1
    calls = (problem.groups if loop or problem.groups == 1 else 5 * problem.groups) * phases
    return Cost(
        multiply_adds=problem.multiply_adds,
        convolution=xla_conv(problem),
        bytes_moved=passes * problem.operand_bytes + 2 * (folded + padded + cut),
        extra_bytes=extra,
        calls=calls + 1 if pads else calls,
    )


def _phases_that_meet_taps(axis: Axis) -> int:
    """How many of an axis's phases have taps."""
    e = axis.input_dilation
    return max(1, e // gcd(axis.stride, e) // gcd(axis.dilation, e))


PLANAR = Algorithm(
    name="planar",
    compute=compute,
    unsupported=unsupported,
    cost=cost,
    error_bound=4.0,
    partitions=True,
    local=True,
    reference="jax.lax.conv_general_dilated, after the rewrites of jconv",
)
