"""Correlation and convolution along one axis: what the separable filters are made of."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, ArrayLike, DType
from jconv._verbs.conv import conv
from jconv.ndimage._arguments import check_axis, mirrored_origin, window_pairs
from jconv.ndimage._boundary import check_mode
from jconv.ndimage._dtypes import accumulator, as_numbers, cast, check_cval, fractions, known, output_dtype
from jconv.ndimage._lines import from_lines, to_lines


def correlate1d(
    input: ArrayLike,
    weights: ArrayLike,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: ArrayLike = 0.0,
    origin: int = 0,
) -> Array:
    """Slide weights along one axis as they stand, as `scipy.ndimage.correlate1d`.

    y[i] = sum over k of  x[i + k - size // 2 - origin] * conj(weights[k])  along `axis`. Differentiable in
    input, weights and cval.

    Args:
        input: as in `correlate`.
        weights: (size,).
        axis: the axis to filter.
        output: as in `correlate`.
        mode: as in `correlate`.
        cval: as in `correlate`.
        origin: how far the window is shifted towards lower indices.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: an origin outside the window, an unknown mode, weights with other than one axis.
        TypeError: a sequence of modes, or an array as `output`.

    Examples:
        >>> import jax.numpy as jnp
        >>> import numpy as np
        >>> correlate1d(jnp.array([2, 8, 0, 4]), jnp.array([1, 3]))
        Array([ 8, 26,  8, 12], dtype=int32)

    References:
        SciPy, `scipy.ndimage.correlate1d`.
    """
    return _slide("correlate1d", input, known(weights).conj(), axis, output, mode, cval, origin)


def convolve1d(
    input: ArrayLike,
    weights: ArrayLike,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: ArrayLike = 0.0,
    origin: int = 0,
) -> Array:
    """Convolve along one axis as in mathematics, with flipped weights, as `scipy.ndimage.convolve1d`.

    y[i] = sum over k of  x[i - k + size // 2 + origin] * weights[k]  along `axis`.

    Args:
        input: as in `correlate`.
        weights: (size,).
        axis: the axis to filter.
        output: as in `correlate`.
        mode: as in `correlate`.
        cval: as in `correlate`.
        origin: how far the window is shifted towards lower indices.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: as in `correlate1d`.
        TypeError: as in `correlate1d`.

    Examples:
        >>> import jax.numpy as jnp
        >>> import numpy as np
        >>> convolve1d(jnp.array([2, 8, 0, 4]), jnp.array([1, 3]))
        Array([14, 24,  4, 16], dtype=int32)

    References:
        SciPy, `scipy.ndimage.convolve1d`.
    """
    w = known(weights)
    return _slide("convolve1d", input, w[::-1], axis, output, mode, cval, mirrored_origin(origin, w.size))


def _slide(verb, input, w: np.ndarray | Array, axis, output, mode, cval, origin) -> Array:
    """The correlation of either verb, from the user's words."""
    x = as_numbers(verb, input)
    axis = check_axis(verb, axis, x.ndim)
    if w.ndim != 1 or w.size < 1:
        raise ValueError(f"{verb}: no filter weights given: weights must be (size,), and have shape {w.shape}.")
    (pair,) = window_pairs(verb, w.shape, (origin,))
    word = check_mode(verb, mode)
    cval = check_cval(verb, cval, x, used=word == "zeros")
    dtype = output_dtype(verb, output, x.dtype, complex_result=jnp.iscomplexobj(x) or jnp.iscomplexobj(w))
    wide = accumulator(x.dtype, dtype, *fractions(w, cval))
    return _correlated(x, w, cval, axis, pair, word, wide, dtype)


@partial(jax.jit, static_argnums=(3, 4, 5, 6, 7), inline=True)
def _correlated(x, w: Array, cval: Array, axis: int, pair: tuple[int, int], mode: str, wide: DType, dtype: DType):
    """x correlated with w along an axis; summed in `wide`."""
    if 0 in x.shape:
        return jnp.zeros(x.shape, dtype)
    lines = to_lines(x.astype(wide), axis, pair, mode, cval)
    return cast(from_lines(slide(lines, w.astype(wide)), x.shape, axis), dtype)


def slide(lines: Array, weights: Array, *, dilation: int = 1) -> Array:
    """Lines [before, n, after] correlated with weights [size], without any extension."""
    return conv(lines[..., None], weights.reshape(-1, 1, 1, 1), dilation=(dilation, 1), precision="highest")[..., 0]
