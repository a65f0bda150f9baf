"""Sizes of outputs, and the padding that keeps them."""

from typing import Any

import jax
import jax.numpy as jnp

from jconv._equation.geometry import dilated_size, word_padding
from jconv._typing import Array, IntOrInts, Ints, Pairs
from jconv._verbs.arguments import axis_ints
from jconv._verbs.conv import conv
from jconv._verbs.transpose import conv_transpose


def output_size(size: IntOrInts, window: IntOrInts, **options: Any) -> Ints:
    """Give the spatial sizes of what `conv` makes: `(size + low + high - span) // stride + 1` per axis.

    Args:
        size: of the input, an int or one per axis.
        window: taps, an int or one per axis.
        **options: stride, padding and dilation, as in `conv`.

    Returns:
        An int per axis.

    Raises:
        ValueError: as `conv` does.

    Examples:
        >>> output_size((224, 224), 7, stride=2, padding=3)
        (112, 112)

    References:
        Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.
    """
    sizes, windows = _sizes("output_size", size, window)
    return _shape(conv, sizes, windows, options)


def transposed_size(size: IntOrInts, window: IntOrInts, **options: Any) -> Ints:
    """Give the spatial sizes of what `conv_transpose` makes: `stride * (size - 1) + span - low - high` per axis.

    Args:
        size: of its input, an int or one per axis.
        window: taps, an int or one per axis.
        **options: stride, padding, dilation and output_padding, as in `conv_transpose`.

    Returns:
        An int per axis.

    Raises:
        ValueError: as `conv_transpose` does.

    Examples:
        >>> transposed_size((7, 7), 4, stride=2, padding=1)
        (14, 14)

    References:
        As for `output_size`.
    """
    sizes, windows = _sizes("transposed_size", size, window)
    return _shape(conv_transpose, sizes, windows, options)


def same_padding(
    size: IntOrInts, window: IntOrInts, *, stride: IntOrInts = 1, dilation: IntOrInts = 1, lower: bool = False
) -> Pairs:
    """Give the padding with which there are `ceil(size / stride)` outputs, as numbers.

    Args:
        size: of the input, an int or one per axis.
        window: taps, an int or one per axis.
        stride: as in `conv`.
        dilation: as in `conv`.
        lower: put the odd one on the low side, as "SAME_LOWER" does, and not on the high one, as "SAME" does.

    Returns:
        A (low, high) pair per axis.

    Raises:
        ValueError: a number is too small.

    Examples:
        >>> same_padding(8, 3, stride=2)
        ((0, 1),)

    References:
        As for `output_size`.
    """
    verb = "same_padding"
    sizes, windows = _sizes(verb, size, window)
    strides = axis_ints(verb, "stride", stride, len(sizes), least=1)
    dilations = axis_ints(verb, "dilation", dilation, len(sizes), least=1)
    spans = tuple(map(dilated_size, windows, dilations))
    return word_padding("SAME_LOWER" if lower else "SAME", sizes, spans, strides)


def _sizes(verb: str, size: Any, window: Any) -> tuple[Ints, Ints]:
    """Both with as many axes as either has."""
    lengths = {len(given) for given in (size, window) if hasattr(given, "__len__")}
    if len(lengths) > 1:
        raise ValueError(
            f"{verb}: size={size} has {len(size)} axes and window={window} has {len(window)}; give both as many, or an "
            f"int for all axes."
        )
    rank = max(lengths, default=1)
    return axis_ints(verb, "size", size, rank, least=0), axis_ints(verb, "window", window, rank, least=1)


def _shape(verb: Any, sizes: Ints, window: Ints, options: dict[str, Any]) -> Ints:
    """The spatial shape of a verb's result, from its own rules."""

    def run(x: Array, kernel: Array) -> Array:
        return verb(x, kernel, **options)

    operands = (jax.ShapeDtypeStruct(shape, jnp.float32) for shape in ((*sizes, 1), (*window, 1, 1)))
    return jax.eval_shape(run, *operands).shape[:-1]
