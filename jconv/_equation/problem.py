"""ConvProblem: the static part of the one equation that everything in jconv is, and its relabellings."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from math import gcd, prod
from typing import Any, NamedTuple

import numpy as np
from jax import lax

from jconv._equation.dtypes import wider
from jconv._typing import DType, Ints, Precision

# Precisions that leave room for more than the rounding of direct sums.
_LOOSE = (None, lax.Precision.DEFAULT, lax.Precision.HIGH, lax.DotAlgorithmPreset.DEFAULT)


class Axis(NamedTuple):
    """One spatial axis of a problem:  input_dilation*i + low = stride*o + dilation*k.

    Args:
        input: I, positions of x.
        window: K, taps of w.
        output: O, positions of y.
        stride: s, input steps between neighbouring outputs.
        input_dilation: e, distance between neighbouring inputs.
        dilation: d, distance between neighbouring taps.
        low: lo, zero padding before the first input; negative crops.
    """

    input: int
    window: int
    output: int
    stride: int = 1
    input_dilation: int = 1
    dilation: int = 1
    low: int = 0

    @property
    def reach(self) -> int:
        """Positions from the first tap of the first output to the last tap of the last; not positive if none."""
        return self.stride * (self.output - 1) + self.dilation * (self.window - 1) + 1

    @property
    def high(self) -> int:
        """Zero padding after the last input that makes exactly `output` windows fit; may be negative."""
        inputs = self.input_dilation * (self.input - 1) + 1 if self.input else 0
        return self.reach - self.low - inputs


@dataclass(frozen=True)
class ConvProblem:
    r"""One bilinear map, with explicit groups, per spatial axis and in any number of them.

        y[n, o, g, m] = sum over c and over (i, k) with  e*i + lo = s*o + d*k  of  x[n, i, g, c] * w[k, g, c, m]

    Positions outside an array contribute nothing, so zero padding is a number, not a copy.
    The canonical arrays are channels-last with the group axis explicit:

        x [N, *I, G, C]    w [*K, G, C, M]    y [N, *O, G, M]

    This record is the one place where the geometry is explained; the public functions refer to it.

    Args:
        batch: N, independent examples.
        groups: G, independent convolutions side by side; each maps C channels to M features.
        c_in: C, channels per group, reduced over.
        c_out: M, features per group, made.
        input_size: I, positions of x per axis.
        window: K, taps of w per axis.
        output_size: O, positions of y per axis.
        stride: s, input steps between neighbouring outputs.
        input_dilation: e, distance between neighbouring inputs (> 1: a transposed convolution).
        dilation: d, distance between neighbouring taps (> 1: a dilated convolution).
        low: lo, zero padding before the first input, in dilated positions; negative crops. The
            padding after the last input is what `output_size` implies.
        x_dtype: dtype of x.
        w_dtype: dtype of w.
        dtype: dtype of y. Half types are accumulated in float32 whatever it is.
        precision: None, a pair of `jax.lax.Precision`, or a dot algorithm.
        algorithm: "auto", or the algorithm asked for: its name, or an `Algorithm`.
    """

    batch: int
    groups: int
    c_in: int
    c_out: int
    input_size: Ints
    window: Ints
    output_size: Ints
    stride: Ints
    input_dilation: Ints
    dilation: Ints
    low: Ints
    x_dtype: DType
    w_dtype: DType
    dtype: DType
    precision: Precision = None
    algorithm: Any = "auto"

    @property
    def rank(self) -> int:
        """Number of spatial axes."""
        return len(self.window)

    @property
    def x_shape(self) -> Ints:
        """[N, *I, G, C]."""
        return (self.batch, *self.input_size, self.groups, self.c_in)

    @property
    def w_shape(self) -> Ints:
        """[*K, G, C, M]."""
        return (*self.window, self.groups, self.c_in, self.c_out)

    @property
    def y_shape(self) -> Ints:
        """[N, *O, G, M]."""
        return (self.batch, *self.output_size, self.groups, self.c_out)

    @property
    def high(self) -> Ints:
        """Zero padding after the last input that makes exactly `output_size` windows fit; may be negative."""
        return tuple(axis.high for axis in self.axes)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Every spatial axis, in order."""
        columns = (
            self.input_size, self.window, self.output_size,
            self.stride, self.input_dilation, self.dilation, self.low,
        )  # fmt: skip
        return tuple(Axis(*numbers) for numbers in zip(*columns, strict=True))

    def with_axes(self, axes: Iterable[Axis]) -> "ConvProblem":
        """The same problem along other spatial axes."""
        axes = tuple(axes)
        return replace(
            self,
            input_size=tuple(axis.input for axis in axes),
            window=tuple(axis.window for axis in axes),
            output_size=tuple(axis.output for axis in axes),
            stride=tuple(axis.stride for axis in axes),
            input_dilation=tuple(axis.input_dilation for axis in axes),
            dilation=tuple(axis.dilation for axis in axes),
            low=tuple(axis.low for axis in axes),
        )

    @property
    def compute_dtype(self) -> DType:
        """The dtype both operands are brought to before they are multiplied."""
        return wider(self.x_dtype, self.w_dtype)

    @cached_property
    def accumulator(self) -> DType:
        """The dtype sums are kept in: float32 for half types, else the widest of operands and result."""
        widest = wider(self.compute_dtype, self.dtype)
        return np.dtype(np.float32) if widest.itemsize == 2 and widest.kind not in "iu" else widest

    @property
    def symbolic(self) -> bool:
        """Whether a size is left open, as `jax.export.symbolic_shape` does."""
        sizes = (self.batch, self.groups, self.c_in, self.c_out, *self.input_size, *self.window, *self.output_size)
        return not all(isinstance(n, int | np.integer) for n in (*sizes, *self.low))

    @property
    def empty(self) -> bool:
        """Whether no pair (input, tap) can contribute, or there is nothing to contribute to."""
        apart = any(axis.low % gcd(axis.stride, axis.dilation, axis.input_dilation) for axis in self.axes)
        return apart or 0 in self.x_shape or 0 in self.w_shape or 0 in self.y_shape

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of the direct form, padding counted, the zeros of an input dilation not."""
        meetings = 1
        for axis in self.axes:
            common = gcd(axis.stride, axis.dilation, axis.input_dilation)
            meetings *= -(-axis.output * axis.window * common // axis.input_dilation)
        return self.batch * self.groups * self.c_in * self.c_out * meetings

    @property
    def more_taps_than_outputs(self) -> bool:
        """Whether the window has more positions than the output, as in kernel gradients."""
        return prod(self.output_size) < prod(self.window)

    @property
    def precise(self) -> bool:
        """Whether the precision asked for leaves room for nothing but the rounding of direct sums."""
        asked = self.precision if isinstance(self.precision, tuple) else (self.precision,)
        return any(precision not in _LOOSE for precision in asked)

    @property
    def strictly_local(self) -> bool:
        """Whether every output must be a direct sum over its own window, which no NaN from outside reaches."""
        return self.precise or self.algorithm == "direct"

    @property
    def x_bytes(self) -> int:
        """Bytes of x."""
        return prod(self.x_shape) * self.x_dtype.itemsize

    @property
    def w_bytes(self) -> int:
        """Bytes of w."""
        return prod(self.w_shape) * self.w_dtype.itemsize

    @property
    def y_bytes(self) -> int:
        """Bytes of y."""
        return prod(self.y_shape) * self.dtype.itemsize

    @property
    def operand_bytes(self) -> int:
        """Bytes of x, w and y: what any algorithm must move."""
        return self.x_bytes + self.w_bytes + self.y_bytes

    @property
    def widened_bytes(self) -> int:
        """Bytes of the operands in the accumulator's type, where that is wider: copies that XLA may make."""
        return 2 * self.operand_bytes if self.dtype.itemsize < self.accumulator.itemsize else 0

    @property
    def padded(self) -> bool:
        """Whether a window reaches beyond x, or between its positions, or x is cropped."""
        return any(self.low) or any(self.high) or any(e > 1 for e in self.input_dilation)

    @property
    def padded_bytes(self) -> int:
        """Bytes of x once it is padded and dilated so that every window lies inside it."""
        reached = prod(max(0, axis.reach) for axis in self.axes)
        return self.batch * reached * self.groups * self.c_in * self.x_dtype.itemsize

    @property
    def undilated_padded_bytes(self) -> int:
        """Bytes of x once it is padded, without the zeros between positions: what the phases share."""
        return self.padded_bytes // prod(self.input_dilation)

    def gradient_x(self) -> "ConvProblem":
        """The problem that gives the cotangent of x from the cotangent of y and the flipped, c-m-swapped w.

        Substitute K-1-k for k in the equation: s*o + d*(K-1) - lo = e*i + d*k.
        """
        return replace(
            self,
            c_in=self.c_out,
            c_out=self.c_in,
            input_size=self.output_size,
            output_size=self.input_size,
            stride=self.input_dilation,
            input_dilation=self.stride,
            low=tuple(axis.dilation * (axis.window - 1) - axis.low for axis in self.axes),
            x_dtype=self.dtype,
            dtype=self.x_dtype,
        )

    def gradient_w(self) -> "ConvProblem":
        """The problem that gives the cotangent of w.

        It takes x as [C, *I, G, N] and the cotangent of y as [*O, G, N, M]. The result is [C, *K, G, M].
        The index sets k and o change places: e*i + lo = d*k + s*o.
        """
        return replace(
            self,
            batch=self.c_in,
            c_in=self.batch,
            window=self.output_size,
            output_size=self.window,
            stride=self.dilation,
            dilation=self.stride,
            w_dtype=self.dtype,
            dtype=self.w_dtype,
        )
