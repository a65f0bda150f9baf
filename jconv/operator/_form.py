"""The static part of a ConvOperator: its sizes, steps and padding as integers, and what reads what."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from jconv._equation.geometry import dilated_size, output_size
from jconv._typing import Ints, Pairs
from jconv._verbs.arguments import axis_ints
from jconv._verbs.padding import check_boundary, padding_modes, padding_pairs
from jconv._verbs.shapes import check_groups, check_ranks, check_window

VERB = "ConvOperator"


@dataclass(frozen=True)
class Form:
    """Everything about an operator but its kernel's values; hashable.

    Args:
        sizes: input positions per spatial axis.
        window: taps per axis.
        c_in: channels of the input, of all groups together.
        c_out: channels of the output, of all groups together.
        outputs: output positions per axis.
        stride: input steps between neighbouring outputs, per axis.
        pairs: (low, high) padding per axis.
        modes: what stands beyond the border, per axis.
        dilation: distance between neighbouring taps, per axis.
        groups: independent convolutions side by side.
    """

    sizes: Ints
    window: Ints
    c_in: int
    c_out: int
    outputs: Ints
    stride: Ints
    pairs: Pairs
    modes: tuple[str, ...]
    dilation: Ints
    groups: int

    @property
    def rank(self) -> int:
        """Number of spatial axes."""
        return len(self.window)

    @property
    def input_shape(self) -> Ints:
        """(*spatial, c_in)."""
        return (*self.sizes, self.c_in)

    @property
    def output_shape(self) -> Ints:
        """(*outputs, c_out)."""
        return (*self.outputs, self.c_out)

    @property
    def kernel_shape(self) -> Ints:
        """(*window, c_in // groups, c_out)."""
        return (*self.window, self.c_in // self.groups, self.c_out)

    @property
    def matrix_shape(self) -> tuple[int, int]:
        """Rows and columns of the matrix."""
        return prod(self.output_shape), prod(self.input_shape)

    @property
    def options(self) -> dict[str, Any]:
        """What `conv` takes beside x and the kernel."""
        return {
            "stride": self.stride,
            "padding": self.pairs,
            "padding_mode": self.modes,
            "dilation": self.dilation,
            "groups": self.groups,
        }

    @property
    def output_padding(self) -> Ints:
        """Positions at the high side that no output reaches: the adjoint must make them too."""
        spans = map(dilated_size, self.window, self.dilation)
        padded = (n + lo + hi for n, (lo, hi) in zip(self.sizes, self.pairs, strict=True))
        return tuple((n - span) % s for n, span, s in zip(padded, spans, self.stride, strict=True))

    @property
    def offsets(self) -> tuple[np.ndarray, ...]:
        """Per axis, where the taps of output 0 read: position d*k - lo of the input, outside it too."""
        taps = zip(self.window, self.dilation, self.pairs, strict=True)
        return tuple(d * np.arange(k) - lo for k, d, (lo, _) in taps)

    @property
    def reads(self) -> tuple[np.ndarray, ...]:
        """Per axis, an int table [outputs, window]: the input that an output reads through a tap; -1 for zero."""
        return tuple(map(self._axis_reads, range(self.rank)))

    def _axis_reads(self, axis: int) -> np.ndarray:
        size, (low, high), mode = self.sizes[axis], self.pairs[axis], self.modes[axis]
        amounts = (max(low, 0), max(high, 0))
        inside = np.arange(size)
        if mode == "zeros":
            source = np.pad(inside, amounts, constant_values=-1)
        else:
            source = np.pad(inside, amounts, mode=mode)  # pyrefly: ignore[no-matching-overload]
        first = self.stride[axis] * np.arange(self.outputs[axis])
        return source[first[:, None] + self.dilation[axis] * np.arange(self.window[axis]) + max(-low, 0)]

    @property
    def circular(self) -> bool:
        """Whether the operator commutes with turning the input round by one stride, on every axis."""
        return all(map(self._axis_circular, range(self.rank)))

    def _axis_circular(self, axis: int) -> bool:
        size, stride = self.sizes[axis], self.stride[axis]
        if size == 0 or stride * self.outputs[axis] != size:
            return False
        first = self.offsets[axis]
        turned = (stride * np.arange(self.outputs[axis])[:, None] + first) % size
        return bool(np.array_equal(self._axis_reads(axis), turned))


def form_of(
    kernel_shape: Ints,
    input_shape: Any,
    *,
    stride: Any,
    padding: Any,
    padding_mode: Any,
    dilation: Any,
    groups: Any,
) -> Form:
    """The form of checked arguments; raises as `conv` does for an x of shape `input_shape`."""
    rank = check_ranks(VERB, "x", (1,) * len(kernel_shape), kernel_shape)
    rule = f"(*spatial, c_in), {rank + 1} ints for a kernel of shape {kernel_shape}, without batch axes"
    shape = axis_ints(VERB, "input_shape", tuple(input_shape), rank + 1, least=0, rule=rule)
    *sizes, c_in = shape
    sizes, window = tuple(sizes), tuple(kernel_shape[:-2])
    strides = axis_ints(VERB, "stride", stride, rank, least=1)
    dilations = axis_ints(VERB, "dilation", dilation, rank, least=1)
    pairs, implied = padding_pairs(VERB, padding, sizes, window, strides, dilations)
    modes = padding_modes(VERB, padding_mode, implied, rank)
    check_boundary(VERB, sizes, pairs, modes)
    groups = check_groups(VERB, groups, c_in, shape, kernel_shape)
    check_window(VERB, sizes, pairs, window, dilations)
    padded = (n + lo + hi for n, (lo, hi) in zip(sizes, pairs, strict=True))
    return Form(
        sizes=sizes,
        window=window,
        c_in=c_in,
        c_out=kernel_shape[-1],
        outputs=tuple(map(output_size, padded, map(dilated_size, window, dilations), strides)),
        stride=strides,
        pairs=pairs,
        modes=modes,
        dilation=dilations,
        groups=groups,
    )
