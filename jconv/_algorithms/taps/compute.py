"""The equation written down: one product per tap, or per output if those are fewer."""

from itertools import product
from math import prod

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._equation.geometry import Walk, offsets, walk
from jconv._equation.problem import Axis, ConvProblem
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
# Before jax 0.11 XLA copies what a single product gives.
SINGLE_IS_COPIED = jax.__version_info__ < (0, 11)


def compute(x: Array, w: Array, problem: ConvProblem) -> Array:
    """Fix one position of the smaller index set, k or o; the other two then walk together."""
    if problem.empty:
        return jnp.zeros(problem.y_shape, problem.dtype)
    if problem.more_taps_than_outputs and prod(problem.output_size) <= MAX_UNROLLED:
        y = _output_by_output(x, w, problem)
    elif any(e > 1 for e in problem.input_dilation):
        # Features that are no columns of a matrix product gain nothing together: x would be repeated for each.
        return in_phases(_phase, x, w, problem, together=problem.groups == 1 or not elementwise(problem))
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
    if elementwise(problem):
        multiply = _times_tap
        x, w = _as_lanes(x, w, problem)
    positions = offsets(problem.window, problem.dilation)
    extent = tuple(s * (o - 1) + 1 for s, o in zip(problem.stride, problem.output_size, strict=True))

    def term(first: Ints | list[Array], w_k: Array) -> Array:
        x_k = slice_at(x, (0, *first, 0, 0), (x.shape[0], *extent, *x.shape[-2:]))
        return multiply(x_k[:, *(slice(None, None, s) for s in problem.stride)], w_k, problem)

    w = w.reshape(-1, *w.shape[problem.rank :])
    y = term(positions[0], w[0])
    if not loops(problem):
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


def channels(problem: ConvProblem) -> int:
    """Channels or features of a group, whichever are more."""
    return max(problem.c_in, problem.c_out)


def elementwise(problem: ConvProblem) -> bool:
    """Whether the product with a tap is elementwise work."""
    few = problem.c_in if prod(problem.window) == 1 and problem.groups > 1 else channels(problem)
    return few <= MAX_ELEMENTWISE or problem.c_in == 1


def loops(problem: ConvProblem) -> bool:
    """Whether the taps are a loop. Long sums of two or three lanes, written out, become scalar code."""
    terms = prod(problem.window)
    if elementwise(problem) and problem.groups * problem.c_out in (2, 3):
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
