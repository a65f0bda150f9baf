"""Convolution of several sequences in one: no segment sees another."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms import Algorithm
from jconv._equation.geometry import dilated_size
from jconv._rewrites.padding import pad_axes
from jconv._typing import Array, ArrayLike, IntOrInts, Padding, PaddingMode, PrecisionLike
from jconv._verbs.arguments import as_array, axis_ints, common_dtype, result_dtype
from jconv._verbs.conv import conv
from jconv._verbs.padding import padding_modes, padding_pairs
from jconv._verbs.shapes import check_groups, check_ranks

VERB = "packed_conv"


def packed_conv(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    segment_ids: ArrayLike,
    causal: bool = True,
    padding: Padding = "SAME",
    dilation: IntOrInts = 1,
    groups: int = 1,
    padding_mode: PaddingMode | tuple[PaddingMode, ...] = "zeros",
    precision: PrecisionLike = None,
    preferred_element_type: Any = None,
    algorithm: str | Algorithm = "auto",
) -> Array:
    """Convolve packed sequences, each as if it were alone: causal in the first spatial axis, which is time.

    y[t, o, m] = sum over k, c with id[t'] = id[t] of  x[t', ..., c] * kernel[k, ..., c, m],  t' = t - d*(K - 1 - k),
    which is `jconv.ops.causal_conv` of each segment apart. Nothing leaks, neither values nor gradients nor NaNs. It is
    one product per tap in time, over x with the other segments' positions set to zero; the stride is 1.

    Args:
        x: (*batch, time, *spatial, c_in), with any number of batch axes, also none.
        kernel: (*window, c_in // groups, c_out); its first axis is time.
        segment_ids: integers (*batch, time), or (time,) for all of a batch. Neighbours that belong together have the
            same number; two segments within reach of the window must have different ones. Padding is a segment too.
        causal: whether the last tap sees the present; else the middle one, t' = t + d*k - d*(K - 1) // 2.
        padding: of the spatial axes after time: a word, an int, an int per axis or a (low, high) pair per axis.
        dilation: distance between neighbouring taps, in time first; an int is spread to all axes.
        groups: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`, for the axes after time; before a segment stand zeros.
        precision: as in `jconv.conv`.
        preferred_element_type: as in `jconv.conv`.
        algorithm: as in `jconv.conv`.

    Returns:
        (*batch, time, *outputs, c_out).

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution.

    Examples:
        >>> import jax.numpy as jnp
        >>> x, kernel = jnp.array([1.0, 2.0, 3.0, 4.0])[:, None], jnp.array([10.0, 1.0])[:, None, None]
        >>> packed_conv(x, kernel, segment_ids=jnp.array([0, 0, 1, 1])).ravel()
        Array([ 1., 12.,  3., 34.], dtype=float32)

    References:
        Dao, "causal-conv1d", https://github.com/Dao-AILab/causal-conv1d, for `seq_idx`; Krell et al., "Efficient
        sequence packing without cross-contamination", arXiv:2107.02027.
    """
    x, kernel = as_array(VERB, "x", x), as_array(VERB, "kernel", kernel)
    rank = check_ranks(VERB, "x", x.shape, kernel.shape)
    check_groups(VERB, groups, x.shape[-1], x.shape, kernel.shape)
    time = x.ndim - rank - 1
    ids = _ids(segment_ids, x, time)
    dilations = axis_ints(VERB, "dilation", dilation, rank, least=1)
    pairs, modes = _of_other_axes(x, kernel, rank, padding, dilations, padding_mode)
    dtype = common_dtype(VERB, "x", x, kernel)
    result = result_dtype(VERB, dtype, preferred_element_type, stacklevel=3)
    half = jnp.issubdtype(result, jnp.floating) and result.itemsize == 2
    wide = np.dtype(np.float32) if half else result
    length, taps = x.shape[time], kernel.shape[0]
    span = dilated_size(taps, dilations[0])
    low = span - 1 if causal else (span - 1) // 2
    terms = []
    for k in range(taps):
        shift = max(-length, min(length, dilations[0] * k - low))
        there, same = _moved(x, shift, time), _moved(ids, shift, time) == ids
        seen = jnp.where(same.reshape(*same.shape, *(1,) * (x.ndim - same.ndim)), there, jnp.zeros((), x.dtype))
        terms.append(
            conv(
                seen,
                lax.slice_in_dim(kernel, k, k + 1),
                padding=((0, 0), *pairs),
                dilation=dilations,
                groups=groups,
                padding_mode=modes,
                precision=precision,
                preferred_element_type=wide,
                algorithm=algorithm,
            )
        )
    return sum(terms[1:], start=terms[0]).astype(result)


def _ids(segment_ids: ArrayLike, x: Array, time: int) -> Array:
    """The ids as (*batch, time)."""
    ids, wanted = as_array(VERB, "segment_ids", segment_ids), x.shape[: time + 1]
    if not jnp.issubdtype(ids.dtype, jnp.integer):
        raise TypeError(f"{VERB}: segment_ids must be integers; they have dtype {ids.dtype}.")
    if ids.shape not in (wanted, wanted[-1:]):
        raise ValueError(
            f"{VERB}: segment_ids must be (*batch, time) = {wanted}, or (time,) = {wanted[-1:]}; they have shape "
            f"{ids.shape} (x has shape {x.shape})."
        )
    return jnp.broadcast_to(ids.reshape((1,) * (len(wanted) - ids.ndim) + ids.shape), wanted)


def _moved(a: Array, shift: int, axis: int) -> Array:
    """At t what was at t + shift, and zeros where there was nothing."""
    return pad_axes(a, axis, [(-shift, shift, 0)])


def _of_other_axes(x: Array, kernel: Array, rank: int, padding, dilations, padding_mode) -> tuple[Any, Any]:
    """The padding pairs of the axes after time, and a mode for every axis."""
    window, sizes = kernel.shape[1:rank], x.shape[x.ndim - rank : -1]
    if rank == 1:
        if not isinstance(padding, str) or padding.upper() != "SAME":
            raise ValueError(
                f"{VERB}: padding={padding!r} is for the spatial axes after the first, and the kernel has but one "
                f"window axis (kernel has shape {kernel.shape}). Leave it out."
            )
        pairs, implied = (), None
    else:
        pairs, implied = padding_pairs(VERB, padding, sizes, window, (1,) * (rank - 1), dilations[1:])
    if implied is not None:
        raise ValueError(f"{VERB}: for padding={padding!r} write padding='SAME' and padding_mode={implied!r}.")
    modes = padding_modes(VERB, padding_mode, None, rank)
    if rank == 1 and modes != ("zeros",):
        raise ValueError(f"{VERB}: padding_mode={padding_mode!r}: before a segment in time stand zeros. Leave it out.")
    kept = tuple(mode if any(pair) else "zeros" for mode, pair in zip(modes[1:], pairs, strict=True))
    return pairs, ("zeros", *kept)
