"""Downsampling without aliasing: blur, then stride."""

from collections.abc import Sequence

import jax.numpy as jnp

from jconv._typing import Array, ArrayLike, IntOrInts, Padding, PaddingMode
from jconv._verbs.arguments import axis_ints
from jconv._verbs.conv import conv
from jconv._verbs.padding import check_boundary, padding_modes, padding_pairs
from jconv._verbs.shapes import check_window
from jconv.kernels._smooth import binomial
from jconv.ops._avg_pool import with_fractions
from jconv.ops._windows import rank_of, spatial_sizes


def blur_pool(
    x: ArrayLike,
    window: Sequence[int],
    *,
    stride: IntOrInts = 2,
    padding: Padding | str = "REFLECT",
    padding_mode: PaddingMode | str | tuple[str, ...] = "zeros",
) -> Array:
    """Blur by a binomial kernel, then keep every `stride`-th position: downsampling that commutes with shifts better.

    y[o] = sum over k of  x[s*o + k - lo] * b[k]  on every spatial axis, where b is a row of Pascal's triangle that sums
    to one: [1, 2, 1] / 4 for three taps. Max pooling without aliasing is `max_pool(x, window, stride=1)` and then this;
    a strided convolution is one at stride 1 and then this.

    Args:
        x: (*batch, *spatial, c), with any number of batch axes, also none.
        window: taps of b per spatial axis; its length is the number of spatial axes.
        stride: steps between neighbouring outputs; ints are spread to all axes.
        padding: as in `jconv.conv`; "REFLECT" keeps ceil(size / stride) outputs, mirrored at the border.
        padding_mode: as in `jconv.conv`.

    Returns:
        (*batch, *outputs, c), of x's dtype; of integers, floating point.

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> blur_pool(jnp.array([0.0, 4.0, 0.0, 4.0, 0.0])[:, None], (3,)).ravel()
        Array([2., 2., 2.], dtype=float32)

    References:
        Zhang, "Making convolutional networks shift-invariant again", arXiv:1904.11486.
    """
    verb = "blur_pool"
    (x, _), rank = with_fractions(verb, x), rank_of(verb, "window", window)
    window = axis_ints(verb, "window", window, rank, least=1)
    stride = axis_ints(verb, "stride", stride, rank, least=1)
    sizes, ones = spatial_sizes(verb, x, rank, f"window={window}"), (1,) * rank
    pairs, implied = padding_pairs(verb, padding, sizes, window, stride, ones)
    modes = padding_modes(verb, padding_mode, implied, rank)
    check_boundary(verb, sizes, pairs, modes)
    check_window(verb, sizes, pairs, window, ones)
    for a, (k, s, pair, mode) in enumerate(zip(window, stride, pairs, modes, strict=True)):
        kernel = binomial(k, ndim=1).astype(x.dtype).reshape(*ones[:a], k, *ones[a + 1 :], 1, 1)
        x = conv(
            x,
            jnp.broadcast_to(kernel, (*kernel.shape[:-1], x.shape[-1])),
            stride=(*ones[:a], s, *ones[a + 1 :]),
            padding=tuple(pair if b == a else (0, 0) for b in range(rank)),
            groups=x.shape[-1],
            padding_mode=tuple(mode if b == a else "zeros" for b in range(rank)),
        )
    return x
