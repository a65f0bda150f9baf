"""Fewer or more axes: lift the rank, fold an axis into channels, leave out axes that nothing slides along."""

from dataclasses import replace
from math import prod

import jax.numpy as jnp
from jax import lax

from jconv._equation.problem import ConvProblem
from jconv._rewrites.compute import Compute
from jconv._rewrites.padding import pad_input
from jconv._typing import Array


def lift_rank(compute: Compute, x: Array, w: Array, problem: ConvProblem) -> Array:
    """Solve a problem as one with an axis more, of one position, before the others: reshapes only."""
    lifted = problem.with_axes([(1, 1, 1, 1, 1, 1, 0), *problem.axes])
    return compute(x[:, None], w[None], lifted).reshape(problem.y_shape)


def fold_first_axis(compute: Compute, x: Array, w: Array, problem: ConvProblem) -> Array:
    """Solve a problem with one spatial axis fewer: the first axis's taps become channels, its outputs examples."""
    (_, k, o, s, _, d, lo), *rest = problem.axes
    only_first = replace(
        problem,
        low=(lo, *(0,) * len(rest)),
        window=(k, *(1,) * len(rest)),
        output_size=(o, *problem.input_size[1:]),
        stride=(s, *(1,) * len(rest)),
    )
    x = lax.optimization_barrier(pad_input(x, only_first))  # or it is computed anew for every tap
    taps = [x[:, slice(d * j, d * j + s * (o - 1) + 1, s)] for j in range(k)]
    x = jnp.concatenate(taps, axis=-1)  # [N, O, *I', G, K*C]
    w = jnp.moveaxis(w, 0, -3).reshape(*w.shape[1:-2], k * problem.c_in, problem.c_out)
    folded = replace(problem.with_axes(rest), batch=problem.batch * o, c_in=k * problem.c_in)
    y = compute(x.reshape(folded.x_shape), w, folded)
    return y.reshape(problem.y_shape)


def without_idle_axes(compute: Compute, x: Array, w: Array, problem: ConvProblem) -> Array:
    """Solve a problem without the axes that nothing slides along.

    An axis with one tap only pads and strides: its outputs are further examples. One with a single
    output only sums: its taps are further channels.
    """
    examples, channels, busy = _idle_axes(problem)
    rank, order = problem.rank, examples + busy + channels
    if len(busy) == rank:
        return compute(x, w, problem)
    pads, steps = [], []
    for a, ((_, _, _, s, e, d, lo), high) in enumerate(zip(problem.axes, problem.high, strict=True)):
        pads.append((0, 0, 0) if a in busy else (lo, high, e - 1))
        steps.append(1 if a in busy else s if a in examples else d)
    x = lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *pads, (0, 0, 0), (0, 0, 0)])
    x = x[:, *(slice(None, None, step) for step in steps)]
    x = x.transpose(0, *(a + 1 for a in examples + busy), rank + 1, *(a + 1 for a in channels), rank + 2)
    w = w.transpose(*examples, *busy, rank, *channels, rank + 1, rank + 2)
    smaller = drop_idle_axes(problem)
    y = compute(x.reshape(smaller.x_shape), w.reshape(smaller.w_shape), smaller)
    y = y.reshape(problem.batch, *(problem.output_size[a] for a in order), *y.shape[-2:])
    return y.transpose(0, *(order.index(a) + 1 for a in range(rank)), rank + 1, rank + 2)


def drop_idle_axes(problem: ConvProblem) -> ConvProblem:
    """The problem that `without_idle_axes` solves."""
    examples, channels, busy = _idle_axes(problem)
    return replace(
        problem.with_axes([problem.axes[a] for a in busy]),
        batch=problem.batch * prod(problem.output_size[a] for a in examples),
        c_in=problem.c_in * prod(problem.window[a] for a in channels),
    )


def _idle_axes(problem: ConvProblem) -> tuple[list[int], list[int], list[int]]:
    """The axes with one tap, the others with one output, and the rest."""
    examples = [a for a, k in enumerate(problem.window) if k == 1]
    channels = [a for a, o in enumerate(problem.output_size) if o == 1 and a not in examples]
    return examples, channels, [a for a in range(problem.rank) if a not in examples + channels]
