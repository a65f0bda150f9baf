"""Where the windows of a pool stand: the user's words as integers, checked once."""

from dataclasses import dataclass
from math import prod
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._equation.geometry import Walk, dilated_size, output_size, walk
from jconv._typing import Array, Ints, Pairs
from jconv._verbs.arguments import axis_ints, is_sequence
from jconv._verbs.padding import FLAX_PADDING_MODES, PADDING_WORDS, check_boundary, padding_modes, padding_pairs
from jconv._verbs.shapes import check_window

# The words of padding that repeat nothing.
WORDS = tuple(word for word in PADDING_WORDS if word not in FLAX_PADDING_MODES)


@dataclass(frozen=True)
class Windows:
    """Windows over arrays [N, *I, C], a number per spatial axis: output o sees the inputs s*o + d*k - lo, k < K."""

    sizes: Ints  # I
    window: Ints  # K
    outputs: Ints  # O
    stride: Ints  # s
    dilation: Ints  # d
    low: Ints  # lo, positions before the first input
    high: Ints  # positions after the last input; with ceil_mode a window may reach further

    @property
    def rank(self) -> int:
        """The number of spatial axes."""
        return len(self.window)

    @property
    def taps(self) -> int:
        """The number of positions that a window sees."""
        return prod(self.window)

    @property
    def axes(self) -> list[Ints]:
        """(I, K, O, s, d, lo, hi) of every axis."""
        named = (self.sizes, self.window, self.outputs, self.stride, self.dilation, self.low, self.high)
        return list(zip(*named, strict=True))

    def walks(self, tap: Ints) -> list[Walk]:
        """Which inputs meet which outputs at a tap, per axis."""
        return [walk(1, i, s, o, d * k - lo) for (i, _, o, s, d, lo, _), k in zip(self.axes, tap, strict=True)]

    def along(self, axis: int) -> "Windows":
        """The same along one axis alone, where all later axes have been pooled and no earlier one."""
        rest: list[Ints] = [(i, 1, i, 1, 1, 0, 0) for i in (*self.sizes[:axis], 0, *self.outputs[axis + 1 :])]
        rest[axis] = self.axes[axis]
        return Windows(*zip(*rest, strict=True))

    def seen(self, *, padded: bool) -> list[np.ndarray]:
        """How many positions each output sees of the input, or of the padded input, per axis."""
        counts = []
        for i, k, o, s, d, lo, hi in self.axes:
            at = s * np.arange(o)[:, None] + d * np.arange(k) - lo
            first, end = (-lo, i + hi) if padded else (0, i)
            counts.append(((at >= first) & (at < end)).sum(1))
        return counts


def place_windows(
    verb: str, sizes: Ints, window: Any, stride: Any, padding: Any, dilation: Any, *, ceil_mode: bool = False
) -> tuple[Windows, Pairs]:
    """The windows over what negative padding leaves, each of which sees some of it, and what that crops."""
    rank = len(sizes)
    window = axis_ints(verb, "window", window, rank, least=1)
    stride = window if stride is None else axis_ints(verb, "stride", stride, rank, least=1)
    dilation = axis_ints(verb, "dilation", dilation, rank, least=1)
    pairs, implied = padding_pairs(verb, padding, sizes, window, stride, dilation, words=WORDS)
    if implied is not None:
        raise ValueError(f"{verb}: padding={padding!r} repeats the input beyond its border; a pool stops there.")
    check_window(verb, sizes, pairs, window, dilation)
    cropped = tuple((min(lo, 0), min(hi, 0)) for lo, hi in pairs)
    sizes = tuple(n + lo + hi for n, (lo, hi) in zip(sizes, cropped, strict=True))
    low, high = (tuple(max(p, 0) for p in side) for side in zip(*pairs, strict=True))
    spans = map(dilated_size, window, dilation)
    outputs = map(_ceil_size if ceil_mode else _floor_size, sizes, low, high, spans, stride)
    windows = Windows(sizes, window, tuple(outputs), stride, dilation, low, high)
    for axis, seen in enumerate(windows.seen(padded=False)):
        if not seen.all():
            raise ValueError(
                f"{verb}: window {int(np.argmin(seen))} along spatial axis {axis} sees nothing of x, it lies in the "
                f"padding (spatial sizes {sizes}, window={window}, padding={padding!r}, dilation={dilation}). Pad less."
            )
    return windows, cropped


def place_padded(
    verb: str, sizes: Ints, window: Any, stride: Any, padding: Any, dilation: Any, padding_mode: Any
) -> tuple[Windows, Pairs, tuple[str, ...]]:
    """The windows over the padded sizes, the padding, and what stands in it along each axis."""
    rank = len(sizes)
    window = axis_ints(verb, "window", window, rank, least=1)
    stride = axis_ints(verb, "stride", stride, rank, least=1)
    dilation = axis_ints(verb, "dilation", dilation, rank, least=1)
    pairs, implied = padding_pairs(verb, padding, sizes, window, stride, dilation)
    modes = padding_modes(verb, padding_mode, implied, rank)
    check_boundary(verb, sizes, pairs, modes)
    check_window(verb, sizes, pairs, window, dilation)
    padded = tuple(n + lo + hi for n, (lo, hi) in zip(sizes, pairs, strict=True))
    outputs = tuple(map(output_size, padded, map(dilated_size, window, dilation), stride))
    zeros = (0,) * rank
    return Windows(padded, window, outputs, stride, dilation, zeros, zeros), pairs, modes


def _floor_size(size: int, low: int, high: int, span: int, stride: int) -> int:
    return output_size(size + low + high, span, stride)


def _ceil_size(size: int, low: int, high: int, span: int, stride: int) -> int:
    """A window that reaches beyond the padding counts too, if it starts in the input or before it."""
    outputs = -(-(size + low + high - span) // stride) + 1
    return outputs - ((outputs - 1) * stride >= size + low)


def extend(x: Array, pairs: Pairs, outside: float | int = 0) -> Array:
    """x [N, *I, C] with so many positions more per axis, low and high; negative numbers crop."""
    pads = [(0, 0, 0), *((lo, hi, 0) for lo, hi in pairs), (0, 0, 0)]
    return lax.pad(x, jnp.asarray(outside, x.dtype), pads)


def rank_of(verb: str, name: str, value: Any) -> int:
    """How many spatial axes there are: the length of an argument with a number for each."""
    if not is_sequence(value) or not len(value):
        raise TypeError(
            f"{verb}: {name}={value!r} must be a sequence with an int per spatial axis: its length says how many "
            f"spatial axes there are."
        )
    return len(value)


def spatial_sizes(verb: str, x: Array, rank: int, why: str) -> Ints:
    """The spatial sizes of x (*batch, *spatial, c)."""
    if x.ndim < rank + 1:
        raise ValueError(
            f"{verb}: x must be (*batch, *spatial, channels) with {rank} spatial axes, as {why} says; it has shape "
            f"{x.shape}. If it has no channel axis, add one: x[..., None]."
        )
    return x.shape[x.ndim - rank - 1 : -1]


def one_batch_axis(x: Array, rank: int) -> Array:
    """(*batch, *spatial, c) to [N, *spatial, c]."""
    batch = x.shape[: x.ndim - rank - 1]
    return x.reshape(prod(batch), *x.shape[len(batch) :])


def with_batch(y: Array, x: Array, rank: int) -> Array:
    """[N, *outputs, ...] to (*batch, *outputs, ...), with the batch axes of x (*batch, *spatial, c)."""
    return y.reshape(*x.shape[: x.ndim - rank - 1], *y.shape[1:])
