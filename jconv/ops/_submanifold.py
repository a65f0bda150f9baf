"""Convolution on the active sites of a sparse array alone, computed densely."""

import jax.numpy as jnp
import numpy as np

from jconv._algorithms import Algorithm
from jconv._equation.dtypes import wider
from jconv._typing import Array, ArrayLike, IntOrInts, PrecisionLike
from jconv._verbs.arguments import as_array, axis_ints, common_dtype
from jconv._verbs.conv import conv
from jconv._verbs.shapes import check_ranks
from jconv.ops._partial import known_sites, one_per_channel


def submanifold_conv(
    x: ArrayLike,
    kernel: ArrayLike,
    active: ArrayLike,
    *,
    bias: ArrayLike | None = None,
    dilation: IntOrInts = 1,
    groups: int = 1,
    precision: PrecisionLike = None,
    algorithm: str | Algorithm = "auto",
) -> Array:
    """Convolve active sites with active sites: the others are neither read nor written, so that none becomes active.

    y[o, m] = active[o] * (bias[m] + sum over k, c of  active[i] * x[i, c] * kernel[k, c, m]),  i = o + d*(k - K // 2),
    on every spatial axis. All sites are computed, then those that are not active are set to 0: the result of sparse
    libraries for clouds of points, in the time of a dense convolution.

    Args:
        x: (*batch, *spatial, c_in), with any number of batch axes, also none; what it holds elsewhere than at active
            sites is not looked at.
        kernel: (*window, c_in // groups, c_out), with odd windows.
        active: 0 or False where a site is not active, (*batch, *spatial, 1); its batch axes may be left out, or be 1.
        bias: (c_out,), added at active sites.
        dilation: as in `jconv.conv`.
        groups: as in `jconv.conv`.
        precision: as in `jconv.conv`.
        algorithm: as in `jconv.conv`.

    Returns:
        (*batch, *spatial, c_out), with the same active sites.

    Raises:
        ValueError: shapes or sizes that do not fit together, or an even window, which has no centre.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution.

    Examples:
        >>> import jax.numpy as jnp
        >>> x = jnp.array([1.0, 2.0, 0.0, 4.0])[:, None]
        >>> submanifold_conv(x, jnp.ones((3, 1, 1)), x != 0).ravel()
        Array([3., 3., 0., 4.], dtype=float32)

    References:
        Graham, Engelcke and van der Maaten, "3D semantic segmentation with submanifold sparse convolutional networks",
        arXiv:1711.10275.
    """
    verb = "submanifold_conv"
    x, kernel, active = (as_array(verb, n, a) for n, a in (("x", x), ("kernel", kernel), ("active", active)))
    rank = check_ranks(verb, "x", x.shape, kernel.shape)
    window = kernel.shape[:rank]
    if not all(k % 2 for k in window):
        raise ValueError(f"{verb}: the kernel's window {window} must be odd on every axis, for a site is its centre.")
    there = known_sites(verb, "active", active, x, rank)
    dtype = common_dtype(verb, "x", x, kernel)
    wide = wider(dtype, np.dtype(np.float32)) if jnp.issubdtype(dtype, jnp.inexact) else dtype
    y = conv(
        jnp.where(there, x, jnp.zeros((), x.dtype)).astype(dtype),
        kernel.astype(dtype),
        padding="SAME",
        dilation=axis_ints(verb, "dilation", dilation, rank, least=1),
        groups=groups,
        precision=precision,
        preferred_element_type=wide,
        algorithm=algorithm,
    )
    if bias is not None:
        y = y + one_per_channel(verb, bias, y).astype(wide)
    return jnp.where(there, y, jnp.zeros((), wide)).astype(dtype)
