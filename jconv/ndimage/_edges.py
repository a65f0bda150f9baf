"""Sobel's and Prewitt's derivatives."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, ArrayLike
from jconv.ndimage._arguments import check_axis, per_axis
from jconv.ndimage._correlate1d import correlate1d
from jconv.ndimage._dtypes import as_numbers, output_dtype


def sobel(input: ArrayLike, axis: int = -1, output: Any = None, mode: Any = "reflect", cval: ArrayLike = 0.0) -> Array:
    """Differentiate along one axis and blur along the others, as `scipy.ndimage.sobel`.

    Correlation with [-1, 0, 1] along `axis` and with [1, 2, 1] along every other, each pass in the output's dtype.

    Args:
        input: as in `correlate`.
        axis: the axis to differentiate along.
        output: as in `correlate`.
        mode: as in `correlate`, one for all or one per axis.
        cval: as in `correlate`.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: an axis that is not there, an unknown mode.
        TypeError: as in `correlate1d`.

    Examples:
        >>> import jax.numpy as jnp
        >>> import numpy as np
        >>> sobel(jnp.array([[1, 2, 4], [1, 2, 4], [1, 2, 4]]))
        Array([[ 4, 12,  8],
               [ 4, 12,  8],
               [ 4, 12,  8]], dtype=int32)

    References:
        SciPy, `scipy.ndimage.sobel`.
    """
    return _slope("sobel", [1, 2, 1], input, axis, output, mode, cval)


def prewitt(
    input: ArrayLike, axis: int = -1, output: Any = None, mode: Any = "reflect", cval: ArrayLike = 0.0
) -> Array:
    """Differentiate along one axis and sum along the others, as `scipy.ndimage.prewitt`.

    Correlation with [-1, 0, 1] along `axis` and with [1, 1, 1] along every other, each pass in the output's dtype.

    Args:
        input: as in `correlate`.
        axis: the axis to differentiate along.
        output: as in `correlate`.
        mode: as in `correlate`, one for all or one per axis.
        cval: as in `correlate`.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: as in `sobel`.
        TypeError: as in `sobel`.

    Examples:
        >>> import jax.numpy as jnp
        >>> import numpy as np
        >>> prewitt(jnp.array([[1, 2, 4], [1, 2, 4], [1, 2, 4]]))
        Array([[3, 9, 6],
               [3, 9, 6],
               [3, 9, 6]], dtype=int32)

    References:
        SciPy, `scipy.ndimage.prewitt`.
    """
    return _slope("prewitt", [1, 1, 1], input, axis, output, mode, cval)


def _slope(verb: str, blur: list[int], input, axis, output, mode, cval) -> Array:
    """The central difference along an axis, blurred along the others."""
    y = as_numbers(verb, input)
    axis = check_axis(verb, axis, y.ndim)
    dtype = output_dtype(verb, output, y.dtype, complex_result=jnp.iscomplexobj(y))
    modes = per_axis(verb, "mode", mode, y.ndim)
    y = correlate1d(y, np.array([-1, 0, 1]), axis, dtype, modes[axis], cval)
    for other in range(y.ndim):
        if other != axis:
            y = correlate1d(y, np.array(blur), other, dtype, modes[other], cval)
    return y
