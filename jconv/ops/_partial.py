"""Convolution of what is there: holes take no part, and the mask of what is known grows."""

from math import prod
from typing import Any

import jax.numpy as jnp
import numpy as np

from jconv._algorithms import Algorithm
from jconv._equation.dtypes import wider
from jconv._typing import Array, ArrayLike, IntOrInts, Padding, PaddingMode, PrecisionLike
from jconv._verbs.arguments import as_array, common_dtype
from jconv._verbs.conv import conv
from jconv._verbs.shapes import check_groups, check_ranks
from jconv.ops._avg_pool import with_fractions


def partial_conv(
    x: ArrayLike,
    kernel: ArrayLike,
    mask: ArrayLike,
    *,
    bias: ArrayLike | None = None,
    stride: IntOrInts = 1,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    groups: int = 1,
    padding_mode: PaddingMode | str | tuple[str, ...] = "zeros",
    precision: PrecisionLike = None,
    algorithm: str | Algorithm = "auto",
) -> tuple[Array, Array]:
    """Convolve what the mask says is there, made up for what is missing; give the mask of the result too.

    y[o, m] = bias[m] + taps / seen[o] * (sum over k, c of  x[i, c] * mask[i, c] * kernel[k, c, m]),
    i = s*o + d*k - lo, on every spatial axis, where seen[o] is the sum of the mask over the window and taps its sum
    where nothing is missing. Where a window sees nothing, y and the new mask are 0. What lies in the padding is missing
    too, so that without holes this is partial convolution based padding.

    Args:
        x: (*batch, *spatial, c_in), with any number of batch axes, also none; what is missing may be NaN.
        kernel: (*window, c_in // groups, c_out), as in `jconv.conv`.
        mask: 0 or False where x is missing; (*batch, *spatial, 1), or with c_in channels. Its batch axes may be left
            out, or be 1.
        bias: (c_out,), added where something is seen.
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`.
        dilation: as in `jconv.conv`.
        groups: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`, of x and mask alike.
        precision: as in `jconv.conv`.
        algorithm: as in `jconv.conv`.

    Returns:
        y (*batch, *outputs, c_out), and its mask: (*batch, *outputs, 1), or with c_out channels if the given one has
        c_in of them and c_in > 1, in the dtype of the given one.

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution.

    Examples:
        >>> import jax.numpy as jnp
        >>> x, mean = jnp.array([1.0, jnp.nan, 3.0, jnp.nan, jnp.nan])[:, None], jnp.full((2, 1, 1), 0.5)
        >>> y, mask = partial_conv(x, mean, ~jnp.isnan(x))
        >>> y.ravel(), mask.ravel()
        (Array([1., 3., 3., 0.], dtype=float32), Array([ True,  True,  True, False], dtype=bool))

    References:
        Liu et al., "Image inpainting for irregular holes using partial convolutions", arXiv:1804.07723.
        Liu et al., "Partial convolution based padding", arXiv:1811.11718.
    """
    verb = "partial_conv"
    x, _ = with_fractions(verb, x)
    kernel, mask = as_array(verb, "kernel", kernel), as_array(verb, "mask", mask)
    rank = check_ranks(verb, "x", x.shape, kernel.shape)
    groups = check_groups(verb, groups, x.shape[-1], x.shape, kernel.shape)
    there = known_sites(verb, "mask", mask, x, rank, many=True)
    dtype = common_dtype(verb, "x", x, kernel)
    wide = wider(dtype, np.dtype(np.float32))
    words: dict[str, Any] = dict(stride=stride, padding=padding, dilation=dilation, padding_mode=padding_mode)
    seen, taps = _seen(there, kernel.shape, x.shape[-1], groups, words)
    sums = conv(
        jnp.where(there, x, jnp.zeros((), x.dtype)).astype(dtype),
        kernel.astype(dtype),
        groups=groups,
        precision=precision,
        preferred_element_type=wide,
        algorithm=algorithm,
        **words,
    )
    part = jnp.maximum(seen, 1).astype(jnp.finfo(wide).dtype) / taps
    y = sums / part.astype(wide)
    if bias is not None:
        y = y + one_per_channel(verb, bias, y).astype(wide)
    known = seen > 0
    fresh = known.reshape(*mask.shape[: mask.ndim - rank - 1], *known.shape[known.ndim - rank - 1 :])
    return jnp.where(known, y, jnp.zeros((), wide)).astype(dtype), fresh.astype(mask.dtype)


def _seen(there: Array, kernel_shape, c_in: int, groups: int, words: dict[str, Any]) -> tuple[Array, int]:
    """How much each window sees, with 1 or c_out channels, and how much it would see if nothing were missing."""
    *window, each, c_out = kernel_shape
    many = there.shape[-1] == c_in > 1
    if many:
        there = there.reshape(*there.shape[:-1], groups, each).sum(-1)
    parts = there.shape[-1]
    ones = jnp.ones((*window, 1, parts), np.float32)
    # Counts must be exact, whatever the algorithm of the sums is.
    seen = conv(there.astype(np.float32), ones, groups=parts, algorithm="direct", **words).round()
    return (jnp.repeat(seen, c_out // groups, -1), prod(window) * each) if many else (seen, prod(window))


def known_sites(verb: str, name: str, mask: Array, x: Array, rank: int, *, many: bool = False) -> Array:
    """Where x is known, as booleans of as many axes as x, from a mask whose batch axes may be fewer or 1."""
    shape = (1,) * (x.ndim - mask.ndim) + mask.shape
    batch = x.ndim - rank - 1
    fits = mask.ndim > rank and len(shape) == x.ndim
    fits = fits and all(n in (1, m) for n, m in zip(shape[:batch], x.shape, strict=False))
    if not fits or shape[batch:-1] != x.shape[batch:-1] or shape[-1] not in ((1, x.shape[-1]) if many else (1,)):
        channels = f"1 or c_in={x.shape[-1]} channels" if many else "1 channel"
        raise ValueError(
            f"{verb}: {name} must be (*batch, *spatial, channels) with the spatial sizes {x.shape[batch:-1]} of x and "
            f"{channels}; it has shape {mask.shape} (x has shape {x.shape})."
        )
    return mask.astype(bool).reshape(shape)


def one_per_channel(verb: str, bias: ArrayLike, y: Array) -> Array:
    """A bias (c_out,) with as many axes as y (*batch, *outputs, c_out)."""
    bias = as_array(verb, "bias", bias)
    if bias.shape != y.shape[-1:]:
        raise ValueError(f"{verb}: bias must be (c_out,) = {y.shape[-1:]}; it has shape {bias.shape}.")
    return bias.reshape((1,) * (y.ndim - 1) + bias.shape)
