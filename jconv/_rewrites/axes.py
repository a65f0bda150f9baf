"""Fewer or more axes: lift the rank, fold an axis into channels, leave out axes that nothing slides along."""

from dataclasses import replace
from math import prod

import jax.numpy as jnp
from jax import lax

from jconv._equation.problem import Axis, ConvProblem
from jconv._rewrites.compute import Compute
from jconv._rewrites.padding import pad_axes
from jconv._typing import Array


def lift_rank(compute: Compute, x: Array, w: Array, problem: ConvProblem) -> Array:
    """Solve a problem as one with an axis more, of one position, before the others: reshapes only."""
    lifted = problem.with_axes([Axis(1, 1, 1), *problem.axes])
    return compute(x[:, None], w[None], lifted).reshape(problem.y_shape)


def fold_first_axis(compute: Compute, x: Array, w: Array, problem: ConvProblem) -> Array:
    """Solve a problem with one spatial axis fewer: the first axis's taps become channels, its outputs examples."""
    axis, *rest = problem.axes
    taps = axis.window
    padded = pad_axes(x, 1, [(axis.low, axis.high, axis.input_dilation - 1)])
    x = lax.optimization_barrier(padded)  # or it is computed anew for every tap
    extent = axis.stride * (axis.output - 1) + 1
    starts = range(0, axis.dilation * taps, axis.dilation)
    parts = [x[:, slice(start, start + extent, axis.stride)] for start in starts]
    x = jnp.concatenate(parts, axis=-1)  # [N, O, *I', G, K*C]
    w = jnp.moveaxis(w, 0, -3).reshape(*w.shape[1:-2], taps * problem.c_in, problem.c_out)
    folded = replace(problem.with_axes(rest), batch=problem.batch * axis.output, c_in=taps * problem.c_in)
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
    for a, axis in enumerate(problem.axes):
        pads.append((0, 0, 0) if a in busy else (axis.low, axis.high, axis.input_dilation - 1))
        steps.append(1 if a in busy else axis.stride if a in examples else axis.dilation)
    x = pad_axes(x, 1, pads)
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
