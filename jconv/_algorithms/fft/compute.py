"""The convolution theorem, over the whole input or over overlapping tiles of it."""

from dataclasses import replace
from math import prod

import jax.numpy as jnp
from jax import lax

from jconv._algorithms.fft.tiles import Tiling, choose_tiling, met, tile, transform_lengths
from jconv._equation.geometry import dilated_size
from jconv._equation.problem import Axis, ConvProblem
from jconv._rewrites.axes import without_idle_axes
from jconv._rewrites.padding import Pad, pad_axes
from jconv._typing import Array, Ints

# Channels times features up to which the product of spectra is elementwise work, not a matrix product.
MAX_ELEMENTWISE = 256
# Bytes of examples transformed at once, and in a block where they are more: fresh memory is slow to touch.
MAX_BYTES = 3 * 2**23
BLOCK_BYTES = 2**22


def compute(x: Array, w: Array, problem: ConvProblem) -> Array:
    """Transform both, multiply the channels of each frequency by its kernel, transform back.

    A stride skips outputs of the same problem at step 1, and a dilation puts zeros between positions. Axes
    with one tap or one output take no part in the transforms.
    """
    if problem.empty:
        return jnp.zeros(problem.y_shape, problem.dtype)
    x, w = x.astype(problem.accumulator), w.astype(problem.accumulator)
    return without_idle_axes(_convolve, x, w, problem)


def _convolve(x: Array, w: Array, problem: ConvProblem) -> Array:
    """Solve a problem without idle axes: as a whole, or in the tiles that take least work."""
    if any(first >= end for first, end in map(met, problem.axes)):
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
    """Give y [N, *O, G, M] from x [N, *I, G, C] and the kernel's spectrum [G, C, M, *f], by one transform each way."""
    lengths = transform_lengths(problem)
    pads = [_pad_to(n, axis) for n, axis in zip(lengths, problem.axes, strict=True)]
    x = pad_axes(jnp.moveaxis(x, (-2, -1), (1, 2)), 3, pads)
    spectrum = _times(_transform(x, lengths), kernel)
    y = _transform_back(spectrum, lengths, real=x.dtype.kind != "c")
    strided = (slice(0, dilated_size(axis.output, axis.stride), axis.stride) for axis in problem.axes)
    return jnp.moveaxis(y[..., *strided], (1, 2), (-2, -1)).astype(problem.dtype)


def _pad_to(length: int, axis: Axis) -> Pad:
    """The zeros before, after and between the inputs of an axis that make it so long."""
    return axis.low, length - axis.low - dilated_size(axis.input, axis.input_dilation), axis.input_dilation - 1


# ---- the transforms: last axes, row-major, as the FFT libraries want them


def _transform(x: Array, lengths: Ints) -> Array:
    """Spectrum of the last axes: half of it if x is real."""
    return lax.fft(x, "FFT" if x.dtype.kind == "c" else "RFFT", lengths) if lengths else x


def _transform_back(spectrum: Array, lengths: Ints, *, real: bool) -> Array:
    """Undo `_transform`: the numbers of the last axes, `lengths` many of them."""
    return lax.fft(spectrum, "IRFFT" if real else "IFFT", lengths) if lengths else spectrum


def _kernel_spectrum(w: Array, problem: ConvProblem) -> Array:
    """[*K, G, C, M] to [G, C, M, *f]: the spectrum of the flipped kernel; conjugation is what flips it."""
    lengths = transform_lengths(problem)
    pads = [
        (0, n - dilated_size(k, d), d - 1) for n, k, d in zip(lengths, problem.window, problem.dilation, strict=True)
    ]
    w = pad_axes(jnp.moveaxis(w, (-3, -2, -1), (0, 1, 2)), 3, pads)
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
    w = pad_axes(w, axis, [(0, tiling.count * tiling.size - problem.window[axis], 0)])
    w = jnp.moveaxis(w.reshape(*w.shape[:axis], tiling.count, tiling.size, *w.shape[axis + 1 :]), axis, -3)
    return _whole(x.reshape(part.x_shape), _kernel_spectrum(w.reshape(part.w_shape), part), part)


def _pad_for_tiles(x: Array, problem: ConvProblem, tiling: Tiling, step: int, extent: int) -> Array:
    """Give the tiled axis its zeros, between and around, up to a whole number of steps."""
    size = (tiling.count - 1) * step + -(-extent // step) * step
    return pad_axes(x, 1 + tiling.axis, [_pad_to(size, problem.axes[tiling.axis])])


def _overlapping(x: Array, along: int, count: int, step: int, extent: int) -> Array:
    """[..., I, ...] to [..., count, extent, ...]: every tile is some steps side by side, the last one cut."""
    steps = x.reshape(*x.shape[:along], -1, step, *x.shape[along + 1 :])
    parts = []
    for first in range(-(-extent // step)):
        part = lax.slice_in_dim(steps, first, first + count, axis=along)
        parts.append(lax.slice_in_dim(part, 0, min(step, extent - first * step), axis=along + 1))
    return jnp.concatenate(parts, along + 1)
