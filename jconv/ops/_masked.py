"""Convolution that sees only what came before in an order of the positions: the layers of PixelCNN."""

from math import prod
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np

from jconv._algorithms import Algorithm
from jconv._typing import Array, ArrayLike, IntOrInts, Ints, PrecisionLike
from jconv._verbs.arguments import as_array, axis_ints, common_dtype, one_int, one_word
from jconv._verbs.conv import conv
from jconv._verbs.shapes import check_groups, check_ranks
from jconv.ops._unfold import unfold


def masked_conv(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    kind: Literal["A", "B"] | str = "B",
    order: ArrayLike | None = None,
    channel_groups: int = 1,
    dilation: IntOrInts = 1,
    groups: int = 1,
    precision: PrecisionLike = None,
    algorithm: str | Algorithm = "auto",
) -> Array:
    """Convolve so that outputs depend only on positions that come earlier: PixelCNN's masks of type A and B.

    y[o, m] = sum over k, c of  x[i, c] * kernel[k, c, m] * seen[o, k, c, m],  i = o + d*(k - K // 2), on every spatial
    axis, where seen = 1 if i comes before o. At i = o, seen = 1 if the colour of channel c comes before that of m
    (kind "A", of a first layer) or is not after it (kind "B", of those behind). Channels are `channel_groups` blocks
    of equal size, the colours in their order. y has the spatial sizes of x, and zeros stand beyond the border.

    Args:
        x: (*batch, *spatial, c_in), with any number of batch axes, also none.
        kernel: (*window, c_in // groups, c_out), as in `jconv.conv`; what is not seen is multiplied by 0.
        kind: "A", where an output does not see its own position and colour, or "B", where it does.
        order: when each position comes, (*spatial) or (*batch, *spatial): numbers of which only the order counts; of
            equals, neither sees the other. None is raster order, the last axis fastest, and quicker to compute: an
            order that is one after flips and transpositions is quicker by flipping and transposing x.
        channel_groups: colours, such as 3 for red, green and blue; it divides c_in and c_out.
        dilation: as in `jconv.conv`.
        groups: as in `jconv.conv`.
        precision: as in `jconv.conv`.
        algorithm: as in `jconv.conv`.

    Returns:
        (*batch, *spatial, c_out).

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution.

    Examples:
        >>> import jax.numpy as jnp
        >>> x, ones = jnp.array([1.0, 2.0, 4.0])[:, None], jnp.ones((3, 1, 1))
        >>> masked_conv(x, ones).ravel()
        Array([1., 3., 6.], dtype=float32)
        >>> masked_conv(x, ones, kind="A", order=jnp.array([2, 0, 1])).ravel()
        Array([2., 0., 2.], dtype=float32)

    References:
        van den Oord, Kalchbrenner and Kavukcuoglu, "Pixel recurrent neural networks", arXiv:1601.06759.
        Jain, Abbeel and Pathak, "Locally masked convolution for autoregressive models", arXiv:2006.12486 (any order).
    """
    verb = "masked_conv"
    x, kernel = as_array(verb, "x", x), as_array(verb, "kernel", kernel)
    rank = check_ranks(verb, "x", x.shape, kernel.shape)
    groups = check_groups(verb, groups, x.shape[-1], x.shape, kernel.shape)
    kind = one_word(verb, "kind", kind, ("A", "B"))
    colours = _colours(verb, channel_groups, x.shape[-1], kernel.shape[-1], groups)
    colours_seen = colours[0] < colours[1] if kind == "A" else colours[0] <= colours[1]
    dilation = axis_ints(verb, "dilation", dilation, rank, least=1)
    padding = tuple((d * (k // 2), d * (k - 1 - k // 2)) for k, d in zip(kernel.shape, dilation, strict=False))
    words: dict[str, Any] = dict(groups=groups, precision=precision, algorithm=algorithm)
    if order is None:
        seen = _raster(kernel.shape[:rank], colours_seen)
        return conv(x, kernel * jnp.asarray(seen, kernel.dtype), padding=padding, dilation=dilation, **words)
    before = _before(verb, as_array(verb, "order", order), x.shape, kernel.shape[:rank], padding, dilation)
    dtype = common_dtype(verb, "x", x, kernel)
    patches = unfold(x, kernel.shape[:rank], padding=padding, dilation=dilation)
    earlier = jnp.where(before, patches, jnp.zeros((), x.dtype))
    ones = (1,) * rank
    centre = kernel[tuple(k // 2 for k in kernel.shape[:rank])] * jnp.asarray(colours_seen, kernel.dtype)
    # The patches are side by side as channels, those of a group together: two convolutions with one tap.
    each, c_out = kernel.shape[-2:]
    laid = jnp.moveaxis(earlier.reshape(*x.shape[:-1], -1, groups, each), -2, -3).reshape(*x.shape[:-1], -1)
    y = conv(laid.astype(dtype), kernel.astype(dtype).reshape(*ones, -1, c_out), **words)
    return y + conv(x.astype(dtype), centre.astype(dtype).reshape(*ones, each, c_out), **words)


def _colours(verb: str, count: int, c_in: int, c_out: int, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """The colour of the inputs that each output's kernel is for, [c_in // groups, c_out], and of the outputs."""
    count = one_int(verb, "channel_groups", count, least=1)
    if c_in % count or c_out % count:
        raise ValueError(f"{verb}: channel_groups={count} must divide c_in={c_in} and c_out={c_out}.")
    made, each = np.arange(c_out), np.arange(c_in // groups)
    inputs = (made // (c_out // groups))[None] * (c_in // groups) + each[:, None]
    return inputs // (c_in // count), np.broadcast_to(made // (c_out // count), inputs.shape)


def _raster(window: Ints, colours_seen: np.ndarray) -> np.ndarray:
    """What of a kernel is seen in raster order, [*K, c_in // groups, c_out]."""
    taps = np.arange(prod(window)).reshape(window)
    centre = taps[tuple(k // 2 for k in window)]
    return np.where(taps[..., None, None] == centre, colours_seen, taps[..., None, None] < centre)


def _before(verb: str, order: Array, x_shape: Ints, window: Ints, padding, dilation: Ints) -> Array:
    """Whether what a tap sees comes before the output, [*batch, *spatial, *K, 1], or with batch axes of length 1."""
    sizes = x_shape[len(x_shape) - len(window) - 1 : -1]
    if order.shape not in (sizes, x_shape[:-1]):
        raise ValueError(
            f"{verb}: order must be a number per position, {sizes} or {x_shape[:-1]}; it has shape {order.shape}."
        )
    order = order.reshape((1,) * (len(x_shape) - 1 - order.ndim) + order.shape)[..., None]
    met = unfold(order, window, padding=padding, dilation=dilation)
    # Beyond the border stand zeros in x, whatever the order says there.
    return met < order.reshape(*order.shape[:-1], *(1,) * len(window), 1)
