"""The algorithm `taps`: the equation written down, one product per tap, or per output if those are fewer."""

from dataclasses import replace
from itertools import product
from math import gcd, prod
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms._contract import Algorithm, Cost, in_short_loops
from jconv._equation.geometry import Walk, offsets, walk
from jconv._equation.problem import Axis, ConvProblem
from jconv._rewrites.padding import pad_input, slice_at
from jconv._rewrites.phases import in_phases, phases_together
from jconv._rewrites.products import grouped_dot, refused_dots, summed_dot
from jconv._typing import Array, Ints

# Up to so many products are written out one by one; more run as a loop, so that programs stay small.
MAX_UNROLLED = 64
# Products of a phase that are made where the phases are interleaved.
MAX_FUSED = 4
# Channels and features per group up to which a product is elementwise work, not a matrix product.
MAX_ELEMENTWISE = 4
# How many times slower XLA's loops over elementwise work are than what is written out.
LOOP_SLOWDOWN = 1 if jax.__version_info__ >= (0, 11) else 8
# Before jax 0.11 XLA copies what a single product gives.
SINGLE_IS_COPIED = jax.__version_info__ < (0, 11)
# What stays in cache from one pass to the next.
CACHE_BYTES = 2**20


def compute(x: Array, w: Array, problem: ConvProblem) -> Array:
    """Fix one position of the smaller index set, k or o; the other two then walk together."""
    if problem.empty:
        return jnp.zeros(problem.y_shape, problem.dtype)
    if problem.more_taps_than_outputs and prod(problem.output_size) <= MAX_UNROLLED:
        y = _output_by_output(x, w, problem)
    elif any(e > 1 for e in problem.input_dilation):
        # Features that are no columns of a matrix product gain nothing together: x would be repeated for each.
        return in_phases(_phase, x, w, problem, together=problem.groups == 1 or not _elementwise(problem))
    elif problem.more_taps_than_outputs:
        y = _output_loop(x, w, problem)
    else:
        y = _tap_by_tap(x, w, problem)
    return y.astype(problem.dtype)


def _phase(x: Array, w: Array, problem: ConvProblem) -> Array:
    """One of the phases that are interleaved: XLA fuses that with long sums badly, with short ones well."""
    y = compute(x, w, problem)
    return _kept(y) if prod(problem.window) > MAX_FUSED else y


def _tap_by_tap(x: Array, w: Array, problem: ConvProblem) -> Array:
    """y[n, o, g, m] = sum over k of  sum over c of  x[n, s*o + d*k - lo, g, c] * w[k, g, c, m]."""
    x = _kept(pad_input(x, problem))
    multiply = _dot_with_tap
    if _elementwise(problem):
        multiply = _times_tap
        x, w = _as_lanes(x, w, problem)
    positions = offsets(problem.window, problem.dilation)
    extent = tuple(s * (o - 1) + 1 for s, o in zip(problem.stride, problem.output_size, strict=True))

    def term(first: Ints | list[Array], w_k: Array) -> Array:
        x_k = slice_at(x, (0, *first, 0, 0), (x.shape[0], *extent, *x.shape[-2:]))
        return multiply(x_k[:, *(slice(None, None, s) for s in problem.stride)], w_k, problem)

    w = w.reshape(-1, *w.shape[problem.rank :])
    y = term(positions[0], w[0])
    if not _loops(problem):
        for j, first in enumerate(positions[1:], start=1):
            y = y + term(first, w[j])
    else:
        rest = jnp.array(positions[1:], np.int32), w[1:]
        y, _ = lax.scan(lambda y, tap: (y + term(list(tap[0]), tap[1]), None), y, rest, unroll=8)
    if multiply is _dot_with_tap:  # [G, N, *O, M]
        return jnp.moveaxis(y, 0, -2)
    return y.reshape(problem.y_shape)


def _as_lanes(x: Array, w: Array, problem: ConvProblem) -> tuple[Array, Array]:
    """Channels beside the features they go to: x as [N, *I, C, G*M], and w as [*K, C, G*M].

    The last axis is then as long as it can be, and the work elementwise along it.
    """
    lanes = problem.groups * problem.c_out
    x = jnp.moveaxis(x.astype(problem.accumulator), -1, -2)  # [N, *I, C, G]
    if problem.c_out > 1 and problem.groups > 1:
        x = jnp.repeat(x, problem.c_out, axis=-1)
        x = _kept(x) if prod(problem.window) > 1 else x
    w = jnp.moveaxis(w.astype(problem.accumulator), -2, -3).reshape(*problem.window, problem.c_in, lanes)
    return x, w


def _times_tap(x_k: Array, w_k: Array, problem: ConvProblem) -> Array:
    """[N, *O, C, G*M] times [C, G*M], summed over C, to [N, *O, G*M]."""
    terms = [x_k[..., c, :] * w_k[c] for c in range(problem.c_in)]
    return sum(terms[1:], start=terms[0])


def _dot_with_tap(x_k: Array, w_k: Array, problem: ConvProblem) -> Array:
    """[N, *O, G, C] by [G, C, M] to [G, N, *O, M]."""
    x_k = jnp.moveaxis(x_k, -2, 0)
    return grouped_dot(x_k, w_k, (x_k.ndim - 1,), (1,), problem)


def _kept(array: Array) -> Array:
    """Computed once: XLA would fuse what makes it into every one of the products."""
    return lax.optimization_barrier(array)


