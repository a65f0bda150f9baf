"""The guided filter: locally, the result is a linear function of a guide."""

from functools import partial
from operator import index

import jax
import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, ArrayLike
from jconv.ndimage._arguments import check_axis
from jconv.ndimage._dtypes import accumulator, as_numbers
from jconv.ndimage._lines import from_lines, to_lines
from jconv.ndimage._uniform import box_sums


def guided_filter(
    input: ArrayLike,
    guide: ArrayLike | None = None,
    radius: int = 4,
    eps: ArrayLike = 0.01,
    *,
    channel_axis: int | None = None,
) -> Array:
    """Smooth the input, but keep the edges of a guide, as He, Sun and Tang define it.

    In every window of 2 * radius + 1 positions a side, a and b are those of the ridge regression
    min over a, b of  sum over the window of (a . I + b - p)**2 + eps * |a|**2;  then
    y[i] = mean of a over the windows of i . I[i] + mean of b. Windows end at the border, as in the authors' code
    (OpenCV's extends the images there). Differentiable in input, guide and eps.

    Args:
        input: p, real numbers, any number of spatial axes.
        guide: I, of the same spatial shape; None is the input itself.
        radius: the window's reach in positions.
        eps: what keeps a small, in squared units of the guide.
        channel_axis: the axis of the channels, of the input and the guide, or of the one that has an axis more than
            the other; None if neither has. The channels of a guide are one colour; those of an input are filtered
            one by one.

    Returns:
        Array of the input's shape; of its dtype if it is a float, else of JAX's default.

    Raises:
        ValueError: shapes that do not fit together, a negative radius.
        TypeError: complex numbers.

    Examples:
        >>> import jax.numpy as jnp
        >>> step = jnp.array([0.0, 0.1, 0.0, 5.0, 5.1, 5.0])
        >>> (100 * guided_filter(step, radius=1, eps=0.1)).astype(int)
        Array([  4,   7,   4, 498, 505, 504], dtype=int32)

    References:
        He, Sun and Tang, "Guided image filtering", IEEE TPAMI 35(6), 2013.
    """
    verb = "guided_filter"
    p = as_numbers(verb, input, complex_too=False)
    i = p if guide is None else as_numbers(verb, guide, complex_too=False)
    if index(radius) < 0:
        raise ValueError(f"{verb}: radius={radius} must be at least 0.")
    wide = accumulator(p.dtype, i.dtype, jnp.float32)
    ndim = max(p.ndim, i.ndim)
    axis = None if channel_axis is None else check_axis(verb, channel_axis, ndim)
    p_last, i_last = (_channels_last(a.astype(wide), axis, ndim) for a in (p, i))
    if p_last.shape[:-1] != i_last.shape[:-1]:
        raise ValueError(
            f"{verb}: input {p.shape} and guide {i.shape} must have the same spatial shape "
            f"(channel_axis={channel_axis})."
        )
    y = _guided(p_last, i_last, jnp.asarray(eps, wide), int(radius))
    y = y[..., 0] if axis is None or p.ndim < ndim else jnp.moveaxis(y, -1, axis)
    return y.astype(p.dtype) if jnp.issubdtype(p.dtype, jnp.floating) else y


def _channels_last(array: Array, axis: int | None, ndim: int) -> Array:
    """[*spatial, channels], of an array that may have no channels."""
    return array[..., None] if axis is None or array.ndim < ndim else jnp.moveaxis(array, axis, -1)


@partial(jax.jit, static_argnums=(3,), inline=True)
def _guided(p: Array, i: Array, eps: Array, radius: int) -> Array:
    """p [*S, P] filtered by i [*S, C]."""
    # The guide's level does not matter, but would round the variances off.
    i = i - i.mean(tuple(range(i.ndim - 1)), keepdims=True)
    c = i.shape[-1]
    mean_i, mean_p = _means(i, radius), _means(p, radius)
    products = jnp.concatenate([i[..., None] * i[..., None, :], i[..., None] * p[..., None, :]], -1)
    products = _means(products.reshape(*i.shape[:-1], -1), radius).reshape(products.shape)
    moments = products - mean_i[..., None] * jnp.concatenate([mean_i, mean_p], -1)[..., None, :]
    ridge = jnp.broadcast_to(eps * jnp.eye(c, dtype=i.dtype), moments[..., :c].shape)
    a = _solve(moments[..., :c] + ridge, moments[..., c:])  # [*S, C, P]
    b = mean_p - (a * mean_i[..., None]).sum(-2)
    a = _means(a.reshape(*i.shape[:-1], -1), radius).reshape(a.shape)
    return (a * i[..., None]).sum(-2) + _means(b, radius)


def _means(fields: Array, radius: int) -> Array:
    """Means of [*S, M] over the window at every position, of what is inside the border."""
    for axis, n in enumerate(fields.shape[:-1]):
        at = np.arange(n)
        count = np.minimum(at + radius, n - 1) - np.maximum(at - radius, 0) + 1
        lines = to_lines(fields, axis, (radius, radius), "zeros", jnp.zeros(()))
        sums = box_sums(lines, 2 * radius + 1) / jnp.asarray(count, fields.dtype)[None, :, None]
        fields = from_lines(sums, fields.shape, axis)
    return fields


def _solve(matrix: Array, right: Array) -> Array:
    """x of matrix [..., C, C] @ x = right [..., C, P], by elimination; the matrices are positive definite and small."""
    c = matrix.shape[-1]
    rows = [jnp.concatenate([matrix, right], -1)[..., k, :] for k in range(c)]
    for k in range(c):
        pivot = rows[k] / rows[k][..., k : k + 1]
        rows = [pivot if j == k else row - row[..., k : k + 1] * pivot for j, row in enumerate(rows)]
    return jnp.stack([row[..., c:] for row in rows], -2)
