"""receptive_field: which part of its input each output of a function sees."""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor, inf
from typing import Any, NamedTuple

import jax

from jconv.arithmetic._lines import Line, on_axis
from jconv.arithmetic._program import program_of
from jconv.arithmetic._propagate import NOTHING, propagate
from jconv.arithmetic._rules import Value


class ReceptiveField(NamedTuple):
    """Output o, along each spatial axis, sees the inputs `stride*o + start` and the `size - 1` after it.

    Args:
        size: inputs that an output sees; infinite where nothing bounds it.
        stride: inputs between what neighbouring outputs see; 0 where all outputs see the same. A fraction
            where the output is finer than the input.
        start: the first input that output 0 sees; negative in padding. A fraction rounds up.
    """

    size: tuple[int | float, ...]
    stride: tuple[int | float, ...]
    start: tuple[int | float, ...]


def receptive_field(function: Any, x: Any, *, axes: Sequence[int] | None = None) -> Any:
    """Find the receptive field of a function by interval propagation over its jaxpr; nothing is computed.

    Branches, skip connections, loops, jitted functions, transposed convolutions, resizing and attention
    included: the interval that holds all inputs of all branches. It is that of outputs away from the
    border; padding counts as if the input went on. An operation that is not known counts as seeing all. Where
    neighbouring outputs see windows of their own kinds, as after upsampling, it is the least interval that
    holds for all of them.

    Args:
        function: of one array; a Flax or Equinox model, too.
        x: the array, or a `jax.ShapeDtypeStruct`.
        axes: its spatial axes; by default all but the first and the last.

    Returns:
        A `ReceptiveField` with an entry per axis; in the structure of the function's result, if that is
        not one array. None for a result that does not depend on x.

    Raises:
        ValueError: x has no spatial axes.

    Examples:
        >>> import jax.numpy as jnp
        >>> from jconv import conv
        >>> kernel = jnp.ones((3, 1, 1))
        >>> def net(x):
        ...     y = conv(x, kernel, stride=2, padding="SAME")
        ...     return y + conv(y, kernel, padding="SAME")
        >>> receptive_field(net, jnp.ones((1, 32, 1)))
        ReceptiveField(size=(7,), stride=(2,), start=(-2,))

    References:
        Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks", Distill (2019).
    """
    shape = x.shape
    axes = tuple(range(1, len(shape) - 1)) if axes is None else tuple(a % len(shape) for a in axes)
    if not axes:
        raise ValueError(
            f"receptive_field: x of shape {tuple(shape)} has no axes between the first and the last: name its "
            f"spatial axes by axes=..."
        )
    program = program_of(function, x)
    lines = tuple(on_axis(a, shape[a]) for a in axes)
    first = len(program.inner.jaxpr.invars) - 1
    found = propagate(program.inner, [NOTHING] * first + [Value(lines)])
    return jax.tree.unflatten(program.results, [_field(value) for value in found])


def _field(value: Value) -> ReceptiveField | None:
    if value.lines is None:
        return None
    return ReceptiveField(*zip(*map(_summary, value.lines), strict=True))


def _summary(line: Line) -> tuple[int | float, int | float, int | float]:
    if inf in (-line.low, line.high):
        return inf, 0, -inf
    low, high = Fraction(line.low), Fraction(line.high)
    if line.jump.denominator == 1:  # then all outputs see the whole positions within the interval
        low, high = Fraction(ceil(low)), Fraction(floor(high))
    return floor(high - low) + 1, _plain(line.jump), _plain(low)


def _plain(number: Fraction) -> int | float:
    return number.numerator if number.denominator == 1 else float(number)
