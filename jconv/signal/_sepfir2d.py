"""sepfir2d: a filter along the rows and one along the columns of a picture."""

import jax

from jconv._typing import Array, ArrayLike
from jconv.signal._convolution import on_one_axis
from jconv.signal._dtypes import fractional
from jconv.signal._extend import extend


def sepfir2d(input: ArrayLike, hrow: ArrayLike, hcol: ArrayLike) -> Array:
    """Filter a picture along both axes by direct sums, mirrored about its border, as `scipy.signal.sepfir2d`.

    y[r, c] = sum over i, j of  hcol[i] * hrow[j] * x[r - i + I // 2, c - j + J // 2]

    Beyond the border x goes on mirrored, the border's own values repeated; where a filter is longer than the
    picture, again and again (SciPy's result is then undefined).

    Args:
        input: (rows, columns).
        hrow: (J,), odd; slides along the rows' own direction, that is axis 1.
        hcol: (I,), odd; slides along axis 0.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: other numbers of axes, or filters of even length.
        TypeError: dtypes that may not be mixed, or that are no numbers.

    Examples:
        >>> import jax.numpy as jnp
        >>> sepfir2d(jnp.array([[1.0, 2.0, 4.0]]), jnp.array([1.0, 0.0, -1.0]), jnp.ones(1))
        Array([[1., 3., 2.]], dtype=float32)

    References:
        SciPy, `scipy.signal.sepfir2d`.
    """
    x, rows, columns = fractional("sepfir2d", input=input, hrow=hrow, hcol=hcol)
    if x.ndim != 2 or x.size == 0:
        depth = "object too deep" if x.ndim > 2 else "object of too small depth"
        raise ValueError(f"sepfir2d: {depth}: input must be a matrix, and has shape {x.shape}.")
    for name, taps in (("hrow", rows), ("hcol", columns)):
        if taps.ndim != 1:
            raise ValueError(f"sepfir2d: object too deep: {name} must have one axis, and has shape {taps.shape}.")
        if taps.size % 2 == 0:
            raise ValueError(f"sepfir2d: {name} must have odd length, and has {taps.size}.")
    return _filtered(x, rows, columns)


@jax.jit
def _filtered(x: Array, rows: Array, columns: Array) -> Array:
    for axis, taps in ((1, rows), (0, columns)):
        half = taps.size // 2
        x = on_one_axis(extend(x, half, half, axis, "symmetric"), taps, axis, 2 * half, x.shape[axis])
    return x
