"""Correlation and convolution with any window of weights, over all axes or some."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from jconv._typing import Array, ArrayLike, DType, Pairs
from jconv._verbs.conv import conv
from jconv.ndimage._arguments import check_axes, full_shape, mirrored_origin, on_all_axes, per_axis, window_pairs
from jconv.ndimage._boundary import check_mode, extend
from jconv.ndimage._dtypes import accumulator, as_numbers, cast, check_cval, fractions, known, output_dtype


def correlate(
    input: ArrayLike,
    weights: ArrayLike,
    output: Any = None,
    mode: str = "reflect",
    cval: ArrayLike = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Array:
    """Slide weights over the input as they stand, as `scipy.ndimage.correlate`.

    y[i] = sum over k of  x[i + k - size // 2 - origin] * conj(weights[k])  on every axis. Differentiable in
    input, weights and cval.

    Args:
        input: any number of axes; floats, integers (sums are taken modulo 2**bits) or complex numbers.
        weights: as many axes as `axes`.
        output: dtype of the result; None is the input's. Fractions are cut off in an integer one, as in C.
        mode: what stands beyond the border: "reflect" (d c b a | a b c d | d c b a), "mirror" (d c b | a b c d |
            c b a), "nearest" (a a | a b c d | d d), "wrap" (c d | a b c d | a b), "constant" (cval); "grid-mirror",
            "grid-wrap" and "grid-constant" are "reflect", "wrap" and "constant".
        cval: the value beyond the border for "constant".
        origin: how far the window is shifted towards lower indices, one for all or one per axis.
        axes: the axes to filter, all if None; the weights' axes belong to them in the input's order.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: an origin outside the window, an unknown mode, numbers of axes that do not fit together.
        TypeError: a sequence of modes, or an array as `output`.

    Examples:
        >>> import jax.numpy as jnp
        >>> correlate(jnp.array([1, 2, 3]), jnp.array([1, 2, 3]))
        Array([ 9, 14, 17], dtype=int32)

    References:
        SciPy, `scipy.ndimage.correlate`.
    """
    return _slide("correlate", input, weights, output, mode, cval, origin, axes)


def convolve(
    input: ArrayLike,
    weights: ArrayLike,
    output: Any = None,
    mode: str = "reflect",
    cval: ArrayLike = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Array:
    """Convolve as in mathematics: slide the flipped weights over the input, as `scipy.ndimage.convolve`.

    y[i] = sum over k of  x[i - k + size // 2 + origin] * weights[k]  on every axis (the centre of an even window
    stands where SciPy puts it: at size // 2). Differentiable in input, weights and cval.

    Args:
        input: as in `correlate`.
        weights: as in `correlate`.
        output: as in `correlate`.
        mode: as in `correlate`.
        cval: as in `correlate`.
        origin: how far the window is shifted towards lower indices, one for all or one per axis.
        axes: as in `correlate`.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: as in `correlate`.
        TypeError: as in `correlate`.

    Examples:
        >>> import jax.numpy as jnp
        >>> convolve(jnp.array([0, 0, 1, 0, 0]), jnp.array([1, 2, 3]))
        Array([0, 1, 2, 3, 0], dtype=int32)

    References:
        SciPy, `scipy.ndimage.convolve`.
    """
    return _slide("convolve", input, weights, output, mode, cval, origin, axes, flip=True)


def _slide(verb, input, weights, output, mode, cval, origin, axes, *, flip: bool = False) -> Array:
    """The correlation of either verb, from the user's words."""
    x, w = as_numbers(verb, input), known(weights)
    axes = check_axes(verb, axes, x.ndim)
    shape = full_shape(verb, "weights", w.shape, axes, x.ndim)
    origins = on_all_axes(per_axis(verb, "origin", origin, len(axes)), axes, x.ndim, 0)
    if flip:
        w = w[(slice(None, None, -1),) * w.ndim]
        origins = tuple(map(mirrored_origin, origins, shape))
    elif jnp.iscomplexobj(w):
        w = w.conj()
    pairs = window_pairs(verb, shape, origins)
    word = check_mode(verb, mode)
    cval = check_cval(verb, cval, x, used=word == "zeros")
    dtype = output_dtype(verb, output, x.dtype, complex_result=jnp.iscomplexobj(x) or jnp.iscomplexobj(w))
    wide = accumulator(x.dtype, dtype, *fractions(w, cval))
    return _correlated(x, w.reshape(shape), cval, pairs, word, wide, dtype)


@partial(jax.jit, static_argnums=(3, 4, 5, 6), inline=True)
def _correlated(x: Array, w: Array, cval: Array, pairs: Pairs, mode: str, wide: DType, dtype: DType) -> Array:
    """x correlated with w, which has as many axes; summed in `wide`."""
    if 0 in x.shape:
        return jnp.zeros(x.shape, dtype)
    x = extend(x.astype(wide), pairs, mode, cval)
    leading = next((axis for axis, size in enumerate(w.shape) if size > 1), w.ndim - 1)
    w = w.astype(wide).reshape(*w.shape[leading:], 1, 1)  # leading axes that are not filtered are batch axes
    return cast(conv(x[..., None], w, precision="highest")[..., 0], dtype)
