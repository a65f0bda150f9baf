"""The algorithm `fft`: the convolution theorem, over the whole input or over overlapping tiles of it."""

from dataclasses import replace
from functools import cache
from math import log2, prod
from typing import NamedTuple

import jax.numpy as jnp
from jax import lax

from jconv._algorithms._algorithm import Algorithm, Cost
from jconv._geometry import dilated_size
from jconv._problem import ConvProblem
from jconv._rewrites import drop_idle_axes, without_idle_axes
from jconv._typing import Array, Ints

# The dtypes that there are transforms for.
DTYPES = ("float32", "float64", "complex64", "complex128")
# XLA's transforms have at most so many axes.
MAX_AXES = 3
# Channels times features up to which the product of spectra is elementwise work, not a matrix product.
MAX_ELEMENTWISE = 256
# Bytes of examples transformed at once, and in a block where they are more: fresh memory is slow to touch.
MAX_BYTES = 3 * 2**23
BLOCK_BYTES = 2**22
# The factor by which tiles must save work to make up for being cut and joined.
TILES_OVERHEAD = 1.1


class Tiling(NamedTuple):
    """An axis cut into `count` tiles of `size` outputs each, or taps."""

    axis: int
    of_taps: bool
    count: int
    size: int


def compute(x: Array, w: Array, problem: ConvProblem) -> Array:
    """Transform both, multiply the channels of each frequency by its kernel, transform back.

    Strides and dilations are those of the same problem at step 1, with zeros put between positions
    and outputs skipped. Axes with one tap or one output take no part in the transforms.
    """
    if problem.empty:
        return jnp.zeros(problem.y_shape, problem.dtype)
    x, w = x.astype(problem.accumulator), w.astype(problem.accumulator)
    return without_idle_axes(_convolve, x, w, problem)


def _convolve(x: Array, w: Array, problem: ConvProblem) -> Array:
    if any(_met(*axis)[0] >= _met(*axis)[1] for axis in problem.axes):
        return jnp.zeros(problem.y_shape, problem.dtype)  # exactly, where a transform would leave a rest
    tiling = choose_tiling(problem)
    if tiling is None:
        return _whole(x, _kernel_spectrum(w, problem), problem)
    if tiling.of_taps:
        return _taps_as_channels(x, w, problem, tiling)
    return _outputs_as_examples(x, w, problem, tiling)


