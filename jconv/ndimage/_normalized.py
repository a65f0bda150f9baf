"""Convolution of data with gaps: what is missing takes no part, and the weights of what is there are made up for."""

from functools import partial
from math import nan

import jax
import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, ArrayLike, Ints
from jconv._verbs.arguments import one_word
from jconv._verbs.conv import conv
from jconv.ndimage._boundary import extend
from jconv.ndimage._dtypes import accumulator, as_numbers, known

# astropy's words for what stands beyond the border, and the core's.
BOUNDARIES = {None: "zeros", "fill": "zeros", "extend": "edge", "wrap": "wrap"}
# A kernel whose sum is less cannot be normalised, as in astropy.
LEAST_SUM = 0.01


def normalized_convolve(
    array: ArrayLike,
    kernel: ArrayLike,
    boundary: str | None = "fill",
    fill_value: ArrayLike = 0.0,
    nan_treatment: str = "interpolate",
    normalize_kernel: bool = True,
    mask: ArrayLike | None = None,
    preserve_nan: bool = False,
    normalization_zero_tol: float = 1e-8,
    *,
    method: str = "direct",
) -> Array:
    """Convolve data with gaps (NaN, or masked), as `astropy.convolution.convolve`.

    y[i] = sum over k of  v[j] * x[j] * w[k] / sum over k of  v[j] * w[k],  j = i - k + size // 2, on every axis,
    with v = 0 where x is missing, else 1. Where no weight is left, y[i] = x[i]. Differentiable in array, kernel and
    fill_value; a missing value has no part in the gradient.

    Args:
        array: real numbers; NaN is missing.
        kernel: odd sizes, as many axes as the array; it is flipped, as in mathematics.
        boundary: beyond the border "fill" (fill_value; where that is NaN, missing), "extend" (the border's value) or
            "wrap"; None makes y zero where the kernel reaches beyond.
        fill_value: the value beyond the border, or in the gaps.
        nan_treatment: "interpolate", as in the equation; "fill" puts fill_value in the gaps.
        normalize_kernel: else y is multiplied by the kernel's sum.
        mask: where it is not 0 the value is missing too.
        preserve_nan: whether y is NaN where x is missing.
        normalization_zero_tol: a sum of the kernel that is as near to zero is taken for zero.
        method: "direct", or "fft" for large kernels, which agrees but for rounding; infinities need "direct".

    Returns:
        Array of the array's shape: of its dtype if it is a float, else of JAX's default.

    Raises:
        ValueError: an even or too large kernel, a kernel that sums to zero where it must not, an unknown word.
        TypeError: complex numbers.

    Examples:
        >>> import jax.numpy as jnp
        >>> import numpy as np
        >>> x = jnp.array([1.0, jnp.nan, 3.0, 3.0])
        >>> normalized_convolve(x, jnp.ones(3), boundary="extend")
        Array([1., 2., 3., 3.], dtype=float32)

    References:
        Knutsson and Westin, "Normalized and differential convolution", CVPR 1993. astropy.convolution.convolve.
    """
    verb = "normalized_convolve"
    x, w = as_numbers(verb, array, complex_too=False), known(kernel)
    if jnp.iscomplexobj(w):
        raise TypeError(f"{verb}: the kernel is {w.dtype}, and must be real.")
    one_word(verb, "nan_treatment", nan_treatment, ("interpolate", "fill"))
    one_word(verb, "method", method, ("direct", "fft"))
    if boundary not in BOUNDARIES:
        raise ValueError(f"{verb}: boundary={boundary!r} must be 'fill', 'extend', 'wrap' or None.")
    _check_sizes(verb, x.shape, w.shape, boundary)
    interpolates = nan_treatment == "interpolate"
    if interpolates or normalize_kernel:
        _check_sum(verb, w, LEAST_SUM if normalize_kernel else normalization_zero_tol)
    wide = accumulator(x.dtype, x.dtype, jnp.float32)
    missing = jnp.isnan(x) if mask is None else jnp.isnan(x) | (jnp.asarray(mask) != 0)
    fill = jnp.asarray(fill_value, wide)
    y = _convolved(x.astype(wide), missing, w.astype(wide), fill, boundary, normalize_kernel, interpolates, method)
    y = jnp.where(missing, jnp.nan, y) if preserve_nan else y
    return y.astype(x.dtype) if jnp.issubdtype(x.dtype, jnp.floating) else y


