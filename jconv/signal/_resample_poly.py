"""resample_poly: another sampling rate, by a low-pass filter between upsampling and downsampling."""

from math import gcd
from typing import Any

import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, ArrayLike
from jconv._verbs.arguments import one_int
from jconv.signal._dtypes import as_fraction, common, fractional
from jconv.signal._extend import MODES
from jconv.signal._modes import check_axis, check_mode
from jconv.signal._upfirdn import filtered, output_length
from jconv.signal._windows import get_window

# What is taken away before filtering and added again after it.
BACKGROUNDS = {"mean": jnp.mean, "median": jnp.median, "minimum": jnp.min, "maximum": jnp.max}


def resample_poly(
    x: ArrayLike,
    up: int,
    down: int,
    axis: int = 0,
    window: Any = ("kaiser", 5.0),
    padtype: str = "constant",
    cval: ArrayLike | None = None,
) -> Array:
    """Resample a signal at up / down times its rate by polyphase filtering, as `scipy.signal.resample_poly`.

    y is `upfirdn(h, x, up, down)`, with the delay of the filter h taken out. Differentiable in x and in h.

    Args:
        x: the signal, of any number of axes.
        up: the factor that the rate is multiplied by.
        down: the factor that it is divided by.
        axis: the axis that the signal runs along.
        window: what tapers the ideal low-pass filter: a window's name, a tuple of its name and parameters, or a
            Kaiser beta; or an array or list, which is then the filter itself, centred.
        padtype: what stands beyond the ends: a mode of `upfirdn`, or "mean", "median", "minimum" or "maximum" of
            the signal.
        cval: what "constant" puts there; None means 0.

    Returns:
        Array of x's shape, but for ceil(n * up / down) along the axis.

    Raises:
        ValueError: factors below 1, an unknown word, a filter of other than one axis, or a `cval` without use.
        TypeError: factors that are no integers, or dtypes that may not be mixed.

    Examples:
        >>> import jax.numpy as jnp
        >>> resample_poly(jnp.array([0.0, 2.0, 4.0]), 2, 1, window=[0.5, 1.0, 0.5], padtype="line") / 2
        Array([0., 1., 2., 3., 4., 5.], dtype=float32)

    References:
        SciPy, `scipy.signal.resample_poly`.
    """
    verb = "resample_poly"
    up, down = one_int(verb, "up", up, least=1), one_int(verb, "down", down, least=1)
    padtype = check_mode(verb, padtype, (*MODES, *BACKGROUNDS), "padtype")
    if cval is not None and padtype != "constant":
        raise ValueError(f"{verb}: cval={cval!r} has no effect when padtype is {padtype!r}.")
    (x,) = common(verb, x=x)
    axis = check_axis(verb, axis, x.ndim)
    up, down = up // gcd(up, down), down // gcd(up, down)
    if up == down == 1:
        return x
    if x.size == 0:
        raise ValueError(f"{verb}: x must not be empty, and has shape {x.shape}.")
    taps, x = _filter(verb, window, x, max(up, down))
    taps = taps * up
    half, inputs = (taps.size - 1) // 2, x.shape[axis]
    outputs = -(-inputs * up // down)
    # Zeros before the filter put an output on its middle; those after it make the outputs last to the end.
    pre = down - half % down
    removed, post = (half + pre) // down, 0
    while output_length(taps.size + pre + post, inputs, up, down) < outputs + removed:
        post += 1
    taps = jnp.pad(taps, (pre, post))
    kept = (slice(None),) * axis + (slice(removed, removed + outputs),)
    if padtype in BACKGROUNDS:
        background = BACKGROUNDS[padtype](x, axis=axis, keepdims=True).astype(x.dtype)
        return filtered(taps, x - background, up, down, axis, "constant", 0)[kept] + background
    return filtered(taps, x, up, down, axis, padtype, 0 if cval is None else cval)[kept]


def _filter(verb: str, window: Any, x: Array, rate: int) -> tuple[Array, Array]:
    """The taps, and x, in one float dtype: x's where the filter is made here."""
    if isinstance(window, list) or hasattr(window, "ndim"):
        taps, x = fractional(verb, window=jnp.asarray(window), x=x)
        if taps.ndim != 1 or taps.size == 0:
            raise ValueError(f"{verb}: window must be 1-D, and has shape {taps.shape}.")
        return taps, x
    x = as_fraction(x)
    return jnp.asarray(low_pass(verb, 20 * rate + 1, 1 / rate, window), x.dtype), x


def low_pass(verb: str, size: int, cutoff: float, window: Any) -> np.ndarray:
    """The ideal low-pass filter up to `cutoff` (1 is half the sampling rate), windowed, of sum 1."""
    taps = np.sinc(cutoff * (np.arange(size) - (size - 1) / 2)) * get_window(verb, window, size, periodic=False)
    return taps / taps.sum()
