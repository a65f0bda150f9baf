"""fftconvolve and oaconvolve: convolution by Fourier transforms, over any of the axes."""

from collections.abc import Sequence
from operator import index
from typing import Any

import jax.numpy as jnp
import numpy as np

from jconv._algorithms.fft.record import MAX_AXES
from jconv._typing import Array, ArrayLike, Ints, Pairs
from jconv.signal._convolution import convolution
from jconv.signal._dtypes import as_fraction, common
from jconv.signal._modes import check_mode, crops, must_swap


def fftconvolve(in1: ArrayLike, in2: ArrayLike, mode: str = "full", axes: int | Sequence[int] | None = None) -> Array:
    """Convolve two arrays by Fourier transforms, over all or some axes, as `scipy.signal.fftconvolve`.

    z[n] = sum over k of  in1[k] * in2[n - k]  on `axes`; along the others the two are multiplied as they stand.

    Long arrays are cut into overlapping tiles where that is less work, so that it is as quick as `oaconvolve`.

    Args:
        in1: the first array; integers are taken as floats.
        in2: the second array, with as many axes; beside `axes` of in1's sizes, or 1 in one of the two.
        mode: as in `convolve`.
        axes: the axes to convolve over; None means all.

    Returns:
        The convolution.

    Raises:
        ValueError: numbers of axes or sizes that do not fit together, an unknown word, or axes that are none.
        TypeError: dtypes that may not be mixed, or that are no numbers.

    Examples:
        >>> import jax.numpy as jnp
        >>> fftconvolve(jnp.ones((2, 3)), jnp.ones((1, 2)), axes=1).round(5)
        Array([[1., 2., 2., 1.],
               [1., 2., 2., 1.]], dtype=float32)

    References:
        SciPy, `scipy.signal.fftconvolve`.
    """
    return convolved_on_axes("fftconvolve", in1, in2, mode, axes)


def oaconvolve(in1: ArrayLike, in2: ArrayLike, mode: str = "full", axes: int | Sequence[int] | None = None) -> Array:
    """Convolve a long array with a short one by transforms of tiles, as `scipy.signal.oaconvolve`.

    The equation and the result are `fftconvolve`'s, and so is the way: tiles of the length that takes least work.
    SciPy adds the overlaps of outputs, here the tiles of the input overlap; the sums are the same.

    Args:
        in1: as in `fftconvolve`.
        in2: as in `fftconvolve`.
        mode: as in `convolve`.
        axes: as in `fftconvolve`.

    Returns:
        The convolution.

    Raises:
        ValueError: as in `fftconvolve`.
        TypeError: as in `fftconvolve`.

    Examples:
        >>> import jax.numpy as jnp
        >>> oaconvolve(jnp.arange(5.0), jnp.array([1.0, -1.0]), mode="valid").round(5)
        Array([1., 1., 1., 1.], dtype=float32)

    References:
        SciPy, `scipy.signal.oaconvolve`; Oppenheim and Schafer, "Discrete-Time Signal Processing" (overlap-save).
    """
    return convolved_on_axes("oaconvolve", in1, in2, mode, axes)


