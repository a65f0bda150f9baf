"""Rewrites: small functions that turn a problem, with its arrays, into simpler problems."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from math import gcd

import jax.numpy as jnp
from jax import lax

from jconv._problem import ConvProblem
from jconv._typing import Array, Ints


def pad_input(x: Array, problem: ConvProblem) -> Array:
    """Pad x [N, *I, G, C] so that every window lies inside it: zeros between, before and after, or cropped."""
    between = [e - 1 for e in problem.input_dilation]
    spatial = list(zip(problem.low, problem.high, between, strict=True))
    if not any(map(any, spatial)):
        return x
    return lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *spatial, (0, 0, 0), (0, 0, 0)])


def in_phases(
    compute: Callable[[Array, Array, ConvProblem], Array], x: Array, w: Array, problem: ConvProblem
) -> Array:
    """Solve a problem with input dilation as interleaved problems without it: nothing is zero-stuffed.

    Outputs whose positions agree modulo e meet the same taps: each such phase is a plain
    convolution with every (e/gcd(d,e))-th tap, stride s/gcd(s,e) and dilation d/gcd(d,e).
    (Odena et al., "Deconvolution and checkerboard artifacts"; "polyphase" in signal processing.)
    """
    counts = tuple(e // gcd(s, e) for s, e in zip(problem.stride, problem.input_dilation, strict=True))
    sizes = tuple(-(-o // count) for o, count in zip(problem.output_size, counts, strict=True))
    parts = []
    for taps, part in _phases(problem, counts, sizes):
        part_w = w[taps]
        parts.append(jnp.zeros(part.y_shape, part.dtype) if part.empty else compute(x, part_w, part))
    y = jnp.stack(parts).reshape(*counts, *parts[0].shape)
    return _interleave(y, counts)[:, *(slice(o) for o in problem.output_size)]


def _phases(
    problem: ConvProblem, counts: Ints, sizes: Ints
) -> Iterator[tuple[tuple[slice, ...], ConvProblem]]:
    """Every phase in row-major order: which taps it uses, and its problem."""
    for phase in product(*map(range, counts)):
        taps, low = [], []
        for r, (_, _, _, s, e, d, lo) in zip(phase, problem.axes, strict=True):
            step = e // gcd(d, e)
            first = next((k for k in range(step) if (s * r + d * k - lo) % e == 0), None)
            taps.append(slice(0, 0) if first is None else slice(first, None, step))
            low.append(0 if first is None else -((s * r + d * first - lo) // e))
        window = tuple(len(range(k)[tap]) for k, tap in zip(problem.window, taps, strict=True))
        yield tuple(taps), replace(
            problem,
            window=window,
            output_size=sizes,
            stride=tuple(s // gcd(s, e) for s, e in zip(problem.stride, problem.input_dilation, strict=True)),
            dilation=tuple(
                d // gcd(d, e) for d, e in zip(problem.dilation, problem.input_dilation, strict=True)
            ),
            input_dilation=(1,) * problem.rank,
            low=tuple(low),
        )


def _interleave(y: Array, counts: Ints) -> Array:
    """[*phases, N, *Q, G, M] -> [N, *(Q * phases), G, M], the phase running fastest."""
    rank = len(counts)
    pairs = [axis for a in range(rank) for axis in (rank + 1 + a, a)]
    y = y.transpose(rank, *pairs, 2 * rank + 1, 2 * rank + 2)
    n, *spatial, g, m = y.shape
    return y.reshape(n, *(q * p for q, p in zip(spatial[::2], spatial[1::2], strict=True)), g, m)
