"""Convolution with a kernel of its own for every example."""

from functools import partial
from math import prod
from typing import Any

import jax

from jconv._algorithms import Algorithm
from jconv._typing import Array, ArrayLike, IntOrInts, Padding, PaddingMode, PrecisionLike
from jconv._verbs.arguments import as_array, one_int
from jconv._verbs.conv import conv
from jconv._verbs.shapes import check_ranks


def dynamic_conv(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    stride: IntOrInts = 1,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    groups: int = 1,
    padding_mode: PaddingMode | str | tuple[str, ...] = "zeros",
    precision: PrecisionLike = None,
    preferred_element_type: Any = None,
    algorithm: str | Algorithm = "auto",
    rank: int | None = None,
) -> Array:
    """Convolve every example with a kernel of its own: `jconv.conv` mapped over x and kernel.

    y[n, o, m] = sum over k, c of  x[n, s*o + d*k - lo, c] * kernel[n, k, c, m]  on every spatial axis, as in
    `jconv.conv`. It is one convolution with a group per example. A network usually mixes the kernels from a few, by
    weights that it computes from x: jnp.tensordot(weights, kernels, 1). Where every position has a kernel of its own,
    see `involution`.

    Args:
        x: (*batch, *spatial, c_in).
        kernel: (*batch, *window, c_in // groups, c_out), with the batch axes of x.
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`.
        dilation: as in `jconv.conv`.
        groups: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`.
        precision: as in `jconv.conv`.
        preferred_element_type: as in `jconv.conv`.
        algorithm: as in `jconv.conv`.
        rank: the number of spatial axes; None says that there is one batch axis.

    Returns:
        (*batch, *outputs, c_out).

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution.

    Examples:
        >>> import jax.numpy as jnp
        >>> x = jnp.array([[1.0, 2.0, 4.0], [1.0, 2.0, 4.0]])[..., None]
        >>> kernel = jnp.array([[-1.0, 1.0], [0.5, 0.5]])[..., None, None]
        >>> dynamic_conv(x, kernel)[..., 0]
        Array([[1. , 2. ],
               [1.5, 3. ]], dtype=float32)

    References:
        Yang et al., "CondConv: conditionally parameterized convolutions for efficient inference", arXiv:1904.04971.
        Chen et al., "Dynamic convolution: attention over convolution kernels", arXiv:1912.03458.
    """
    verb = "dynamic_conv"
    x, kernel = as_array(verb, "x", x), as_array(verb, "kernel", kernel)
    rank = x.ndim - 2 if rank is None else one_int(verb, "rank", rank, least=1)
    batch = x.shape[: max(x.ndim - rank - 1, 0)]
    if rank < 1 or kernel.ndim != len(batch) + rank + 2 or kernel.shape[: len(batch)] != batch:
        raise ValueError(
            f"{verb}: x must be (*batch, *spatial, c_in) and kernel (*batch, *window, c_in // groups, c_out), with as "
            f"many spatial as window axes and the same batch axes; they have shapes {x.shape} and {kernel.shape}. "
            f"Without `rank` there is one batch axis; one kernel for all examples is jconv.conv's."
        )
    check_ranks(verb, "x", x.shape[len(batch) :], kernel.shape[len(batch) :])
    one = partial(
        conv,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        padding_mode=padding_mode,  # pyrefly: ignore[bad-argument-type]
        precision=precision,
        preferred_element_type=preferred_element_type,
        algorithm=algorithm,
    )
    if not batch:
        return one(x, kernel)
    if prod(batch) == 0:  # nothing to map over, and yet a shape
        y = jax.eval_shape(one, *(jax.ShapeDtypeStruct(a.shape[len(batch) :], a.dtype) for a in (x, kernel)))
        return jax.numpy.zeros((*batch, *y.shape), y.dtype)
    x, kernel = (a.reshape(prod(batch), *a.shape[len(batch) :]) for a in (x, kernel))
    y = jax.vmap(one)(x, kernel)
    return y.reshape(*batch, *y.shape[1:])
