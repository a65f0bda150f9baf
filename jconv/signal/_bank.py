"""Resampling by a bank of filters: one for each place that an output can have between two inputs."""

from math import gcd

import jax
import jax.numpy as jnp
import numpy as np

from jconv._typing import Array
from jconv._verbs.conv import conv
from jconv.signal._convolution import PRECISION

# From so many places on, a program for each would compile for minutes: 160 of them for 44,100 to 48,000 hertz.
MANY_PLACES = 8


def places_between(up: int, down: int) -> int:
    """How many places between two inputs an output can have."""
    return up // gcd(up, down)


def on_one_axis_by_a_bank(x: Array, taps: Array, axis: int, first: int, size: int, *, up: int, down: int) -> Array:
    """y[j] = sum over i of  taps[first + down*j - up*i] * x[i]  along one axis, for 0 <= j < size.

    Output j = p*m + r has place r of p = up / gcd(up, down), and meets the inputs q*m + i, q = down / gcd(up, down), by
    the taps first + down*r - up*i, whatever m is: one convolution of stride q makes all p places, as its features.

    Args:
        x: any shape.
        taps: (length,), of x's dtype.
        axis: counted from the front.
        first: the position in the full convolution that j = 0 is.
        size: how many positions.
        up: distance between neighbouring inputs.
        down: distance between neighbouring outputs.

    Returns:
        Array of x's shape, but for `size` along the axis.
    """
    places, step, length = places_between(up, down), down // gcd(up, down), taps.shape[0]
    starts = first + down * np.arange(places)
    inputs = np.arange(-((length - 1 - first) // up), starts[-1] // up + 1)
    tap = starts - up * inputs[:, None]  # [window, places]
    inside = (tap >= 0) & (tap < length)
    kernel = jnp.where(jnp.asarray(inside), taps[np.where(inside, tap, 0)], jnp.zeros((), taps.dtype))
    rows = -(-size // places)
    low = -int(inputs[0])
    high = (rows - 1) * step + len(inputs) - low - x.shape[axis]  # below 0: the last inputs are not met
    moved = jnp.moveaxis(x, axis, -1)
    y = conv(
        moved[..., None], kernel[:, None], stride=step, padding=((low, high),), algorithm="direct", precision=PRECISION
    )
    y = jax.lax.slice_in_dim(y.reshape(*moved.shape[:-1], rows * places), 0, size, axis=-1)
    return jnp.moveaxis(y, -1, axis)
