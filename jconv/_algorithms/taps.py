"""The algorithm `taps`: the equation written down, one product per tap, or per output if those are fewer."""

from dataclasses import replace
from itertools import product
from math import gcd, prod

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms._contract import Algorithm, Cost, in_short_loops, supports_everything
from jconv._equation.geometry import Walk, offsets, walk
from jconv._equation.problem import ConvProblem
from jconv._rewrites.padding import pad_input, slice_at
from jconv._rewrites.phases import in_phases
from jconv._rewrites.products import grouped_dot, summed_dot
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
    if problem.few_outputs and prod(problem.output_size) <= MAX_UNROLLED:
        y = _output_by_output(x, w, problem)
    elif any(e > 1 for e in problem.input_dilation):
        # Features that are no columns of a matrix product gain nothing together: x would be repeated for each.
        return in_phases(_phase, x, w, problem, together=problem.groups == 1 or not _elementwise(problem))
    elif problem.few_outputs:
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
        x, w, multiply = _as_lanes(x, w, problem)
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


def _as_lanes(x: Array, w: Array, problem: ConvProblem):
    """Channels beside the features they go to: x as [N, *I, C, G*M], w as [*K, C, G*M], and their product.

    The last axis is then as long as it can be, and the work elementwise along it.
    """
    lanes = problem.groups * problem.c_out
    x = jnp.moveaxis(x.astype(problem.accumulator), -1, -2)  # [N, *I, C, G]
    if problem.c_out > 1 and problem.groups > 1:
        x = jnp.repeat(x, problem.c_out, axis=-1)
        x = _kept(x) if prod(problem.window) > 1 else x
    w = jnp.moveaxis(w.astype(problem.accumulator), -2, -3).reshape(*problem.window, problem.c_in, lanes)

    def multiply(x_k: Array, w_k: Array, problem: ConvProblem) -> Array:
        terms = [x_k[..., c, :] * w_k[c] for c in range(problem.c_in)]
        return sum(terms[1:], start=terms[0])

    return x, w, multiply


def _dot_with_tap(x_k: Array, w_k: Array, problem: ConvProblem) -> Array:
    """[N, *O, G, C] by [G, C, M] to [G, N, *O, M]."""
    x_k = jnp.moveaxis(x_k, -2, 0)
    return grouped_dot(x_k, w_k, (x_k.ndim - 1,), (1,), problem)


def _kept(array: Array) -> Array:
    """Computed once: XLA would fuse what makes it into every one of the products."""
    return lax.optimization_barrier(array)


def _channels(problem: ConvProblem) -> int:
    return max(problem.c_in, problem.c_out)


def _elementwise(problem: ConvProblem) -> bool:
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
        walks = [walk(e, i, d, k, s * o - lo) for o, (i, k, _, s, e, d, lo) in zip(output, problem.axes, strict=True)]
        parts.append(_sum_over_taps(x[:, *map(_inputs, walks)], w[tuple(map(_taps, walks))], problem))
    return _stack_outputs(jnp.stack(parts), problem)


def _inputs(step: Walk) -> slice:
    return slice(step.a, step.a + step.count * step.a_step, step.a_step)


def _taps(step: Walk) -> slice:
    return slice(step.b, step.b + step.count * step.b_step, step.b_step)


def _output_loop(x: Array, w: Array, problem: ConvProblem) -> Array:
    """The same for many outputs, as a loop."""
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


def cost(problem: ConvProblem, platform: str) -> Cost:
    """The direct form's work. A dot per tap copies its part of x and adds to y; elementwise work is one pass.

    Elementwise multiply-adds are counted as bytes too, four as one that comes from memory: they wait for loads
    from cache, not for arithmetic.
    """
    taps, outputs = prod(problem.window), prod(problem.output_size)
    few, products = problem.few_outputs, min(taps, outputs)
    padded = problem.edged_bytes if problem.padded else 0
    adds, item = problem.multiply_adds, problem.accumulator.itemsize
    met = tuple(  # by an output
        -(-k // (e // gcd(d, e)))
        for k, d, e in zip(problem.window, problem.dilation, problem.input_dilation, strict=True)
    )
    per_group = problem.batch * problem.c_out if few else _channels(problem)
    if few and per_group <= MAX_ELEMENTWISE:
        moved, calls = 400 * adds * item, products  # XLA's reduction is scalar code, and reads all anew
    elif not few and _elementwise(problem):
        lanes = problem.groups * problem.c_out
        # Channels apart leave the lanes alone in the innermost loop, else positions follow on one another.
        adds = (
            adds if lanes == 1 else in_short_loops(adds, lanes // 4 if min(problem.c_in, problem.groups) > 1 else lanes)
        )
        adds = adds * 3 // 2 if problem.rank > 2 else adds  # shorter loops
        adds = adds * 3 if lanes == 1 < problem.c_in else adds  # numbers that are no neighbours
        moved, calls = adds // 4, 1
        if _loops(replace(problem, window=met)):  # where every eighth tap passes over y, in cache or not
            passes, adds = prod(met) // 8, adds * (2 if problem.c_in > 1 else 1) * LOOP_SLOWDOWN
            y_bytes = prod(problem.y_shape) * item // prod(problem.input_dilation)
            moved, calls = moved + passes * y_bytes * (16 if y_bytes > CACHE_BYTES else 1) // 2, passes
    else:
        moved = 2 * max(0, products - 1) * (problem.operand_bytes if few else prod(problem.y_shape) * item + padded)
        if few:  # written out, each copies both operands; in a loop they stay in cache
            moved *= 4 if products <= MAX_UNROLLED else 1
        moved //= prod(problem.input_dilation)  # every phase has its part of the taps, and of y
        moved += 2 * (problem.x_bytes + problem.y_bytes) if problem.groups > 1 else 0  # groups to the front, and back
        calls = products * problem.groups
        # Narrow matrices are slow to multiply.
        adds += 15 * adds // max(1, min(problem.batch if few else problem.c_in, problem.c_out))
    return Cost(
        multiply_adds=adds,
        bytes_moved=problem.operand_bytes + 2 * padded + moved,
        extra_bytes=padded + _kept_bytes(problem) + problem.widened_bytes,
        calls=calls + problem.padded,
    )


def _kept_bytes(problem: ConvProblem) -> int:
    """What is alive at once beside the padded x: of products written out, all that goes into them or comes out."""
    taps, outputs, phases = prod(problem.window), prod(problem.output_size), prod(problem.input_dilation)
    if min(outputs, taps) > MAX_UNROLLED * phases:  # a loop
        return 2 * problem.operand_bytes
    if problem.few_outputs:
        return problem.operand_bytes * (1 + outputs // phases if outputs > 1 else 1)
    if _elementwise(problem):
        lanes = problem.c_out if problem.c_out > 1 and problem.groups > 1 and taps > 1 else 0
        apart = (phases > 1) + (phases * MAX_FUSED < taps)  # the phases, and what they are put together in
        return problem.edged_bytes * lanes + problem.y_bytes * apart
    term = problem.batch * outputs * problem.groups * _channels(problem) * problem.accumulator.itemsize // phases
    terms = taps * term if taps > 1 or problem.groups > 1 or SINGLE_IS_COPIED else 0
    return terms + problem.w_bytes + problem.y_bytes * (phases > 1) * (1 + (problem.groups > 1))


TAPS = Algorithm(
    name="taps",
    compute=compute,
    unsupported=supports_everything,
    cost=cost,
    error_bound=4.0,
    partitions=True,
    local=True,
    reference="the equation of ConvProblem, written down",
)
