"""An array seen as lines along one axis: [before, n, after], extended beyond the border."""

from math import prod

from jconv._typing import Array, Ints
from jconv.ndimage._boundary import extend


def to_lines(x: Array, axis: int, pair: tuple[int, int], mode: str, cval: Array) -> Array:
    """[before, low + n + high, after], where n is the axis, extended by `pair`."""
    lines = x.reshape(prod(x.shape[:axis]), x.shape[axis], prod(x.shape[axis + 1 :]))
    return extend(lines, ((0, 0), pair, (0, 0)), mode, cval)


def from_lines(lines: Array, shape: Ints, axis: int) -> Array:
    """The array of `shape` (but for the axis, which may have another length) that the lines are of."""
    return lines.reshape(*shape[:axis], lines.shape[1], *shape[axis + 1 :])
