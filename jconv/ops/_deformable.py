"""Deformable convolution: every tap looks where an array of offsets says, between the positions.

Dai et al., "Deformable convolutional networks", arXiv:1703.06211; weighed taps as in Zhu et al., arXiv:1811.11168.
"""

from functools import partial, reduce
from itertools import product
from math import prod
from operator import mul
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._equation.dtypes import wider
from jconv._typing import Array, ArrayLike, IntOrInts, Ints, Padding, PrecisionLike
from jconv._verbs.arguments import as_array, canonical_precision, common_dtype
from jconv._verbs.shapes import check_groups, check_ranks
from jconv.ops._avg_pool import with_fractions
from jconv.ops._windows import Windows, one_batch_axis, place_padded

# Zeros around x: what lies further out is sampled among them.
BORDER = 2


def deformable_conv(
    x: ArrayLike,
    kernel: ArrayLike,
    offsets: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    stride: IntOrInts = 1,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    groups: int = 1,
    precision: PrecisionLike = None,
) -> Array:
    """Convolve with taps that are moved by offsets (v1), and weighed by a mask (v2), both one's own at every output.

    y[o, m] = sum over k, c of  mask[o, g, k] * x(s*o + d*k - lo + offsets[o, g, k], c) * kernel[k, c, m], with stride
    s, dilation d and low padding lo on every spatial axis, and g the offset group of channel c. x(p, c) is linear
    between neighbouring positions on every axis, and 0 beyond the border.

    Values and gradients are those of `torchvision.ops.deform_conv2d`, in 1 to 3 spatial axes and any number of batch
    axes. The last axes of offsets and mask are ordered as its channels are: jnp.moveaxis(offsets, -1, 1) is its
    `offset`. The number of offset groups follows from the shape.

    Args:
        x: (*batch, *spatial, c_in), with any number of batch axes, also none.
        kernel: (*window, c_in // groups, c_out), as in `jconv.conv`.
        offsets: (*batch, *outputs, offset_groups * taps * rank), in positions of x: groups slowest, then the taps in
            row-major order, then the spatial axes, first to last. offset_groups divides c_in.
        mask: (*batch, *outputs, offset_groups * taps), in the same order. None for 1.
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`, of zeros.
        dilation: as in `jconv.conv`.
        groups: as in `jconv.conv`.
        precision: as in `jconv.conv`.

    Returns:
        (*batch, *outputs, c_out), in the dtype that x and kernel are promoted to. Half types are summed in float32.

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.

    Examples:
        >>> import jax.numpy as jnp
        >>> x, kernel = jnp.array([0.0, 1.0, 4.0, 9.0])[:, None], jnp.ones((1, 1, 1))
        >>> offsets = jnp.array([1.0, 0.5, 0.0, 0.5])[:, None]
        >>> deformable_conv(x, kernel, offsets).ravel()
        Array([1. , 2.5, 4. , 4.5], dtype=float32)

    References:
        Dai et al., "Deformable convolutional networks", arXiv:1703.06211.
        Zhu et al., "Deformable ConvNets v2: more deformable, better results", arXiv:1811.11168.
    """
    verb = "deformable_conv"
    (x, _), (offsets, exact) = with_fractions(verb, x), with_fractions(verb, offsets, "offsets")
    kernel = as_array(verb, "kernel", kernel)
    rank = check_ranks(verb, "x", x.shape, kernel.shape)
    groups = check_groups(verb, groups, x.shape[-1], x.shape, kernel.shape)
    batch, sizes = x.shape[: x.ndim - rank - 1], x.shape[x.ndim - rank - 1 : -1]
    windows, pairs, modes = place_padded(verb, sizes, kernel.shape[:rank], stride, padding, dilation, "zeros")
    if set(modes) != {"zeros"}:
        raise ValueError(f"{verb}: padding={padding!r} repeats the input beyond its border; here stand zeros there.")
    offset_groups = _offset_groups(verb, offsets, x, (*batch, *windows.outputs), windows)
    if jnp.iscomplexobj(offsets):
        raise TypeError(f"{verb}: offsets must be real; they have dtype {offsets.dtype}.")
    dtype = common_dtype(verb, "x", x, kernel)
    wide = wider(dtype, np.dtype(np.float32))
    places = windows.taps, prod(windows.outputs), offset_groups
    cell, fraction = _cells(offsets.astype(exact), sizes, tuple(lo for lo, _ in pairs), windows, offset_groups)
    weight = None if mask is None else _in_order(_checked_mask(verb, mask, offsets, rank), (*places, 1)).astype(wide)
    x = jnp.pad(one_batch_axis(x, rank), ((0, 0), *((BORDER, BORDER),) * rank, (0, 0)))
    if 0 in (*x.shape, *places, kernel.shape[-1]):
        return jnp.zeros((*batch, *windows.outputs, kernel.shape[-1]), dtype)
    precision, strides = canonical_precision(verb, precision), _strides(x.shape[1:-1])
    tap = partial(_tap, strides=strides, groups=groups, wide=wide, precision=precision)
    kernel = kernel.astype(wide).reshape(windows.taps, *kernel.shape[rank:])
    rows = x.reshape(x.shape[0], -1, x.shape[-1] // offset_groups)
    y = _over_taps(tap, rows, kernel, cell, fraction, weight)
    return y.astype(dtype).reshape(*batch, *windows.outputs, kernel.shape[-1])


def _offset_groups(verb: str, offsets: Array, x: Array, places: Ints, windows: Windows) -> int:
    """The number of offset groups, from the channels of the offsets."""
    numbers = windows.taps * windows.rank
    count = offsets.shape[-1] // numbers if offsets.ndim else 0
    if offsets.shape[:-1] != places or count == 0 or offsets.shape[-1] % numbers or x.shape[-1] % count:
        raise ValueError(
            f"{verb}: offsets must be (*batch, *outputs, offset_groups * taps * rank) = {places} and a multiple of "
            f"{numbers}, the number of groups a divisor of c_in={x.shape[-1]}; they have shape {offsets.shape} (x has "
            f"shape {x.shape}, window={windows.window})."
        )
    return count


def _checked_mask(verb: str, mask: ArrayLike, offsets: Array, rank: int) -> Array:
    """The mask as an array with a number for every tap that the offsets move."""
    mask, _ = with_fractions(verb, mask, "mask")
    if mask.shape != (*offsets.shape[:-1], offsets.shape[-1] // rank):
        raise ValueError(
            f"{verb}: mask must be (*batch, *outputs, offset_groups * taps), a number per tap that is moved, which are "
            f"{(*offsets.shape[:-1], offsets.shape[-1] // rank)}; it has shape {mask.shape}."
        )
    return mask


def _in_order(numbers: Array, places: Ints) -> Array:
    """(*batch, *outputs, G * K * r) to [N, K, O * G, r]: tap by tap, as channels lie."""
    taps, outputs, groups, each = places
    numbers = numbers.reshape(-1, outputs, groups, taps, each)
    return jnp.moveaxis(numbers, 3, 1).reshape(-1, taps, outputs * groups, each)


def _strides(sizes: Ints) -> Ints:
    """How many rows lie between neighbours along each axis."""
    return tuple(prod(sizes[axis + 1 :]) for axis in range(len(sizes)))


def _cells(offsets: Array, sizes: Ints, low: Ints, windows: Windows, groups: int) -> tuple[Array, Array]:
    """Where each tap looks: the row of its low corner in the bordered x, [N, K, O*G], and how far on, [N, K, O*G, r].

    Rows are positions times groups. Further out than one position every corner lies in the border.
    """
    rank, taps, outputs = windows.rank, windows.taps, prod(windows.outputs)
    at = np.indices(windows.outputs).reshape(rank, 1, outputs).transpose(1, 2, 0) * np.array(windows.stride)
    steps = np.indices(windows.window).reshape(rank, taps, 1).transpose(1, 2, 0) * np.array(windows.dilation)
    regular = np.repeat(at + steps - np.array(low), groups, 1)  # [K, O*G, r]
    moved = _in_order(offsets, (taps, outputs, groups, rank)) + jnp.asarray(regular[None], offsets.dtype)
    floor = jnp.floor(moved)
    last = jnp.asarray(np.array(sizes).reshape(1, 1, 1, rank), floor.dtype)
    corner = jnp.clip(floor, -BORDER, last).astype(jnp.int32) + BORDER
    strides = _strides(tuple(n + 2 * BORDER for n in sizes))
    row = sum(corner[..., axis] * (stride * groups) for axis, stride in enumerate(strides))
    group = jnp.asarray(np.tile(np.arange(groups), outputs).reshape(1, 1, -1), jnp.int32)
    return row + group, moved - floor


def _over_taps(tap: Any, rows: Array, kernel: Array, cell: Array, *weights: Array | None) -> Array:
    """[N, O, M], the sum over taps; on a CPU example by example, so that what a tap sees stays in cache.

    What a tap sees is sampled again for the derivatives, and never kept.
    """
    again = jax.checkpoint(tap, prevent_cse=False)
    outputs = rows.shape[-1] * cell.shape[-1] // (kernel.shape[1] * tap.keywords["groups"])

    def example(of_one: tuple[Array, ...]) -> Array:
        rows, *of_taps = of_one
        nothing = jnp.zeros((outputs, kernel.shape[-1]), kernel.dtype)
        return lax.scan(lambda y, one: (y + again(rows, *one), None), nothing, (kernel, *of_taps))[0]

    return (lax.map if jax.default_backend() == "cpu" else _all_at_once)(example, (rows, cell, *weights))


def _all_at_once(function: Any, arrays: Any) -> Any:
    """As `lax.map`, but not one after the other."""
    return jax.vmap(function)(arrays)


def _tap(
    rows: Array,
    kernel: Array,
    cell: Array,
    fraction: Array,
    weight: Array | None,
    *,
    strides: Ints,
    groups: int,
    wide: Any,
    precision: Any,
) -> Array:
    """[O, M] from rows of an example [S*G, C // G], a tap's kernel [C // g, M] and what `_cells` says of O outputs."""
    cell, fraction = lax.optimization_barrier((cell, fraction))  # else found anew for every number that is gathered
    each, made = kernel.shape
    offset_groups, seen = each * groups // rows.shape[-1], jnp.zeros((), wide)
    for high in product((0, 1), repeat=len(strides)):
        step = offset_groups * sum(stride for stride, up in zip(strides, high, strict=True) if up)
        shares = (fraction[:, a] if up else 1 - fraction[:, a] for a, up in enumerate(high))
        share = reduce(mul, shares).astype(wide)
        share = share if weight is None else share * weight[:, 0]
        seen = seen + rows.at[cell + step].get(mode="clip").astype(wide) * share[:, None]
    if groups == 1:
        return jnp.dot(seen.reshape(-1, each), kernel, precision=precision, preferred_element_type=wide)
    seen, kernel = seen.reshape(-1, groups, each), kernel.reshape(each, groups, made // groups)
    y = jnp.einsum("ogc,cgm->ogm", seen, kernel, precision=precision, preferred_element_type=wide)
    return y.reshape(-1, made)
