"""Rewrites: small functions that turn a problem, with its arrays, into simpler problems."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import product
from math import gcd, prod
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._problem import ConvProblem
from jconv._typing import Array, Ints

Compute: TypeAlias = Callable[[Array, Array, ConvProblem], Array]
Phases: TypeAlias = list[tuple[tuple[slice, ...], ConvProblem]]

# Features of all phases together up to which they are worth one call, whatever it wastes.
THIN_FEATURES = 64
# Taps of the covering window, over those needed, up to which one call is worth it.
MAX_WASTE = 1.3


def pad_input(x: Array, problem: ConvProblem) -> Array:
    """Pad x [N, *I, G, C] so that every window lies inside it: zeros between, before and after, or cropped."""
    between = [e - 1 for e in problem.input_dilation]
    spatial = list(zip(problem.low, problem.high, between, strict=True))
    if not any(map(any, spatial)):
        return x
    return lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *spatial, (0, 0, 0), (0, 0, 0)])


def slice_at(x: Array, start: Sequence[int | Array], sizes: Ints) -> Array:
    """Slice x from `start`, ints or traced int32: lax wants one dtype, and takes ints for int64 under x64."""
    return lax.dynamic_slice(x, [at if isinstance(at, jax.Array) else np.int32(at) for at in start], sizes)


def in_phases(compute: Compute, x: Array, w: Array, problem: ConvProblem, *, together: bool = True) -> Array:
    """Solve a problem with input dilation as interleaved problems without it: nothing is zero-stuffed.

    Outputs whose positions agree modulo e meet the same taps: each such phase is a plain
    convolution with every (e/gcd(d,e))-th tap, stride s/gcd(s,e) and dilation d/gcd(d,e).
    Few features per phase are solved `together`, as the features of one problem (sub-pixel
    convolution, Shi et al., arXiv:1609.07009), where that wastes little.
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
    return tuple(e // gcd(s, e) for s, e in zip(problem.stride, problem.input_dilation, strict=True))


def _phases(problem: ConvProblem, counts: Ints) -> Iterator[tuple[tuple[slice, ...], ConvProblem]]:
    """Every phase in row-major order: which taps it uses, and its problem."""
    sizes = tuple(-(-o // count) for o, count in zip(problem.output_size, counts, strict=True))
    for phase in product(*map(range, counts)):
        taps, low = [], []
        for r, (_, _, _, s, e, d, lo) in zip(phase, problem.axes, strict=True):
            step = e // gcd(d, e)
            first = next((k for k in range(step) if (s * r + d * k - lo) % e == 0), None)
            taps.append(slice(0, 0) if first is None else slice(first, None, step))
            low.append(0 if first is None else -((s * r + d * first - lo) // e))
        window = tuple(len(range(k)[tap]) for k, tap in zip(problem.window, taps, strict=True))
        yield (
            tuple(taps),
            replace(
                problem,
                window=window,
                output_size=sizes,
                stride=tuple(s // gcd(s, e) for s, e in zip(problem.stride, problem.input_dilation, strict=True)),
                dilation=tuple(d // gcd(d, e) for d, e in zip(problem.dilation, problem.input_dilation, strict=True)),
                input_dilation=(1,) * problem.rank,
                low=tuple(low),
            ),
        )


def _together_is_cheap(problem: ConvProblem, phases: Phases) -> bool:
    """Whether one window that covers those of all phases is little larger, or the phases are many or thin."""
    if any(d > 1 for d in phases[0][1].dilation):
        return False
    needed = sum(prod(part.window) for _, part in phases)
    covered = len(phases) * prod(_cover(phases)[1])
    return len(phases) * problem.c_out <= THIN_FEATURES or covered <= MAX_WASTE * needed


def _cover(phases: Phases) -> tuple[Ints, Ints]:
    """The low padding and the window that cover those of all phases, per axis."""
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
        kernels.append(lax.pad(w[taps], jnp.zeros((), w.dtype), [*around, (0, 0, 0), (0, 0, 0), (0, 0, 0)]))
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


def swap_operands(compute: Compute, x: Array, w: Array, problem: ConvProblem) -> Array:
    """Solve a problem with input and kernel in each other's place, and the outputs in reverse.

    The equation reads d*k + s*(O-1) - lo = s*o' + e*i with o' = O-1-o: input dilation and dilation
    change places too. So the kernel gradient of a transposed convolution loses its input dilation.
    """
    y = compute(jnp.moveaxis(w, -1, 0), jnp.moveaxis(x, 0, -1), swapped(problem))  # [M, *O, G, N]
    return lax.rev(jnp.swapaxes(y, 0, -1), range(1, problem.rank + 1))


def swapped(problem: ConvProblem) -> ConvProblem:
    """The problem that `swap_operands` solves."""
    precision = problem.precision
    return replace(
        problem,
        batch=problem.c_out,
        c_out=problem.batch,
        input_size=problem.window,
        window=problem.input_size,
        input_dilation=problem.dilation,
        dilation=problem.input_dilation,
        low=tuple(s * (o - 1) - lo for _, _, o, s, _, _, lo in problem.axes),
        x_dtype=problem.w_dtype,
        w_dtype=problem.x_dtype,
        precision=precision[::-1] if isinstance(precision, tuple) else precision,
    )


def swap_is_due(problem: ConvProblem) -> bool:
    """Whether input dilation is best removed by `swap_operands`, not by phases: there are few outputs."""
    return problem.few_outputs and set(problem.dilation) == {1} and any(e > 1 for e in problem.input_dilation)