def _whole(x: Array, kernel: Array, problem: ConvProblem) -> Array:
    """Transform whole examples of x [N, *I, G, C], and multiply by the spectrum of the kernel."""
    lengths = transform_lengths(problem)
    example = problem.groups * max(problem.c_in, problem.c_out) * prod(lengths) * x.dtype.itemsize
    if example * problem.batch > MAX_BYTES:
        one = replace(problem, batch=1)
        return lax.map(lambda x: _at_once(x[None], kernel, one)[0], x, batch_size=max(1, BLOCK_BYTES // example))
    return _at_once(x, kernel, problem)


def _at_once(x: Array, kernel: Array, problem: ConvProblem) -> Array:
    lengths = transform_lengths(problem)
    pads = [
        (lo, n - lo - dilated_size(i, e), e - 1)
        for n, (i, _, _, _, e, _, lo) in zip(lengths, problem.axes, strict=True)
    ]
    x = lax.pad(jnp.moveaxis(x, (-2, -1), (1, 2)), jnp.zeros((), x.dtype), [(0, 0, 0)] * 3 + pads)
    spectrum = _times(_transform(x, lengths), kernel)
    y = _transform_back(spectrum, lengths, real=x.dtype.kind != "c")
    strided = (slice(0, dilated_size(o, s), s) for _, _, o, s, *_ in problem.axes)
    return jnp.moveaxis(y[..., *strided], (1, 2), (-2, -1)).astype(problem.dtype)


# ---- the transforms: last axes, row-major, as the FFT libraries want them


def _transform(x: Array, lengths: Ints) -> Array:
    """Spectrum of the last axes: half of it if x is real."""
    return lax.fft(x, "FFT" if x.dtype.kind == "c" else "RFFT", lengths) if lengths else x


def _transform_back(spectrum: Array, lengths: Ints, *, real: bool) -> Array:
    return lax.fft(spectrum, "IRFFT" if real else "IFFT", lengths) if lengths else spectrum


def _kernel_spectrum(w: Array, problem: ConvProblem) -> Array:
    """[*K, G, C, M] to [G, C, M, *f]: the spectrum of the flipped kernel; conjugation is what flips it."""
    lengths = transform_lengths(problem)
    pads = [
        (0, n - dilated_size(k, d), d - 1) for n, k, d in zip(lengths, problem.window, problem.dilation, strict=True)
    ]
    w = lax.pad(jnp.moveaxis(w, (-3, -2, -1), (0, 1, 2)), jnp.zeros((), w.dtype), [(0, 0, 0)] * 3 + pads)
    return jnp.conj(_transform(jnp.conj(w), lengths))


def _times(x: Array, w: Array) -> Array:
    """[n, G, C, *f] times [G, C, M, *f], summed over C, to [n, G, M, *f]."""
    _, c, m = w.shape[:3]
    if c * m <= MAX_ELEMENTWISE:
        return (x[:, :, :, None] * w[None]).sum(2) if c > 1 else x * w[None, :, 0]
    return jnp.einsum("ngc...,gcm...->ngm...", x, w, precision=lax.Precision.HIGHEST)


# ---- tiles: overlap-save, of outputs or, by the same right, of taps


def _outputs_as_examples(x: Array, w: Array, problem: ConvProblem, tiling: Tiling) -> Array:
    """Every tile of outputs is an example of its own; its input overlaps its neighbours'."""
    part, along = tile(problem, tiling), 1 + tiling.axis
    kernel = _kernel_spectrum(w, part)
    step, extent = problem.stride[tiling.axis] * tiling.size, part.input_size[tiling.axis]
    x = _pad_for_tiles(x, problem, tiling, step, extent)
    tiles = jnp.moveaxis(_overlapping(x, along, tiling.count, step, extent), along, 1)
    y = _whole(tiles.reshape(part.x_shape), kernel, part)
    y = jnp.moveaxis(y.reshape(problem.batch, tiling.count, *y.shape[1:]), 1, along)
    y = y.reshape(*y.shape[:along], -1, *y.shape[along + 2 :])
    return lax.slice_in_dim(y, 0, problem.output_size[tiling.axis], axis=along)


def _taps_as_channels(x: Array, w: Array, problem: ConvProblem, tiling: Tiling) -> Array:
    """Every tile of taps is a channel of its own; the spectra are summed before the one transform back."""
    part, axis = tile(problem, tiling), tiling.axis
    step, extent = problem.dilation[axis] * tiling.size, part.input_size[axis]
    x = _pad_for_tiles(x, problem, tiling, step, extent)
    x = jnp.moveaxis(_overlapping(x, 1 + axis, tiling.count, step, extent), 1 + axis, -2)
    missing = [(0, 0, 0)] * w.ndim
    missing[axis] = (0, tiling.count * tiling.size - problem.window[axis], 0)
    w = lax.pad(w, jnp.zeros((), w.dtype), missing)
    w = jnp.moveaxis(w.reshape(*w.shape[:axis], tiling.count, tiling.size, *w.shape[axis + 1 :]), axis, -3)
    return _whole(x.reshape(part.x_shape), _kernel_spectrum(w.reshape(part.w_shape), part), part)


def _pad_for_tiles(x: Array, problem: ConvProblem, tiling: Tiling, step: int, extent: int) -> Array:
    """Give the tiled axis its zeros, between and around, up to a whole number of steps."""
    i, _, _, _, e, _, lo = problem.axes[tiling.axis]
    size = (tiling.count - 1) * step + -(-extent // step) * step
    pads = [(0, 0, 0)] * x.ndim
    pads[1 + tiling.axis] = (lo, size - lo - dilated_size(i, e), e - 1)
    return lax.pad(x, jnp.zeros((), x.dtype), pads)


def _overlapping(x: Array, along: int, count: int, step: int, extent: int) -> Array:
    """[..., I, ...] to [..., count, extent, ...]: every tile is some steps side by side, the last one cut."""
    steps = x.reshape(*x.shape[:along], -1, step, *x.shape[along + 1 :])
    parts = []
    for first in range(-(-extent // step)):
        part = lax.slice_in_dim(steps, first, first + count, axis=along)
        parts.append(lax.slice_in_dim(part, 0, min(step, extent - first * step), axis=along + 1))
    return jnp.concatenate(parts, along + 1)


def tile(problem: ConvProblem, tiling: Tiling | None) -> ConvProblem:
    """The problem in which the tiles of outputs are further examples, or those of taps further channels."""
    if tiling is None:
        return problem
    axes = list(problem.axes)
    _, k, o, s, _, d, _ = axes[tiling.axis]
    k, o = (tiling.size, o) if tiling.of_taps else (k, tiling.size)
    axes[tiling.axis] = (dilated_size(o, s) + dilated_size(k, d) - 1, k, o, s, 1, d, 0)
    return replace(
        problem.with_axes(axes),
        batch=problem.batch * (1 if tiling.of_taps else tiling.count),
        c_in=problem.c_in * (tiling.count if tiling.of_taps else 1),
    )


@cache
def choose_tiling(problem: ConvProblem) -> Tiling | None:
    """The tiles that take least work, along one axis; None to transform everything at once.

    Doubling lengths from twice what a tile overlaps by are tried: in between, the work varies little.
    """
    best, least = None, _work(problem) / TILES_OVERHEAD
    for a, (_, k, o, s, _, d, _) in enumerate(problem.axes):
        taps, outputs = dilated_size(k, d), dilated_size(o, s)
        ways = ((False, outputs, o, s, taps), (True, taps, k, d, outputs))
        for of_taps, cut, number, step, overlap in ways:
            length = 2 * overlap
            while length < cut + overlap:
                count = -(-cut // (length - overlap + 1))
                fast = fast_length(-(-cut // count) + overlap - 1, even=a == problem.rank - 1)
                size = min((fast - overlap) // step + 1, number)
                tiling = Tiling(a, of_taps, -(-number // size), size)
                if (work := _work(tile(problem, tiling))) < least:
                    best, least = tiling, work
                length *= 2
    return best


def transform_lengths(problem: ConvProblem) -> Ints:
    """Fast circular lengths, one per axis; even along the last, where a real spectrum is half."""
    last = problem.rank - 1
    return tuple(fast_length(needed_length(*axis), even=a == last) for a, axis in enumerate(problem.axes))


def needed_length(i: int, k: int, o: int, s: int, e: int, d: int, lo: int) -> int:
    """The least circular length at which no wanted output is overlaid by what wraps around.

    The zeros after x serve as those before it too, so that this is often less than the padded length.

    >>> needed_length(i=100, k=31, o=100, s=1, e=1, d=1, lo=15)  # SAME padding; 130 with both paddings
    115
    """
    span, outputs = dilated_size(k, d), dilated_size(o, s)
    first, end = _met(i, k, o, s, e, d, lo)
    return max(end, outputs + span - 1 - first, span, outputs)


def _met(i: int, k: int, o: int, s: int, e: int, d: int, lo: int) -> Ints:
    """Where x starts and ends among the positions that windows reach: nothing is met if the end is first."""
    first = max(lo, 0)
    return first, max(first, min(lo + dilated_size(i, e), dilated_size(o, s) + dilated_size(k, d) - 1))


@cache
def fast_length(n: int, *, even: bool) -> int:
    """The least length from n on with no prime factor over 7: those transform fast.

    >>> fast_length(4607, even=True), fast_length(71, even=False)
    (4608, 72)
    """
    while True:
        rest = n
        for prime in (2, 3, 5, 7):
            while rest % prime == 0:
                rest //= prime
        if rest == 1 and (n % 2 == 0 or not even or n == 1):
            return n
        n += 1


def _transformed(problem: ConvProblem) -> int:
    """How many numbers go through transforms: those of x, of the kernel and of y."""
    arrays = problem.batch * (problem.c_in + problem.c_out) + problem.c_in * problem.c_out
    return arrays * problem.groups * prod(transform_lengths(problem))


def _products(problem: ConvProblem) -> int:
    """How many products of complex numbers, half of whose frequencies follow from the others."""
    return problem.batch * problem.groups * problem.c_in * problem.c_out * prod(transform_lengths(problem))


def _work(problem: ConvProblem) -> int:
    """Multiply-adds: 5/4 n log2(n) for a real transform of n, 2n for the product of two spectra."""
    work = int(1.25 * log2(prod(transform_lengths(problem))) * _transformed(problem)) + 2 * _products(problem)
    return 2 * work if problem.accumulator.kind == "c" else work


def cost(problem: ConvProblem, platform: str) -> Cost:
    """Transforms and products; every number that is transformed passes once per axis and once more."""
    if problem.empty:
        return Cost(0, 0, 0, 0)
    sums, problem = problem.few_outputs, drop_idle_axes(problem)
    part = tile(problem, choose_tiling(problem))
    transformed = _transformed(part) * part.accumulator.itemsize if part.rank else 0
    work = _work(part) + 4 * _products(part) // part.c_out  # narrow ones are slow
    moved, kept = problem.operand_bytes + 2 * (1 + part.rank) * transformed, problem.widened_bytes
    if not part.rank:  # nothing to transform: products of real numbers
        work, kept = work // 4, kept + (problem.operand_bytes if sums else problem.y_bytes)
        # A sum over positions transposes its operands, those of groups number by number.
        moved += sums * (10 if problem.groups > 1 else 2) * problem.operand_bytes
    return Cost(
        multiply_adds=work,
        bytes_moved=moved,
        # Where channels are summed, XLA makes a third copy of the spectra.
        extra_bytes=(2 if part.c_in == 1 else 3) * transformed + kept,
        calls=12,
    )


def unsupported(problem: ConvProblem) -> tuple[str, ...]:
    """Transforms need fractions, and XLA's have at most three axes."""
    reasons = []
    if problem.accumulator.name not in DTYPES:
        reasons.append(f"it computes with fractions, and {problem.dtype} holds none")
    busy = sum(k > 1 and o > 1 for k, o in zip(problem.window, problem.output_size, strict=True))
    if busy > MAX_AXES:
        reasons.append(f"{busy} spatial axes are more than the {MAX_AXES} of a transform")
    return tuple(reasons)


FFT = Algorithm(
    name="fft",
    compute=compute,
    unsupported=unsupported,
    cost=cost,
    error=8.0,
    reference="Stockham, High-speed convolution and correlation, 1966 (overlap-save: Oppenheim and Schafer)",
)