@partial(jax.jit, static_argnums=(4, 5, 6, 7), inline=True)
def _convolved(x, missing, w, fill, boundary: str | None, normalize: bool, interpolates: bool, method: str) -> Array:
    """x convolved with w; what is `missing` takes no part, or is `fill`."""
    reach = tuple((0, 0) if boundary is None else (size // 2, size // 2) for size in w.shape)
    if not interpolates:
        padded = extend(jnp.where(missing, fill, x), reach, BOUNDARIES[boundary], fill)
        y = _slide(padded, w, method) / (w.sum() if normalize else 1)
        return _surrounded(y, x.shape)
    gap = jnp.isnan(fill)
    values = extend(jnp.where(missing, 0, x), reach, BOUNDARIES[boundary], jnp.where(gap, 0, fill))
    there = extend(jnp.where(missing, 0, 1).astype(x.dtype), reach, BOUNDARIES[boundary], jnp.where(gap, 0, 1))
    total, weight = _slide(jnp.stack([values, there]), w, method)
    least = 10 * jnp.finfo(x.dtype).eps * jnp.abs(w).sum() if method == "fft" else 0
    none = jnp.abs(weight) <= least
    centre = jnp.where(missing, jnp.nan, x)
    inner = tuple(slice((n - m) // 2, (n + m) // 2) for n, m in zip(x.shape, weight.shape, strict=True))
    y = jnp.where(none, centre[inner], total / jnp.where(none, 1, weight))
    return _surrounded(y if normalize else y * w.sum(), x.shape)


def _slide(padded: Array, w: Array, method: str) -> Array:
    """The convolution with the flipped kernel, nothing extended; further axes in front are kept."""
    algorithm = "fft" if method == "fft" else "auto"
    return conv(padded[..., None], jnp.flip(w)[..., None, None], precision="highest", algorithm=algorithm)[..., 0]


def _surrounded(y: Array, shape: Ints) -> Array:
    """Zeros around y, up to a shape."""
    return jnp.pad(y, [((n - m) // 2,) * 2 for n, m in zip(shape, y.shape, strict=True)])


def _check_sizes(verb: str, shape: Ints, window: Ints, boundary: str | None) -> None:
    """The kernel has as many axes as the array, odd sizes, and room where it may not reach beyond."""
    if len(shape) != len(window) or not shape or 0 in shape:
        raise ValueError(
            f"{verb}: array and kernel have differing number of dimensions, or the array is empty or has none "
            f"(array {shape}, kernel {window})."
        )
    if any(size % 2 == 0 for size in window):
        raise ValueError(f"{verb}: Kernel size must be odd in all axes (kernel has shape {window}).")
    if boundary is None and any(n < size for n, size in zip(shape, window, strict=True)):
        raise ValueError(
            f"{verb}: for boundary=None all kernel axes must be smaller than array's (array {shape}, kernel {window}): "
            f"use boundary 'fill', 'extend' or 'wrap' instead."
        )


def _check_sum(verb: str, w: np.ndarray | Array, least: float) -> None:
    """The kernel's sum, if it is not traced, can be divided by."""
    total = nan if isinstance(w, jax.Array) else float(w.sum())
    if total <= least:
        raise ValueError(
            f"{verb}: the kernel sums to {total:g}, and cannot be normalized, nor interpolate. For a zero-sum kernel, "
            f"set normalize_kernel=False and nan_treatment='fill'."
        )
