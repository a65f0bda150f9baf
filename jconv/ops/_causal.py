"""Convolution that sees no future: causal in the first spatial axis."""

from typing import Any, cast

from jconv._algorithms import Algorithm
from jconv._equation.geometry import dilated_size
from jconv._typing import Array, ArrayLike, IntOrInts, Padding, PaddingMode, Pairs, PrecisionLike
from jconv._verbs.arguments import as_array, axis_ints
from jconv._verbs.conv import conv
from jconv._verbs.padding import padding_modes, padding_pairs
from jconv._verbs.shapes import check_ranks


def causal_conv(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    stride: IntOrInts = 1,
    padding: Padding = "SAME",
    dilation: IntOrInts = 1,
    groups: int = 1,
    padding_mode: PaddingMode | tuple[PaddingMode, ...] = "zeros",
    precision: PrecisionLike = None,
    preferred_element_type: Any = None,
    algorithm: str | Algorithm = "auto",
) -> Array:
    """Convolve so that outputs depend on the past alone: causal in the first spatial axis, which is time.

    y[t, o, m] = sum over k, c of  x[s*t - d*(K - 1 - k), ..., c] * kernel[k, ..., c, m]  along time: the last tap sees
    the present, and before the first input stands what `padding_mode` says. The other spatial axes are those of
    `jconv.conv`. There are ceil(inputs / stride) outputs in time.

    Args:
        x: (*batch, time, *spatial, c_in), with any number of batch axes, also none.
        kernel: (*window, c_in // groups, c_out), as in `jconv.conv`; its first axis is time.
        stride: steps between neighbouring outputs, in time first; an int is spread to all axes.
        padding: of the spatial axes after the first: a word, an int, an int per axis or a (low, high) pair per axis.
        dilation: distance between neighbouring taps, in time first; an int is spread to all axes.
        groups: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`, in all axes or one word per axis, in time first.
        precision: as in `jconv.conv`.
        preferred_element_type: as in `jconv.conv`.
        algorithm: as in `jconv.conv`.

    Returns:
        (*batch, outputs in time, *outputs, c_out).

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution.

    Examples:
        >>> import jax.numpy as jnp
        >>> x, kernel = jnp.arange(1.0, 6.0)[:, None], jnp.array([10.0, 1.0])[:, None, None]
        >>> causal_conv(x, kernel, dilation=2).ravel()
        Array([ 1.,  2., 13., 24., 35.], dtype=float32)

    References:
        van den Oord et al., "WaveNet: a generative model for raw audio", arXiv:1609.03499.
    """
    verb = "causal_conv"
    x, kernel = as_array(verb, "x", x), as_array(verb, "kernel", kernel)
    rank = check_ranks(verb, "x", x.shape, kernel.shape)
    pairs = _causal_pairs(x, kernel, rank, stride, padding, dilation)
    modes = padding_modes(verb, padding_mode, None, rank)
    return conv(
        x,
        kernel,
        stride=stride,
        padding=pairs,
        dilation=dilation,
        groups=groups,
        # A mode with nothing to fill is refused, and a window of one tap leaves nothing.
        padding_mode=cast(Any, tuple(m if any(pair) else "zeros" for m, pair in zip(modes, pairs, strict=True))),
        precision=precision,
        preferred_element_type=preferred_element_type,
        algorithm=algorithm,
    )


def _causal_pairs(x: Array, kernel: Array, rank: int, stride, padding, dilation) -> Pairs:
    """All that the window reaches goes before the first position in time; the other axes are padded as is said."""
    verb = "causal_conv"
    sizes, window = x.shape[x.ndim - rank - 1 : -1], kernel.shape[:rank]
    strides = axis_ints(verb, "stride", stride, rank, least=1)
    dilations = axis_ints(verb, "dilation", dilation, rank, least=1)
    reach = dilated_size(window[0], dilations[0]) - 1
    if rank == 1:
        if isinstance(padding, str) and padding.upper() == "SAME":
            return ((reach, 0),)
        raise ValueError(
            f"{verb}: padding={padding!r} is for the spatial axes after the first, and the kernel has but one window "
            f"axis (kernel has shape {kernel.shape}). Leave it out."
        )
    pairs, implied = padding_pairs(verb, padding, sizes[1:], window[1:], strides[1:], dilations[1:])
    if implied is not None:
        raise ValueError(f"{verb}: for padding={padding!r} write padding='SAME' and padding_mode={implied!r}.")
    return ((reach, 0), *pairs)
