"""One mean, or one largest value, of all positions."""

from math import prod

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._typing import Array, ArrayLike
from jconv._verbs.arguments import one_int
from jconv.ops._avg_pool import with_fractions
from jconv.ops._max_pool import with_order
from jconv.ops._windows import spatial_sizes


def global_avg_pool(x: ArrayLike, rank: int) -> Array:
    """Take the mean over all positions.

    y = (sum over i of x[i]) / (number of positions).

    Args:
        x: (*batch, *spatial, c), with any number of batch axes, also none.
        rank: the number of spatial axes.

    Returns:
        (*batch, c), of x's dtype; of integers, floating point. Half types are summed in float32.

    Raises:
        ValueError: x has too few axes, or no position.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> global_avg_pool(jnp.arange(8.0).reshape(2, 2, 2), rank=2)
        Array([3., 4.], dtype=float32)

    References:
        Lin, Chen and Yan, "Network in network", arXiv:1312.4400.
    """
    x, wide = with_fractions("global_avg_pool", x)
    flat = _positions("global_avg_pool", x, rank)
    return flat.astype(wide).mean(-2).astype(x.dtype)


def global_max_pool(x: ArrayLike, rank: int) -> Array:
    """Take the largest value of all positions.

    y = max over i of x[i]. Of equal values the first in row-major order gets the gradient; NaN is larger than
    anything, and has no gradient.

    Args:
        x: (*batch, *spatial, c), with any number of batch axes, also none.
        rank: the number of spatial axes.

    Returns:
        (*batch, c), of x's dtype.

    Raises:
        ValueError: x has too few axes, or no position.
        TypeError: an argument of the wrong kind, or numbers that have no order.

    Examples:
        >>> import jax.numpy as jnp
        >>> global_max_pool(jnp.arange(8.0).reshape(2, 2, 2), rank=2)
        Array([6., 7.], dtype=float32)

    References:
        Oquab, Bottou, Laptev and Sivic, "Is object localization for free?", CVPR 2015.
    """
    return _largest(_positions("global_max_pool", with_order("global_max_pool", x), rank))


def _positions(verb: str, x: Array, rank: int) -> Array:
    """(*batch, *spatial, c) to (*batch, positions, c)."""
    rank = one_int(verb, "rank", rank, least=1)
    sizes = spatial_sizes(verb, x, rank, f"rank={rank}")
    if 0 in sizes:
        raise ValueError(f"{verb}: x has no position to pool (x has shape {x.shape}, rank={rank}).")
    return x.reshape(*x.shape[: x.ndim - rank - 1], prod(sizes), x.shape[-1])


@jax.custom_jvp
def _largest(x: Array) -> Array:
    return x.max(-2)


@_largest.defjvp
def _largest_jvp(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    y = x.max(-2)
    place = lax.broadcasted_iota(np.int32, x.shape, x.ndim - 2)
    first = jnp.where(x == y[..., None, :], place, x.shape[-2]).min(-2, keepdims=True)
    return y, jnp.where(place == first, x_dot, 0).sum(-2)
