"""upfirdn: zeros put between, filtered, samples left out, in one pass."""

from functools import partial
from typing import Any

import jax
import numpy as np

from jconv._typing import Array, ArrayLike
from jconv._verbs.arguments import one_int
from jconv.signal._bank import MANY_PLACES, on_one_axis_by_a_bank, places_between
from jconv.signal._convolution import on_one_axis
from jconv.signal._dtypes import fractional
from jconv.signal._extend import MODES, extend
from jconv.signal._modes import check_axis, check_mode


def upfirdn(
    h: ArrayLike,
    x: ArrayLike,
    up: int = 1,
    down: int = 1,
    axis: int = -1,
    mode: str = "constant",
    cval: ArrayLike = 0,
) -> Array:
    """Upsample, filter and downsample along an axis by direct sums, as `scipy.signal.upfirdn`.

    y[j] = sum over i of  h[down*j - up*i] * x[i]

    No zeros are put between samples, and no output is computed that is left out.

    Args:
        h: (length,), the filter's taps.
        x: the signal, of any number of axes.
        up: distance between neighbouring inputs.
        down: distance between neighbouring outputs.
        axis: the axis that the signal runs along.
        mode: what stands beyond the ends: "constant", "wrap", "edge", "smooth", "symmetric", "reflect",
            "antisymmetric", "antireflect" or "line".
        cval: what "constant" puts there; differentiable.

    Returns:
        Array of x's shape, but for ((n - 1)*up + length - 1) // down + 1 along the axis.

    Raises:
        ValueError: a filter of other than one axis, steps below 1, an empty signal or an unknown mode.
        TypeError: dtypes that may not be mixed, or that are no numbers.

    Examples:
        >>> import jax.numpy as jnp
        >>> upfirdn(jnp.ones(3), jnp.array([1.0, 2.0, 3.0]), up=3)  # each sample three times
        Array([1., 1., 1., 2., 2., 2., 3., 3., 3.], dtype=float32)

    References:
        SciPy, `scipy.signal.upfirdn`; Crochiere and Rabiner, "Multirate Digital Signal Processing", 1983.
    """
    taps, signal = fractional("upfirdn", h=h, x=x)
    up, down = one_int("upfirdn", "up", up, least=1), one_int("upfirdn", "down", down, least=1)
    mode = check_mode("upfirdn", mode, MODES)
    if taps.ndim != 1 or taps.size == 0:
        raise ValueError(f"upfirdn: h must be 1-D with non-zero length, and has shape {taps.shape}.")
    axis = check_axis("upfirdn", axis, signal.ndim)
    if signal.size == 0:
        raise ValueError(f"upfirdn: x must not be empty, and has shape {signal.shape}.")
    return filtered(taps, signal, up, down, axis, mode, cval)


def output_length(taps: int, inputs: int, up: int, down: int) -> int:
    """How many outputs there are: the last one still meets the last input."""
    return ((inputs - 1) * up + taps - 1) // down + 1


def filtered(taps: Array, x: Array, up: int, down: int, axis: int, mode: str, cval: Any) -> Array:
    """The same, of checked arguments."""
    zeros = mode == "constant" and isinstance(cval, int | float | np.number) and cval == 0
    return _filtered(taps, x, 0 if zeros else cval, up, down, axis, "zeros" if zeros else mode)


@partial(jax.jit, static_argnums=(3, 4, 5, 6), inline=True)
def _filtered(taps: Array, x: Array, cval: Any, up: int, down: int, axis: int, mode: str) -> Array:
    size, first = output_length(taps.size, x.shape[axis], up, down), 0
    if mode != "zeros":  # zeros need no padded copy
        beyond = -(-(taps.size - 1) // up)
        x, first = extend(x, beyond, beyond, axis, mode, cval), beyond * up
    compute = on_one_axis_by_a_bank if places_between(up, down) > MANY_PLACES else on_one_axis
    return compute(x, taps, axis, first, size, up=up, down=down)
