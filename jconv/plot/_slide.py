"""A convolution taken apart into the steps of its sliding window, with the numbers of each."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from jconv._typing import ArrayLike, IntOrInts, Ints, Padding
from jconv._verbs.arguments import axis_ints, one_int
from jconv._verbs.conv import conv
from jconv._verbs.padding import padding_pairs
from jconv._verbs.transpose import conv_transpose

MOST_STEPS = 200
Cells = list[tuple[int, int, int]]  # channel, row, column


@dataclass(frozen=True, eq=False)
class Step:
    """One stop of the window.

    Args:
        source: the cells of the input that are read.
        target: the cells of the output that are written.
        values: `(channels, *window)`, the input's numbers, tap by tap.
        taps: `(channels, *window)`, the kernel's.
        so_far: the output after this step, NaN where nothing was written yet.
    """

    source: Cells
    target: Cells
    values: np.ndarray
    taps: np.ndarray
    so_far: np.ndarray

    @property
    def products(self) -> np.ndarray:
        """Values times taps."""
        return self.values * self.taps


@dataclass(frozen=True, eq=False)
class Slide:
    """A convolution of two axes, to be drawn; one of one axis has one row.

    Args:
        source: `(c, height, width)`, the input; with its padding, for a convolution.
        source_inside: `(height, width)`, False where it is padding.
        result: `(c, height, width)`, the output, as jconv computes it; with what is cropped, for a transposed one.
        result_inside: `(height, width)`, False where it is cropped.
        steps: one for each stop of the window.
        transposed: whether each input is stamped on the output, and not the output summed from a window.
    """

    source: np.ndarray
    source_inside: np.ndarray
    result: np.ndarray
    result_inside: np.ndarray
    steps: tuple[Step, ...]
    transposed: bool


def slide(
    verb: str,
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    stride: IntOrInts,
    padding: Padding,
    dilation: IntOrInts,
    groups: int,
    transposed: bool,
) -> Slide:
    """Take `jconv.conv`, or `jconv.conv_transpose`, of these arguments apart.

    Args:
        verb: for messages.
        x: `(*spatial, c)`, or `(*spatial,)` of one channel, of rank 1 or 2.
        kernel: `(*window, c_in // groups, c_out)`, or `(*window,)`.
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`, not negative.
        dilation: as in `jconv.conv`.
        groups: as in `jconv.conv`.
        transposed: take `jconv.conv_transpose`.

    Returns:
        The steps, whose sums are checked against jconv's own result.

    Raises:
        ValueError: arguments that do not fit together, of another rank, or of more than 200 steps.
    """
    x, kernel = _with_channels(verb, np.asarray(x), np.asarray(kernel))
    rank, options = kernel.ndim - 2, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    function: Any = conv_transpose if transposed else conv
    result = np.asarray(function(x, kernel, precision="highest", **options), np.float64)
    _check_count(verb, x.size if transposed else result.size)
    strides = axis_ints(verb, "stride", stride, rank, least=1)
    dilations = axis_ints(verb, "dilation", dilation, rank, least=1)
    sizes = result.shape[:rank] if transposed else x.shape[:rank]
    pairs, mode = padding_pairs(verb, padding, sizes, kernel.shape[:rank], strides, dilations)
    if mode not in (None, "zeros") or min(min(pair) for pair in pairs) < 0:
        raise ValueError(f"{verb}: padding={padding!r} must add zeros, none or more. Give an int or a pair per axis.")
    if rank == 1:
        x, kernel, result = x[None], kernel[None], result[None]
        strides, dilations, pairs = (1, *strides), (1, *dilations), ((0, 0), *pairs)
    framed, inner = (result, x) if transposed else (x, result)
    framed, inner = np.moveaxis(framed, -1, 0), np.moveaxis(inner, -1, 0)
    inside = np.pad(np.ones(framed.shape[1:], bool), pairs)
    everywhere = np.ones(inner.shape[1:], bool)
    framed = np.pad(framed, ((0, 0), *pairs))
    groups = one_int(verb, "groups", groups, least=1)
    if transposed:
        stamped = _stamps(inner, kernel, framed, inside, strides, dilations, groups)
        return Slide(inner, everywhere, framed, inside, stamped, True)
    summed = _sums(framed, kernel, inner, strides, dilations, groups)
    return Slide(framed, inside, inner, everywhere, summed, False)


def _check_count(verb: str, steps: int) -> None:
    """Refuse what nobody would look at to its end."""
    if steps > MOST_STEPS:
        raise ValueError(f"{verb}: {steps} steps are too many to watch, at most {MOST_STEPS}. Give a smaller input.")


def _with_channels(verb: str, x: np.ndarray, kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give both with axes for channels, as floats."""
    if x.ndim == kernel.ndim and x.ndim in (1, 2):
        x, kernel = x[..., None], kernel[..., None, None]
    if x.ndim not in (2, 3) or kernel.ndim != x.ndim + 1:
        raise ValueError(
            f"{verb}: x of shape {x.shape} and kernel of shape {kernel.shape} must be (*spatial, c) and (*window, "
            "c_in // groups, c_out) of rank 1 or 2, or both without channels."
        )
    if x.dtype.kind not in "iufb" or kernel.dtype.kind not in "iufb":
        raise TypeError(f"{verb}: x ({x.dtype}) and kernel ({kernel.dtype}) must be real numbers.")
    return x.astype(np.float32), kernel.astype(np.float32)


def _window(place: Ints, window: Ints, strides: Ints, dilations: Ints) -> np.ndarray:
    """Give the rows and columns, `(2, *window)`, that a window at a place covers, padding counted."""
    return np.stack(
        np.meshgrid(
            *(s * o + d * np.arange(k) for o, k, s, d in zip(place, window, strides, dilations, strict=True)),
            indexing="ij",
        )
    )


def _cells(channels: range, where: np.ndarray) -> Cells:
    """Give the cells of channels at rows and columns `(2, *window)`."""
    return [(c, int(row), int(column)) for c in channels for row, column in where.reshape(2, -1).T]


def _sums(
    source: np.ndarray, kernel: np.ndarray, result: np.ndarray, strides: Ints, dilations: Ints, groups: int
) -> tuple[Step, ...]:
    """Give the steps of a convolution: a window of the input is multiplied by the kernel, and summed."""
    read, made = kernel.shape[2], kernel.shape[3] // groups
    so_far, steps = np.full(result.shape, np.nan), []
    for m, *place in product(*map(range, result.shape)):
        channels = range(m // made * read, m // made * read + read)
        where = _window(tuple(place), kernel.shape[:2], strides, dilations)
        values, taps = source[list(channels)][:, where[0], where[1]], np.moveaxis(kernel[..., m], -1, 0)
        so_far = so_far.copy()
        so_far[m, *place] = result[m, *place]
        step = Step(_cells(channels, where), [(m, place[0], place[1])], values, taps, so_far)
        _check(float(step.products.sum()), float(result[m, *place]), float(np.abs(step.products).sum()))
        steps.append(step)
    return tuple(steps)


def _stamps(
    source: np.ndarray,
    kernel: np.ndarray,
    result: np.ndarray,
    inside: np.ndarray,
    strides: Ints,
    dilations: Ints,
    groups: int,
) -> tuple[Step, ...]:
    """Give the steps of a transposed convolution: an input times the kernel is added to a window of the output."""
    written, made = kernel.shape[2], kernel.shape[3] // groups
    so_far, steps = np.full(result.shape, np.nan), []
    for m, *place in product(*map(range, source.shape)):
        channels = range(m // made * written, m // made * written + written)
        where = _window(tuple(place), kernel.shape[:2], strides, dilations)
        taps = np.moveaxis(kernel[..., m], -1, 0)
        target = _cells(channels, where)
        so_far = so_far.copy()
        values = np.full(taps.shape, source[m, *place])
        for cell, value in zip(target, (values * taps).ravel(), strict=True):
            so_far[cell] = np.nan_to_num(so_far[cell]) + value
        steps.append(Step([(m, place[0], place[1])], target, values, taps, so_far))
    most = float(np.abs(kernel).sum() * np.abs(source).max(initial=0))
    for got, want in zip(np.nan_to_num(so_far)[:, inside].ravel(), result[:, inside].ravel(), strict=True):
        _check(float(got), float(want), most)
    return tuple(steps)


def _check(drawn: float, computed: float, size: float) -> None:
    """Refuse a sum that is not what jconv computes, by more than rounding of numbers of a size."""
    if not abs(drawn - computed) <= 1e-5 * size + 1e-30:
        raise ArithmeticError(f"the sum of the products, {drawn}, is not what jconv computes, {computed}")
