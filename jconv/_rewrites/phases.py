"""Input dilation without zeros: the interleaved plain convolutions that a transposed one is made of."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import product
from math import gcd, prod
from typing import TypeAlias

import jax.numpy as jnp

from jconv._equation.problem import Axis, ConvProblem
from jconv._rewrites.compute import Compute
from jconv._rewrites.padding import pad_axes
from jconv._typing import Array, Ints

Phases: TypeAlias = list[tuple[tuple[slice, ...], ConvProblem]]

# Features of all phases together up to which they are worth one call, whatever it wastes.
FEW_FEATURES = 64
# Taps of the covering window, over those needed, up to which one call is worth it.
MAX_WASTE = 1.3


def in_phases(compute: Compute, x: Array, w: Array, problem: ConvProblem, *, together: bool = True) -> Array:
    """Solve a problem with input dilation as interleaved problems without it: nothing is zero-stuffed.

    Outputs whose positions agree modulo e meet the same taps: each such phase is a plain
    convolution with every (e/gcd(d,e))-th tap, stride s/gcd(s,e) and dilation d/gcd(d,e).
    Few features per phase are solved `together`, as the features of one problem (sub-pixel
    convolution, Shi et al., arXiv:1609.07009), where that wastes little. One window then covers those of
    all phases, by zeros; where an output may feel nothing but its own window, only windows that need none
    are joined, for zero times NaN is NaN.
    """
    counts = _phase_counts(problem)
    phases = list(_phases(problem, counts))
    busy = [(taps, part) for taps, part in phases if not part.empty]
    if not busy:
        return jnp.zeros(problem.y_shape, problem.dtype)
    if together and phases_together(problem) > 1:
        y = _phases_as_features(compute, x, w, busy)
    else:
        y = jnp.stack([compute(x, w[taps], part) for taps, part in busy])
    if len(busy) < len(phases):  # the others meet no taps
        parts, nothing = iter(y), jnp.zeros_like(y[0])
        y = jnp.stack([nothing if part.empty else next(parts) for _, part in phases])
    y = _interleave(y.reshape(*counts, *y.shape[1:]), counts)
    return y[:, *(slice(o) for o in problem.output_size)]


@lru_cache(maxsize=4096)
def phases_together(problem: ConvProblem) -> int:
    """How many phases are the features of one problem where `in_phases` may solve them together; 1 if none."""
    busy = [(taps, part) for taps, part in _phases(problem, _phase_counts(problem)) if not part.empty]
    return len(busy) if len(busy) > 1 and _together_is_cheap(problem, busy) else 1


def _phase_counts(problem: ConvProblem) -> Ints:
    """How many phases there are along each axis."""
    return tuple(e // gcd(s, e) for s, e in zip(problem.stride, problem.input_dilation, strict=True))


def _phases(problem: ConvProblem, counts: Ints) -> Iterator[tuple[tuple[slice, ...], ConvProblem]]:
    """Every phase in row-major order: which taps it uses, and its problem."""
    per_axis = (
        [_axis_phase(axis, number, count) for number in range(count)]
        for axis, count in zip(problem.axes, counts, strict=True)
    )
    for phase in product(*per_axis):
        yield tuple(taps for taps, _ in phase), problem.with_axes(axis for _, axis in phase)


def _axis_phase(axis: Axis, number: int, count: int) -> tuple[slice, Axis]:
    """Along one axis, the taps of a phase, one of `count`, and the axis of its problem."""
    e = axis.input_dilation
    step = e // gcd(axis.dilation, e)
    start = axis.stride * number - axis.low  # of the phase's first output, in dilated positions
    first = next((k for k in range(step) if (start + axis.dilation * k) % e == 0), None)
    taps = slice(0, 0) if first is None else slice(first, None, step)
    return taps, Axis(
        input=axis.input,
        window=len(range(axis.window)[taps]),
        output=-(-axis.output // count),
        stride=axis.stride // gcd(axis.stride, e),
        input_dilation=1,
        dilation=axis.dilation // gcd(axis.dilation, e),
        low=0 if first is None else -((start + axis.dilation * first) // e),
    )


def _together_is_cheap(problem: ConvProblem, phases: Phases) -> bool:
    """Whether one window that covers the windows of all phases is little larger, or features are few."""
    if any(d > 1 for d in phases[0][1].dilation):
        return False
    needed = sum(prod(part.window) for _, part in phases)
    covered = len(phases) * prod(_cover(phases)[1])
    if problem.strictly_local and covered > needed:
        return False
    return len(phases) * problem.c_out <= FEW_FEATURES or covered <= MAX_WASTE * needed


def _cover(phases: Phases) -> tuple[Ints, Ints]:
    """The least low padding and window, per axis, that cover the padding and the window of every phase."""
    parts = [part for _, part in phases]
    low = tuple(map(max, zip(*(part.low for part in parts), strict=True)))
    reach = tuple(map(max, zip(*([k - lo for k, lo in zip(p.window, p.low, strict=True)] for p in parts), strict=True)))
    return low, tuple(r + lo for r, lo in zip(reach, low, strict=True))


def _phases_as_features(compute: Compute, x: Array, w: Array, phases: Phases) -> Array:
    """All phases by one problem whose features are theirs: [phases, N, *Q, G, M]."""
    low, window = _cover(phases)
    kernels = []
    for taps, part in phases:
        before = [cover - lo for cover, lo in zip(low, part.low, strict=True)]
        around = [(b, n - b - k, 0) for b, n, k in zip(before, window, part.window, strict=True)]
        kernels.append(pad_axes(w[taps], 0, around))
    one = phases[0][1]
    whole = replace(one, low=low, window=window, c_out=len(phases) * one.c_out)
    y = compute(x, jnp.stack(kernels, axis=-2).reshape(whole.w_shape), whole)  # [N, *Q, G, phases * M]
    return jnp.moveaxis(y.reshape(*y.shape[:-1], len(phases), one.c_out), -2, 0)


def _interleave(y: Array, counts: Ints) -> Array:
    """[*phases, N, *Q, G, M] -> [N, *(Q * phases), G, M], the phase running fastest."""
    rank = len(counts)
    pairs = [axis for a in range(rank) for axis in (rank + 1 + a, a)]
    y = y.transpose(rank, *pairs, 2 * rank + 1, 2 * rank + 2)
    n, *spatial, g, m = y.shape
    return y.reshape(n, *(q * p for q, p in zip(spatial[::2], spatial[1::2], strict=True)), g, m)