def _channels(problem: ConvProblem) -> int:
    """Channels or features of a group, whichever are more."""
    return max(problem.c_in, problem.c_out)


def _elementwise(problem: ConvProblem) -> bool:
    """Whether the product with a tap is elementwise work."""
    few = problem.c_in if prod(problem.window) == 1 and problem.groups > 1 else _channels(problem)
    return few <= MAX_ELEMENTWISE or problem.c_in == 1


def _loops(problem: ConvProblem) -> bool:
    """Whether the taps are a loop. Long sums of two or three lanes, written out, become scalar code."""
    terms = prod(problem.window)
    if _elementwise(problem) and problem.groups * problem.c_out in (2, 3):
        terms *= problem.c_in
    return terms > MAX_UNROLLED


def _output_by_output(x: Array, w: Array, problem: ConvProblem) -> Array:
    """y[n, o, g, m] = sum over (i, k) on the walk of o, and over c, of  x[n, i, g, c] * w[k, g, c, m]."""
    if prod(problem.output_size) > 1:
        x, w = _kept(x), _kept(w)
    parts = []
    for output in product(*map(range, problem.output_size)):
        walks = [_walk_of(o, axis) for o, axis in zip(output, problem.axes, strict=True)]
        parts.append(_sum_over_taps(x[:, *map(_inputs, walks)], w[tuple(map(_taps, walks))], problem))
    return _stack_outputs(jnp.stack(parts), problem)


def _walk_of(output: int, axis: Axis) -> Walk:
    """The pairs (input, tap) that meet at one output along an axis."""
    offset = axis.stride * output - axis.low
    return walk(axis.input_dilation, axis.input, axis.dilation, axis.window, offset)


def _inputs(step: Walk) -> slice:
    """The inputs of a walk over (input, tap)."""
    return slice(step.a, step.a + step.count * step.a_step, step.a_step)


def _taps(step: Walk) -> slice:
    """The taps of a walk over (input, tap)."""
    return slice(step.b, step.b + step.count * step.b_step, step.b_step)


def _output_loop(x: Array, w: Array, problem: ConvProblem) -> Array:
    """y, as `_output_by_output` gives it, for many outputs, as a loop."""
    x = pad_input(x, problem)
    extent = tuple(d * (k - 1) + 1 for d, k in zip(problem.dilation, problem.window, strict=True))

    def output(first: Array) -> Array:
        x_o = slice_at(x, (0, *first, 0, 0), (x.shape[0], *extent, *x.shape[-2:]))
        return _sum_over_taps(x_o[:, *(slice(None, None, d) for d in problem.dilation)], w, problem)

    positions = [
        tuple(s * o for s, o in zip(problem.stride, at, strict=True))
        for at in product(*map(range, problem.output_size))
    ]
    return _stack_outputs(lax.map(output, jnp.array(positions, np.int32)), problem)


def _sum_over_taps(x_o: Array, w_o: Array, problem: ConvProblem) -> Array:
    """[N, *T, G, C] and [*T, G, C, M] to [G, N, M], reduced over the taps T and the channels."""
    spatial = tuple(range(problem.rank))
    if problem.batch * problem.c_out <= MAX_ELEMENTWISE:
        wide = problem.accumulator
        terms = x_o.astype(wide)[..., None] * w_o.astype(wide)  # [N, *T, G, C, M]
        y = terms.sum((*(a + 1 for a in spatial), problem.rank + 2))  # [N, G, M]
        return y.transpose(1, 0, 2)
    # As the kernel gradient's operands come, so that none is transposed: [G, C, *T, N], [G, C, *T, M].
    x_o, w_o = jnp.moveaxis(x_o, (-2, -1, 0), (0, 1, -1)), jnp.moveaxis(w_o, (-3, -2), (0, 1))
    return summed_dot(x_o, w_o, problem)


def _stack_outputs(parts: Array, problem: ConvProblem) -> Array:
    """[O, G, N, M] to [N, *O, G, M]."""
    return parts.transpose(2, 0, 1, 3).reshape(problem.y_shape)


def unsupported(problem: ConvProblem, platform: str) -> tuple[str, ...]:
    """It takes every problem, where its products are no dots or the platform has the dot that is asked for."""
    reasons = refused_dots(problem, platform)
    return reasons if reasons and _may_have_dots(problem) else ()


def _may_have_dots(problem: ConvProblem) -> bool:
    """Whether a product may be a dot, that of a phase included."""
    joined = replace(problem, c_out=problem.c_out * phases_together(problem))
    sums, taps = joined.batch * joined.c_out > MAX_ELEMENTWISE, not _elementwise(joined)
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
    elif not problem.more_taps_than_outputs and _elementwise(problem):
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
    if not _loops(replace(problem, window=met)):  # the taps that an output meets
        return Work(adds, adds // 4, 1)
    # Every eighth tap passes over y, in cache or not.
    passes, y_bytes = (
        prod(met) // 8,
        prod(problem.y_shape) * problem.accumulator.itemsize // prod(problem.input_dilation),
    )
    slower = 16 if y_bytes > CACHE_BYTES else 1
    channels = 2 if problem.c_in > 1 else 1
    return Work(adds * channels * LOOP_SLOWDOWN, adds // 4 + passes * y_bytes * slower // 2, passes)


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
    if _elementwise(problem):
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
        channels = problem.groups * _channels(problem)
        kept += taps * (problem.batch * outputs * channels * problem.accumulator.itemsize // phases)
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
