"""What each tap of a window sees, the way back from windows to positions, and long windows by halves."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from math import gcd
from operator import add
from typing import Any, TypeAlias

import jax.numpy as jnp
from jax import lax

from jconv._typing import Array, Ints
from jconv.ops._windows import Windows, extend

Arrays: TypeAlias = tuple[Array, ...]

# Strided windows of up to so many taps are pooled along all axes at once; others along one axis after another.
MAX_TOGETHER = 9
# Windows of up to so many taps along an axis are written out; longer ones are halved.
MAX_ALONG = 16


def pool_axes(arrays: Arrays, windows: Windows, written_out: Callable, outside: Sequence, join: Callable) -> Arrays:
    """Pool arrays [N, *I, C] to [N, *O, C], the last axis first.

    `written_out(arrays, windows)` pools by all taps at once, and `join(arrays, later arrays)` two taps, of which the
    one comes before the other; `outside` is what stands beyond the border.
    """
    together = windows.taps <= MAX_TOGETHER and any(s > 1 for s in windows.stride)
    for axis in [None] if together else reversed(range(windows.rank)):
        part = windows if axis is None else windows.along(axis)
        if axis is None or part.window[axis] <= MAX_ALONG:
            arrays = written_out(arrays, part)
        else:
            arrays = _by_halves(arrays, part, axis, outside, join)
    return arrays


def taps(x: Array, windows: Windows, outside: float | int) -> list[Array]:
    """What every tap sees: x [N, *I, C] to [N, *O, C] for each tap, in row-major order, `outside` beyond the border.

    Each tap of strided windows pads its own border: XLA fuses that into what reads it, whereas a padded copy is
    written out, and has more positions than there are outputs.
    """
    if all(s == 1 for s in windows.stride):
        x, windows = _padded(x, windows, outside)
    return [_tap(x, windows, tap, outside) for tap in product(*map(range, windows.window))]


def _padded(x: Array, windows: Windows, outside: float | int) -> tuple[Array, Windows]:
    """x with its border, and the windows over that."""
    highs = (s * (o - 1) + d * (k - 1) + 1 - lo - i for i, k, o, s, d, lo, _ in windows.axes)
    x = extend(x, tuple((lo, max(hi, 0)) for lo, hi in zip(windows.low, highs, strict=True)), outside)
    return x, replace(windows, sizes=x.shape[1:-1], low=(0,) * windows.rank)


def _tap(x: Array, windows: Windows, tap: Ints, outside: float | int) -> Array:
    walks, n, c = windows.walks(tap), x.shape[0], x.shape[-1]
    if any(w.count == 0 for w in walks):
        return jnp.full((n, *windows.outputs, c), outside, x.dtype)
    ends = (w.a + (w.count - 1) * w.a_step + 1 for w in walks)
    met = lax.slice(x, (0, *(w.a for w in walks), 0), (n, *ends, c), (1, *(w.a_step for w in walks), 1))
    return extend(met, tuple((w.b, o - w.b - w.count) for w, o in zip(walks, windows.outputs, strict=True)), outside)


def overlap_add(
    arrays: Sequence[Array],
    term: Callable,
    windows: Windows,
    join: Callable = add,
    joined: Callable[..., Array] = lambda x: x,
) -> Array:
    """x[n, i, c] = sum over (o, k) with  i = s*o + d*k - lo  of  term(k, *arrays)[n, o, c], as [N, *I, C].

    The arrays [N, *O, C] are padded once, so that every term is a slice and fused with the sum; padded terms would
    not be. Positions i + lo with the same remainder by the stride are a phase: phases are summed each for itself, then
    interleaved. `term` must be 0 where all arrays are. Instead of added, terms may be joined otherwise, in the order
    of the taps, to what `joined` then makes an array of.
    """
    named = zip(windows.window, windows.stride, windows.dilation, strict=True)
    ahead = [[divmod(d * tap, s) for tap in range(k)] for k, s, d in named]  # outputs passed over, and phase
    most = [steps[-1][0] for steps in ahead]
    counts = [max(-(-(i + lo) // s), o) for i, _, o, s, _, lo, _ in windows.axes]
    pads = tuple((m, q - o) for m, q, o in zip(most, counts, windows.outputs, strict=True))
    arrays = [extend(a, pads) for a in arrays]
    phases: dict[Ints, Any] = {}
    for number, steps in enumerate(product(*ahead)):
        starts = [m - passed for m, (passed, _) in zip(most, steps, strict=True)]
        place = (slice(None), *(slice(start, start + q) for start, q in zip(starts, counts, strict=True)))
        one, phase = term(number, *(a[place] for a in arrays)), tuple(r for _, r in steps)
        phases[phase] = join(phases[phase], one) if phase in phases else one
    parts = {phase: joined(parts) for phase, parts in phases.items()}
    none = jnp.zeros_like(next(iter(parts.values())))
    x = _interleave(lambda phase: parts.get(phase, none), (), windows.stride)
    ends = (i + lo - n for i, lo, n in zip(windows.sizes, windows.low, x.shape[1:-1], strict=True))
    return extend(x, tuple((-lo, end) for lo, end in zip(windows.low, ends, strict=True)))


def _interleave(phase_at: Callable[[Ints], Array], prefix: Ints, stride: Ints) -> Array:
    """One array [N, *Q, C] per phase to [N, *(Q * s), C]."""
    axis = len(prefix)
    if axis == len(stride):
        return phase_at(prefix)
    parts = [_interleave(phase_at, (*prefix, r), stride) for r in range(stride[axis])]
    x = jnp.stack(parts, axis + 2)
    return x.reshape(*x.shape[: axis + 1], x.shape[axis + 1] * stride[axis], *x.shape[axis + 3 :])


def _by_halves(arrays: Arrays, windows: Windows, axis: int, outside: Sequence, join: Callable) -> Arrays:
    """Pool along one axis in as many steps as the size of its window has binary digits."""
    _, k, o, s, d, _, _ = windows.axes[axis]
    arrays = tuple(_padded(a, windows, fill)[0] for a, fill in zip(arrays, outside, strict=True))
    return _halves(arrays, axis + 1, k, o, s, d, join)


def _halves(arrays: Arrays, axis: int, k: int, o: int, s: int, d: int, join: Callable) -> Arrays:
    """Join two neighbouring taps wherever a window wants them, then half as many taps twice as far apart."""
    if k == 1:
        return _every(arrays, axis, 0, o, s)
    if k % 2:
        return join(_halves(arrays, axis, k - 1, o, s, d, join), _every(arrays, axis, d * (k - 1), o, s))
    step = gcd(s, 2 * d)
    count = (s * (o - 1) + d * (k - 2)) // step + 1
    pairs = join(_every(arrays, axis, 0, count, step), _every(arrays, axis, d, count, step))
    return _halves(pairs, axis, k // 2, o, s // step, 2 * d // step, join)


def _every(arrays: Arrays, axis: int, start: int, count: int, step: int) -> Arrays:
    """`count` positions, `step` apart, from `start` on."""
    return tuple(lax.slice_in_dim(a, start, start + step * (count - 1) + 1, step, axis) for a in arrays)
