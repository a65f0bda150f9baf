"""convolve2d and correlate2d: direct sums over windows of a picture, with what stands beyond its border."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, ArrayLike, Pairs
from jconv._verbs.arguments import as_array
from jconv.signal._convolution import convolution
from jconv.signal._dtypes import common, is_complex
from jconv.signal._modes import check_mode, crops, must_swap

# SciPy's words for the boundary, and NumPy's.
BOUNDARIES = {
    "fill": "constant",
    "pad": "constant",
    "wrap": "wrap",
    "circular": "wrap",
    "symm": "symmetric",
    "symmetric": "symmetric",
}


def convolve2d(
    in1: ArrayLike, in2: ArrayLike, mode: str = "full", boundary: str = "fill", fillvalue: ArrayLike = 0
) -> Array:
    """Convolve two matrices by direct sums, the second one flipped, as `scipy.signal.convolve2d`.

    z[n] = sum over k of  in1[n - k] * in2[k],  where in1 goes on beyond its border as `boundary` says.

    Args:
        in1: (rows, columns).
        in2: (window rows, window columns).
        mode: as in `convolve`.
        boundary: "fill", with `fillvalue` beyond the border; "wrap", around; "symm", mirrored about the border.
        fillvalue: what "fill" puts there; differentiable.

    Returns:
        The convolution.

    Raises:
        ValueError: other than two axes, an empty array, an unknown word, a `fillvalue` of other than one number or
            complex beside real matrices, or "valid" where neither lies inside the other.
        TypeError: dtypes that may not be mixed, or that are no numbers.

    Examples:
        >>> import jax.numpy as jnp
        >>> convolve2d(jnp.array([[1, 2], [3, 4]]), jnp.array([[1, 1]]), mode="same", boundary="symm")
        Array([[2, 3],
               [6, 7]], dtype=int32)

    References:
        SciPy, `scipy.signal.convolve2d`.
    """
    return _slid("convolve2d", in1, as_array("convolve2d", "in2", in2), mode, boundary, fillvalue)


def correlate2d(
    in1: ArrayLike, in2: ArrayLike, mode: str = "full", boundary: str = "fill", fillvalue: ArrayLike = 0
) -> Array:
    """Correlate two matrices by direct sums, as `scipy.signal.correlate2d`.

    z[n] = sum over k of  in1[n + k] * conj(in2[k]),  where in1 goes on beyond its border as `boundary` says.

    "same" takes the middle as `scipy.signal.correlate2d` does, one position later than `correlate` where in2 has
    even sizes. In "valid", with in1 the smaller of two complex matrices, SciPy gives the conjugate of this sum.

    Args:
        in1: as in `convolve2d`.
        in2: as in `convolve2d`.
        mode: as in `convolve`.
        boundary: as in `convolve2d`.
        fillvalue: as in `convolve2d`.

    Returns:
        The correlation.

    Raises:
        ValueError: as in `convolve2d`.
        TypeError: as in `convolve2d`.

    Examples:
        >>> import jax.numpy as jnp
        >>> correlate2d(jnp.array([[1, 2], [3, 4]]), jnp.array([[1, 10]]), mode="valid")
        Array([[21],
               [43]], dtype=int32)

    References:
        SciPy, `scipy.signal.correlate2d`.
    """
    in2 = as_array("correlate2d", "in2", in2)
    return _slid("correlate2d", in1, jnp.conj(jnp.flip(in2)), mode, boundary, fillvalue)


def _slid(verb: str, in1: ArrayLike, in2: Array, mode: Any, boundary: Any, fillvalue: ArrayLike) -> Array:
    """The convolution of either verb with a kernel that is already flipped where it is a correlation."""
    x, h = common(verb, in1=in1, in2=in2)
    mode = check_mode(verb, mode)
    word = BOUNDARIES[check_mode(verb, boundary, tuple(BOUNDARIES), "boundary")]
    fill = _check_fill(verb, fillvalue, x)
    if x.ndim != 2 or h.ndim != 2:
        raise ValueError(f"{verb}: in1 and in2 must be matrices; they have shapes {x.shape} and {h.shape}.")
    if x.size == 0 or h.size == 0:
        raise ValueError(f"{verb}: in1 and in2 must not be empty (they have shapes {x.shape} and {h.shape}).")
    if must_swap(verb, mode, x.shape, h.shape, (0, 1)):
        x, h = h, x
    crop = crops(mode, x.shape, h.shape)
    if verb == "correlate2d" and mode == "same":
        crop = tuple((k // 2, n) for n, k in zip(x.shape, h.shape, strict=True))
    if word == "constant" and _is_zero(fillvalue):
        return convolution(x, h, (0, 1), crop, "direct")
    before = [k - 1 - first for k, (first, _) in zip(h.shape, crop, strict=True)]
    after = [first + size - n for n, (first, size) in zip(x.shape, crop, strict=True)]
    pairs: Pairs = tuple(zip(before, after, strict=True))
    x = jnp.pad(x, pairs, constant_values=fill) if word == "constant" else jnp.pad(x, pairs, mode=word)
    inside = tuple((k - 1, size) for k, (_, size) in zip(h.shape, crop, strict=True))
    return convolution(x, h, (0, 1), inside, "direct")


def _check_fill(verb: str, fillvalue: ArrayLike, x: Array) -> Array:
    """The one number beyond the border, in x's dtype."""
    fill = jnp.asarray(fillvalue)
    if fill.size != 1:
        raise ValueError(
            f"{verb}: `fillvalue` must be scalar or an array with one element, and has shape {fill.shape}."
        )
    if is_complex(fill) and not is_complex(x):
        raise ValueError(
            f"{verb}: could not cast `fillvalue` directly to the output type: it is {fill.dtype}, the output {x.dtype}."
        )
    return fill.reshape(()).astype(x.dtype)


def _is_zero(fillvalue: ArrayLike) -> bool:
    """Whether it is a plain 0, for which nothing need be padded."""
    return isinstance(fillvalue, int | float | np.number) and fillvalue == 0
