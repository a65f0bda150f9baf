"""savgol_coeffs and savgol_filter: smoothing by polynomials fitted to windows, which is a convolution."""

from functools import partial
from math import factorial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._typing import Array, ArrayLike
from jconv._verbs.arguments import one_int
from jconv.signal._convolution import on_one_axis
from jconv.signal._dtypes import as_fraction, common, default_float
from jconv.signal._extend import extend
from jconv.signal._modes import check_axis, check_mode

# SciPy's words for what stands beyond the ends, and those of `extend`.
MODES = {"mirror": "reflect", "constant": "constant", "nearest": "edge", "wrap": "wrap", "interp": "interp"}


def savgol_coeffs(
    window_length: int,
    polyorder: int,
    deriv: int = 0,
    delta: ArrayLike = 1.0,
    pos: float | None = None,
    use: str = "conv",
) -> Array:
    """Make the taps of a Savitzky-Golay filter, as `scipy.signal.savgol_coeffs`.

    They give the value (or a derivative) at `pos` of the polynomial that fits a window best in least squares.

    Args:
        window_length: how many samples the window has.
        polyorder: the polynomial's order, less than `window_length`.
        deriv: which derivative.
        delta: the distance between samples, which derivatives are divided by; differentiable.
        pos: where in the window, from 0; None means its middle.
        use: "conv", in the order for a convolution, or "dot", for a scalar product.

    Returns:
        (window_length,), in the default float type.

    Raises:
        ValueError: an order or a position that the window has no room for, or an unknown word.
        TypeError: sizes that are no integers.

    Examples:
        >>> print((savgol_coeffs(5, 2) * 35).round().astype(int))
        [-3 12 17 12 -3]

    References:
        Savitzky and Golay, "Smoothing and differentiation of data by simplified least squares procedures", 1964.
    """
    length, order, deriv = _check_window("savgol_coeffs", window_length, polyorder, deriv)
    use = check_mode("savgol_coeffs", use, ("conv", "dot"), "use")
    at = (length - 1) / 2 if pos is None else pos
    if not 0 <= at < length:
        raise ValueError(f"savgol_coeffs: pos={pos!r} must be nonnegative and less than window_length={length}.")
    taps = fitted_at(np.array([at]), length, order, deriv)[0]
    taps = jnp.asarray(taps[::-1] if use == "conv" else taps, default_float())
    return taps / jnp.asarray(delta).astype(taps.dtype) ** deriv


def savgol_filter(
    x: ArrayLike,
    window_length: int,
    polyorder: int,
    deriv: int = 0,
    delta: ArrayLike = 1.0,
    axis: int = -1,
    mode: str = "interp",
    cval: ArrayLike = 0.0,
) -> Array:
    """Smooth a signal, or its derivative, by polynomials fitted to windows, as `scipy.signal.savgol_filter`.

    y[n] = sum over k of  savgol_coeffs(...)[k] * x[n + window_length // 2 - k]

    Args:
        x: the signal, of any number of axes.
        window_length: as in `savgol_coeffs`.
        polyorder: as in `savgol_coeffs`.
        deriv: as in `savgol_coeffs`.
        delta: as in `savgol_coeffs`.
        axis: the axis that the signal runs along.
        mode: what stands beyond the ends: "mirror", "constant", "nearest" or "wrap"; or "interp", where the ends are
            the values of the polynomials fitted to the first and the last window.
        cval: what "constant" puts there; differentiable.

    Returns:
        Array of x's shape.

    Raises:
        ValueError: as in `savgol_coeffs`, or a window longer than the signal in "interp".
        TypeError: as in `savgol_coeffs`.

    Examples:
        >>> import jax.numpy as jnp
        >>> print(savgol_filter(jnp.array([1.0, 4.0, 9.0, 16.0, 25.0]), 3, 2, deriv=1).round().astype(int))
        [ 2  4  6  8 10]

    References:
        Savitzky and Golay, "Smoothing and differentiation of data by simplified least squares procedures", 1964.
    """
    verb = "savgol_filter"
    length, order, deriv = _check_window(verb, window_length, polyorder, deriv)
    word = MODES[check_mode(verb, mode, tuple(MODES))]
    (x,) = common(verb, x=x)
    x = as_fraction(x)
    axis = check_axis(verb, axis, x.ndim)
    size = x.shape[axis]
    if x.size == 0:
        raise ValueError(f"{verb}: x must not be empty, and has shape {x.shape}.")
    if word == "interp" and length > size:
        raise ValueError(
            f"{verb}: If mode is 'interp', window_length must be less than or equal to the size of x: "
            f"window_length={length}, and x has shape {x.shape} (axis {axis})."
        )
    taps = jnp.asarray(fitted_at(np.array([(length - 1) / 2]), length, order, deriv)[0, ::-1], x.dtype)
    y = _smoothed(x, taps, cval, axis, order, deriv, word)
    return y / jnp.asarray(delta).astype(y.dtype) ** deriv


@partial(jax.jit, static_argnums=(3, 4, 5, 6), inline=True)
def _smoothed(x: Array, taps: Array, cval: ArrayLike, axis: int, order: int, deriv: int, mode: str) -> Array:
    """The same, of samples 1 apart."""
    if mode == "interp":
        return _with_fitted_ends(x, taps, axis, order, deriv)
    size, half = x.shape[axis], taps.size // 2
    x = extend(x, taps.size - 1 - half, half, axis, mode, cval)
    return on_one_axis(x, taps, axis, taps.size - 1, size)


def fitted_at(positions: np.ndarray, length: int, order: int, deriv: int) -> np.ndarray:
    """[positions, length]: what a window is multiplied with to give the derivatives at `positions` of its polynomial.

    Positions are counted from the window's middle and in halves of it, so that powers stay small.
    """
    middle, scale = (length - 1) / 2, max(1.0, (length - 1) / 2)
    powers = np.arange(order + 1)
    design = ((np.arange(length) - middle) / scale)[:, None] ** powers
    falling = np.array([factorial(p) / factorial(p - deriv) if p >= deriv else 0.0 for p in powers])
    values = falling * ((positions - middle) / scale)[:, None] ** np.maximum(powers - deriv, 0) / scale**deriv
    return values @ np.linalg.pinv(design)


def _with_fitted_ends(x: Array, taps: Array, axis: int, order: int, deriv: int) -> Array:
    """Convolved where a whole window lies in x; before and after, the polynomials of the first and the last window."""
    length, size = taps.size, x.shape[axis]
    half = length // 2
    inside = on_one_axis(x, taps, axis, 2 * half, size - 2 * half)
    parts = []
    for start, at in ((0, np.arange(half)), (size - length, np.arange(length - half, length))):
        window = jnp.moveaxis(lax.slice_in_dim(x, start, start + length, axis=axis), axis, -1)
        fit = jnp.asarray(fitted_at(at, length, order, deriv), x.dtype)
        values = jnp.einsum("...k,ik->...i", window, fit, precision=lax.Precision.HIGHEST)
        parts.append(jnp.moveaxis(values, -1, axis))
    return jnp.concatenate([parts[0], inside, parts[1]], axis)


def _check_window(verb: str, window_length: Any, polyorder: Any, deriv: Any) -> tuple[int, int, int]:
    length = one_int(verb, "window_length", window_length, least=1)
    order = one_int(verb, "polyorder", polyorder, least=0)
    if order >= length:
        raise ValueError(f"{verb}: polyorder must be less than window_length: {order} and {length}.")
    return length, order, one_int(verb, "deriv", deriv, least=0)
