"""Convolution whose weights are not shared: a kernel of its own at every output."""

from math import prod
from typing import Any

import jax.numpy as jnp

from jconv._equation.dtypes import wider
from jconv._typing import Array, ArrayLike, IntOrInts, Padding, PaddingMode, PrecisionLike
from jconv._verbs.arguments import as_array, canonical_precision, common_dtype, result_dtype
from jconv._verbs.shapes import check_groups
from jconv.ops._unfold import unfold
from jconv.ops._windows import place_padded


def local_conv(
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
) -> Array:
    """Slide a window whose weights change from output to output: a locally connected layer.

    y[o, m] = sum over k, c of  x[s*o + d*k - lo, c] * kernel[o, k, c, m]  on every spatial axis, with stride s,
    dilation d and low padding lo. All examples share the kernel.

    Args:
        x: (*batch, *spatial, c_in), with any number of batch axes, also none.
        kernel: (*outputs, *window, c_in // groups, c_out). One of `jax.lax.conv_general_dilated_local`, (*outputs,
            c_in * taps, c_out), has the channel before the taps.
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`.
        dilation: as in `jconv.conv`.
        groups: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`.
        precision: as in `jconv.conv`.
        preferred_element_type: as in `jconv.conv`.

    Returns:
        (*batch, *outputs, c_out).

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.

    Examples:
        >>> import jax.numpy as jnp
        >>> x = jnp.array([1.0, 2.0, 4.0])[:, None]
        >>> mean, difference = jnp.array([0.5, 0.5]), jnp.array([-1.0, 1.0])
        >>> local_conv(x, jnp.stack([mean, difference])[..., None, None]).ravel()
        Array([1.5, 2. ], dtype=float32)

    References:
        LeCun, "Generalization and network design strategies", 1989 (local connections before shared ones).
    """
    verb = "local_conv"
    x, kernel = as_array(verb, "x", x), as_array(verb, "kernel", kernel)
    rank = kernel.ndim // 2 - 1
    if rank < 1 or kernel.ndim % 2 or x.ndim < rank + 1:
        raise ValueError(
            f"{verb}: kernel must be (*outputs, *window, c_in // groups, c_out) for x (*batch, *spatial, c_in), with "
            f"an output and a window axis per spatial axis; they have shapes {kernel.shape} and {x.shape}."
        )
    outputs, window = kernel.shape[:rank], kernel.shape[rank : 2 * rank]
    groups = check_groups(verb, groups, x.shape[-1], x.shape, kernel.shape[rank:])
    words = dict(stride=stride, padding=padding, dilation=dilation, padding_mode=padding_mode)
    placed, _, _ = place_padded(verb, x.shape[x.ndim - rank - 1 : -1], window, **words)
    if placed.outputs != outputs:
        raise ValueError(
            f"{verb}: the windows make {placed.outputs} outputs, and the kernel is for {outputs} (kernel has shape "
            f"{kernel.shape}, x has shape {x.shape}, stride={stride!r}, padding={padding!r}, dilation={dilation!r})."
        )
    dtype = common_dtype(verb, "x", x, kernel)
    result = result_dtype(verb, dtype, preferred_element_type, stacklevel=3)
    places, each, c_out = prod(outputs), x.shape[-1] // groups, kernel.shape[-1]
    patches = unfold(x.astype(dtype), window, **words)
    y = jnp.einsum(
        "nokgc,okcgm->nogm",
        patches.reshape(-1, places, placed.taps, groups, each),
        kernel.astype(dtype).reshape(places, placed.taps, each, groups, c_out // groups),
        precision=canonical_precision(verb, precision),
        preferred_element_type=_accumulator(dtype, result),
    )
    return y.astype(result).reshape(*x.shape[: x.ndim - rank - 1], *outputs, c_out)


def _accumulator(dtype: Any, result: Any) -> Any:
    """The dtype to sum in: of half types float32, of others the wider of operands and result."""
    wide = wider(dtype, result)
    return wider(wide, jnp.dtype(jnp.float32)) if jnp.issubdtype(wide, jnp.inexact) else wide
