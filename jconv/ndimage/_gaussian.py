"""Gaussian filters and their derivatives, differentiable in sigma."""

from math import isnan, nan
from operator import index
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, ArrayLike
from jconv.ndimage._arguments import check_axes, per_axis
from jconv.ndimage._correlate1d import correlate1d
from jconv.ndimage._dtypes import as_numbers, cast, output_dtype

# Axes whose sigma is no larger are left alone, as in SciPy.
LEAST_SIGMA = 1e-15


def gaussian_filter1d(
    input: ArrayLike,
    sigma: ArrayLike,
    axis: int = -1,
    order: int = 0,
    output: Any = None,
    mode: str = "reflect",
    cval: ArrayLike = 0.0,
    truncate: float = 4.0,
    *,
    radius: int | None = None,
) -> Array:
    """Blur along one axis, or take a derivative of the blurred, as `scipy.ndimage.gaussian_filter1d`.

    y[i] = sum over k of  x[i - k] * g[k],  |k| <= radius, with g the derivative of `order` of
    exp(-k**2 / (2 * sigma**2)), where the samples of order 0 are made to sum to one. Differentiable in input, sigma
    and cval; the radius does not follow a sigma that is differentiated.

    Args:
        input: as in `correlate`.
        sigma: standard deviation, in positions.
        axis: the axis to filter.
        order: 0 blurs, 1, 2, ... take that derivative.
        output: as in `correlate`.
        mode: as in `correlate`.
        cval: as in `correlate`.
        truncate: the radius in standard deviations.
        radius: the radius in positions; None is int(truncate * sigma + 0.5), which needs a sigma that is not traced.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: a negative order or radius, a sigma that is not positive, a traced sigma without a radius.
        TypeError: as in `correlate1d`.

    Examples:
        >>> import jax, jax.numpy as jnp
        >>> impulse = jnp.array([0.0, 0.0, 1.0, 0.0, 0.0])
        >>> (100 * gaussian_filter1d(impulse, 1.0, radius=1)).astype(int)
        Array([ 0, 27, 45, 27,  0], dtype=int32)
        >>> print(jax.grad(lambda sigma: gaussian_filter1d(impulse, sigma, radius=1)[2])(1.0).round(2))
        -0.25

    References:
        SciPy, `scipy.ndimage.gaussian_filter1d`.
    """
    verb = "gaussian_filter1d"
    x = as_numbers(verb, input)
    if order < 0:
        raise ValueError(f"{verb}: order={order} must be non-negative.")
    radius = _radius(verb, sigma, truncate, radius)
    weights = gaussian_weights(sigma, index(order), radius)
    return correlate1d(x, weights, axis, output, mode, cval)


def gaussian_filter(
    input: ArrayLike,
    sigma: Any,
    order: Any = 0,
    output: Any = None,
    mode: Any = "reflect",
    cval: ArrayLike = 0.0,
    truncate: float = 4.0,
    *,
    radius: Any = None,
    axes: Any = None,
) -> Array:
    """Blur along several axes, or take derivatives of the blurred, as `scipy.ndimage.gaussian_filter`.

    `gaussian_filter1d` along one axis after another, each pass in the output's dtype. Axes with sigma = 0 are left
    alone.

    Args:
        input: as in `correlate`.
        sigma: standard deviation in positions, one for all or one per axis.
        order: derivative, one for all or one per axis.
        output: as in `correlate`.
        mode: as in `correlate`, one for all or one per axis.
        cval: as in `correlate`.
        truncate: the radius in standard deviations.
        radius: the radius in positions, one for all or one per axis; None is int(truncate * sigma + 0.5).
        axes: the axes to filter, all if None; sequences have one value for each of these.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: as in `gaussian_filter1d`; sequences of another length than the axes.
        TypeError: as in `correlate1d`.

    Examples:
        >>> import jax.numpy as jnp
        >>> (100 * gaussian_filter(jnp.eye(3), 1.0)).astype(int)
        Array([[50, 32, 16],
               [32, 34, 32],
               [16, 32, 50]], dtype=int32)

    References:
        SciPy, `scipy.ndimage.gaussian_filter`.
    """
    verb = "gaussian_filter"
    y = as_numbers(verb, input)
    dtype = output_dtype(verb, output, y.dtype, complex_result=jnp.iscomplexobj(y))
    axes = check_axes(verb, axes, y.ndim)
    named = {"sigma": sigma, "order": order, "mode": mode, "radius": radius}
    values = [per_axis(verb, name, value, len(axes)) for name, value in named.items()]
    for axis, s, o, m, r in zip(axes, *values, strict=True):
        if _known(s, otherwise=1.0) > LEAST_SIGMA:
            y = gaussian_filter1d(y, s, axis, o, dtype, m, cval, truncate, radius=r)
    return cast(y, dtype)


def gaussian_weights(sigma: ArrayLike, order: int, radius: int) -> Array | np.ndarray:
    """Weights [2 * radius + 1] to correlate with: in float64 by NumPy, or by JAX if sigma is an array of JAX's."""
    xp = jnp if isinstance(sigma, jax.Array) else np
    variance = xp.square(xp.asarray(sigma, float))
    k = xp.arange(-radius, radius + 1, dtype=variance.dtype)
    bell = xp.exp(-0.5 / variance * k**2)
    bell = bell / bell.sum()
    # The derivative of q(k) * exp(-k**2 / (2 * variance)) is (q'(k) - q(k) * k / variance) times the same.
    q = [1.0]
    for _ in range(order):
        slope = [*[power * a for power, a in enumerate(q)][1:], 0.0, 0.0]
        q = [a - b / variance for a, b in zip(slope, [0.0, *q], strict=True)]
    return (sum(a * k**power for power, a in enumerate(q)) * bell)[::-1]


def _known(sigma: Any, *, otherwise: float = nan) -> float:
    """The value of sigma, unless it is traced."""
    try:
        return float(sigma)
    except jax.errors.ConcretizationTypeError:
        return otherwise


def _radius(verb: str, sigma: ArrayLike, truncate: float, radius: Any) -> int:
    """The radius that is given, or that follows from sigma."""
    known = _known(sigma)
    if known <= 0:
        raise ValueError(f"{verb}: sigma={known} must be positive.")
    if radius is None:
        if isnan(known):
            raise ValueError(f"{verb}: sigma is traced, and a shape cannot depend on a traced value. Give radius=...")
        radius = int(truncate * known + 0.5)
    if not isinstance(radius, int | np.integer) or radius < 0:
        raise ValueError(f"{verb}: radius={radius!r}: Radius must be a nonnegative integer.")
    return int(radius)
