"""Laplacians: sums of second derivatives."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, ArrayLike
from jconv.ndimage._arguments import check_axes, on_all_axes, per_axis
from jconv.ndimage._correlate1d import correlate1d
from jconv.ndimage._dtypes import as_numbers, cast, output_dtype
from jconv.ndimage._gaussian import gaussian_filter


def generic_laplace(
    input: ArrayLike,
    derivative2: Callable[..., Array],
    output: Any = None,
    mode: Any = "reflect",
    cval: ArrayLike = 0.0,
    extra_arguments: Sequence[Any] = (),
    extra_keywords: Mapping[str, Any] | None = None,
    *,
    axes: Any = None,
) -> Array:
    """Sum a second derivative of your own over the axes, as `scipy.ndimage.generic_laplace`.

    y = sum over axes of  derivative2(x, axis, output dtype, mode, cval, *extra_arguments, **extra_keywords).

    Args:
        input: as in `correlate`.
        derivative2: the second derivative along one axis, with the arguments above; it returns an array.
        output: as in `correlate`.
        mode: as in `correlate`, one for all or one per axis.
        cval: as in `correlate`.
        extra_arguments: further arguments of `derivative2`.
        extra_keywords: further keyword arguments of `derivative2`.
        axes: the axes to sum over, all if None; sequences have one value for each of these.

    Returns:
        Array of the input's shape; without any axis, the input.

    Raises:
        ValueError: an axis that is not there, an unknown mode.
        TypeError: as in `correlate1d`.

    Examples:
        >>> import jax.numpy as jnp
        >>> import numpy as np
        >>> def second(x, axis, output, mode, cval, h):
        ...     return correlate1d(x, [1, -2, 1], axis, output, mode, cval) / h**2
        >>> generic_laplace(jnp.arange(5.0) ** 2, second, extra_arguments=(0.5,))
        Array([  4.,   8.,   8.,   8., -28.], dtype=float32)

    References:
        SciPy, `scipy.ndimage.generic_laplace`.
    """
    verb = "generic_laplace"
    x = as_numbers(verb, input)
    dtype = output_dtype(verb, output, x.dtype, complex_result=jnp.iscomplexobj(x))
    parts = derivatives(verb, derivative2, x, dtype, mode, cval, extra_arguments, extra_keywords, axes)
    return sum(parts[1:], start=parts[0]) if parts else cast(x, dtype)


def laplace(
    input: ArrayLike, output: Any = None, mode: Any = "reflect", cval: ArrayLike = 0.0, *, axes: Any = None
) -> Array:
    """Sum the second differences, as `scipy.ndimage.laplace`.

    y = sum over axes of  x correlated with [1, -2, 1] along it.

    Args:
        input: as in `correlate`.
        output: as in `correlate`.
        mode: as in `correlate`, one for all or one per axis.
        cval: as in `correlate`.
        axes: as in `generic_laplace`.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: as in `generic_laplace`.
        TypeError: as in `generic_laplace`.

    Examples:
        >>> import jax.numpy as jnp
        >>> import numpy as np
        >>> laplace(jnp.arange(5) ** 2)
        Array([ 1,  2,  2,  2, -7], dtype=int32)

    References:
        SciPy, `scipy.ndimage.laplace`.
    """

    def second(x, axis, output, mode, cval):
        return correlate1d(x, np.array([1, -2, 1]), axis, output, mode, cval)

    return generic_laplace(input, second, output, mode, cval, axes=axes)


def gaussian_laplace(
    input: ArrayLike,
    sigma: Any,
    output: Any = None,
    mode: Any = "reflect",
    cval: ArrayLike = 0.0,
    *,
    axes: Any = None,
    **kwargs: Any,
) -> Array:
    """Sum the second derivatives of the blurred input, as `scipy.ndimage.gaussian_laplace`.

    y = sum over axes of  gaussian_filter(x, sigma, order=2 along it and 0 along the others).

    Args:
        input: as in `correlate`.
        sigma: standard deviation in positions, one for all or one per axis.
        output: as in `correlate`.
        mode: as in `correlate`, one for all or one per axis.
        cval: as in `correlate`.
        axes: as in `generic_laplace`; nothing is blurred along the others.
        **kwargs: further arguments of `gaussian_filter`, such as `radius`.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: as in `gaussian_filter`.
        TypeError: as in `gaussian_filter`.

    Examples:
        >>> import jax.numpy as jnp
        >>> import numpy as np
        >>> gaussian_laplace(jnp.array([0.0, 0.0, 100.0, 0.0, 0.0]), 1.0, radius=1).astype(int)
        Array([  0,   0, -45,   0,   0], dtype=int32)

    References:
        SciPy, `scipy.ndimage.gaussian_laplace`.
    """
    x = as_numbers("gaussian_laplace", input)
    derivative2 = gaussian_derivative("gaussian_laplace", x.ndim, sigma, axes, 2, kwargs)
    return generic_laplace(x, derivative2, output, mode, cval, axes=axes)


def gaussian_derivative(
    verb: str, ndim: int, sigma: Any, axes: Any, order: int, kwargs: Mapping[str, Any]
) -> Callable[..., Array]:
    """A derivative of `order` along one axis of the input blurred along `axes`."""
    axes = check_axes(verb, axes, ndim)
    sigmas = on_all_axes(per_axis(verb, "sigma", sigma, len(axes)), axes, ndim, 0)

    def derivative(x: Array, axis: int, output: Any, mode: str, cval: ArrayLike) -> Array:
        orders = [order if axis == other else 0 for other in range(ndim)]
        return gaussian_filter(x, sigmas, orders, output, mode, cval, **kwargs)

    return derivative


def derivatives(
    verb: str, derivative: Callable[..., Array], x: Array, dtype, mode, cval, extra_arguments, extra_keywords, axes
) -> list[Array]:
    """A user's derivative along each axis, in the output's dtype."""
    axes = check_axes(verb, axes, x.ndim)
    modes = per_axis(verb, "mode", mode, len(axes))
    return [
        cast(as_numbers(verb, derivative(x, axis, dtype, m, cval, *extra_arguments, **(extra_keywords or {}))), dtype)
        for axis, m in zip(axes, modes, strict=True)
    ]