def convolved_on_axes(verb: str, in1: ArrayLike, in2: ArrayLike, mode: Any, axes: Any) -> Array:
    """The convolution of either verb, from the user's words."""
    x, h = common(verb, in1=in1, in2=in2)
    mode = check_mode(verb, mode)
    if x.ndim != h.ndim:
        raise ValueError(
            f"{verb}: in1 and in2 should have the same dimensionality (they have shapes {x.shape} and {h.shape})."
        )
    if x.ndim == 0:
        return x * h
    wanted = _check_axes(verb, axes, x.ndim)
    if x.size == 0 or h.size == 0:
        return jnp.zeros(0, as_fraction(x).dtype)
    # On axes of size 1, convolving is multiplying.
    wanted = tuple(a for a in wanted if x.shape[a] != 1 and h.shape[a] != 1)
    rest = [a for a in range(x.ndim) if a not in wanted]
    if any(x.shape[a] != h.shape[a] and 1 not in (x.shape[a], h.shape[a]) for a in rest):
        raise ValueError(
            f"{verb}: incompatible shapes for in1 and in2: {x.shape} and {h.shape}; beside axes={wanted} they must be "
            f"equal, or 1 in one of the two."
        )
    if must_swap(verb, mode, x.shape, h.shape, wanted):
        x, h = h, x
    if not wanted:
        return _middle(x * h, x.shape) if mode == "same" else x * h
    crop = crops(mode, tuple(x.shape[a] for a in wanted), tuple(h.shape[a] for a in wanted))
    z = fft_convolution(verb, x, h, wanted, crop)
    return _middle(z, tuple(z.shape[a] if a in wanted else x.shape[a] for a in range(x.ndim))) if mode == "same" else z


def fft_convolution(verb: str, in1: Array, in2: Array, axes: Ints, crop: Pairs) -> Array:
    """The convolution over any number of axes, in floats."""
    x, h = as_fraction(in1), as_fraction(in2)
    kept = tuple(a for a in axes if x.shape[a] > 1 and h.shape[a] > 1)
    if len(kept) <= MAX_AXES:
        return convolution(x, h, axes, crop, "fft")
    return _joined(verb, x, h, axes, crop, kept[:2])


def _joined(verb: str, x: Array, h: Array, axes: Ints, crop: Pairs, pair: Ints) -> Array:
    """The convolution with two axes read as one long one, which has room for every sum: XLA's transforms have few axes.

    Position (i, j) of a full result of J columns is position i * J + j of the long one.
    """
    first, second = pair
    columns = x.shape[second] + h.shape[second] - 1
    rows = x.shape[first] + h.shape[first] - 1

    def joined(array: Array) -> Array:
        array = jnp.moveaxis(array, pair, (0, 1))
        pads = [(0, 0)] * array.ndim
        pads[1] = (0, columns - array.shape[1])
        array = jnp.pad(array, pads)
        return array.reshape(-1, *array.shape[2:])

    rest = [a for a in range(x.ndim) if a not in pair]
    inner = {a: 1 + rest.index(a) for a in axes if a not in pair}
    crop_of = dict(zip(axes, crop, strict=True))
    z = fft_convolution(
        verb, joined(x), joined(h), (0, *inner.values()), ((0, rows * columns), *(crop_of[a] for a in inner))
    )
    z = jnp.moveaxis(z.reshape(rows, columns, *z.shape[1:]), (0, 1), pair)
    for a in pair:
        start, size = crop_of[a]
        z = z[(slice(None),) * a + (slice(start, start + size),)]
    return z


def _check_axes(verb: str, axes: Any, ndim: int) -> Ints:
    """The axes as numbers from the front; None means all."""
    if axes is None:
        return tuple(range(ndim))
    try:
        numbers = tuple(map(index, axes)) if np.iterable(axes) else (index(axes),)
    except TypeError:
        raise ValueError(f"{verb}: axes={axes!r}: axes must be a scalar or iterable of integers.") from None
    if not numbers:
        raise ValueError(f"{verb}: axes={axes!r}: when provided, axes cannot be empty.")
    if any(not -ndim <= a < ndim for a in numbers):
        raise ValueError(f"{verb}: axes={axes!r}: axes exceeds dimensionality of input, which is {ndim}.")
    counted = tuple(a % ndim for a in numbers)
    if len(set(counted)) < len(counted):
        raise ValueError(f"{verb}: axes={axes!r}: all axes must be unique.")
    return counted


def _middle(array: Array, shape: Ints) -> Array:
    """The middle of an array, in the given shape."""
    starts = [(n - size) // 2 for n, size in zip(array.shape, shape, strict=True)]
    return array[tuple(slice(s, s + size) for s, size in zip(starts, shape, strict=True))]
