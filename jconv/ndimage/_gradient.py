"""Magnitudes of gradients."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax.numpy as jnp

from jconv._typing import Array, ArrayLike
from jconv.ndimage._dtypes import accumulator, as_numbers, cast, output_dtype
from jconv.ndimage._laplace import derivatives, gaussian_derivative


def generic_gradient_magnitude(
    input: ArrayLike,
    derivative: Callable[..., Array],
    output: Any = None,
    mode: Any = "reflect",
    cval: ArrayLike = 0.0,
    extra_arguments: Sequence[Any] = (),
    extra_keywords: Mapping[str, Any] | None = None,
    *,
    axes: Any = None,
) -> Array:
    """Take the magnitude of a gradient of your own, as `scipy.ndimage.generic_gradient_magnitude`.

    y = sqrt(sum over axes of  derivative(x, axis, output dtype, mode, cval, *extra_arguments, **extra_keywords)**2).
    Where the sum is zero, where y has a corner, its derivative is taken to be zero.

    Args:
        input: as in `correlate`.
        derivative: the derivative along one axis, with the arguments above; it returns an array.
        output: as in `correlate`.
        mode: as in `correlate`, one for all or one per axis.
        cval: as in `correlate`.
        extra_arguments: further arguments of `derivative`.
        extra_keywords: further keyword arguments of `derivative`.
        axes: the axes of the gradient, all if None; sequences have one value for each of these.

    Returns:
        Array of the input's shape; without any axis, the input.

    Raises:
        ValueError: an axis that is not there, an unknown mode.
        TypeError: as in `correlate1d`.

    Examples:
        >>> import jax.numpy as jnp
        >>> from jconv.ndimage import sobel
        >>> generic_gradient_magnitude(jnp.array([[0.0, 3.0], [4.0, 7.0]]), sobel)
        Array([[20., 20.],
               [20., 20.]], dtype=float32)

    References:
        SciPy, `scipy.ndimage.generic_gradient_magnitude`.
    """
    verb = "generic_gradient_magnitude"
    x = as_numbers(verb, input)
    dtype = output_dtype(verb, output, x.dtype, complex_result=jnp.iscomplexobj(x))
    parts = derivatives(verb, derivative, x, dtype, mode, cval, extra_arguments, extra_keywords, axes)
    if not parts:
        return cast(x, dtype)
    square = sum((part * part for part in parts[1:]), start=parts[0] * parts[0])
    square = square.astype(accumulator(dtype, dtype, jnp.float32))
    flat = square == 0
    return cast(jnp.where(flat, 0, jnp.sqrt(jnp.where(flat, 1, square))), dtype)


def gaussian_gradient_magnitude(
    input: ArrayLike,
    sigma: Any,
    output: Any = None,
    mode: Any = "reflect",
    cval: ArrayLike = 0.0,
    *,
    axes: Any = None,
    **kwargs: Any,
) -> Array:
    """Take the magnitude of the blurred input's gradient, as `scipy.ndimage.gaussian_gradient_magnitude`.

    y = sqrt(sum over axes of  gaussian_filter(x, sigma, order=1 along it and 0 along the others)**2). With `axes`,
    nothing is blurred along the others, as SciPy documents it (SciPy 1.17 blurs them too).

    Args:
        input: as in `correlate`.
        sigma: standard deviation in positions, one for all or one per axis.
        output: as in `correlate`.
        mode: as in `correlate`, one for all or one per axis.
        cval: as in `correlate`.
        axes: as in `generic_gradient_magnitude`.
        **kwargs: further arguments of `gaussian_filter`, such as `radius`.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: as in `gaussian_filter`.
        TypeError: as in `gaussian_filter`.

    Examples:
        >>> import jax.numpy as jnp
        >>> impulse = jnp.array([0.0, 0.0, 100.0, 0.0, 0.0])
        >>> gaussian_gradient_magnitude(impulse, 1.0, radius=1).astype(int)
        Array([ 0, 27,  0, 27,  0], dtype=int32)

    References:
        SciPy, `scipy.ndimage.gaussian_gradient_magnitude`.
    """
    x = as_numbers("gaussian_gradient_magnitude", input)
    derivative = gaussian_derivative("gaussian_gradient_magnitude", x.ndim, sigma, axes, 1, kwargs)
    return generic_gradient_magnitude(x, derivative, output, mode, cval, axes=axes)
