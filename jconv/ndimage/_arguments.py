"""SciPy's arguments as integers: axes, a value per axis, and how far a window reaches on either side."""

import warnings
from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

from jconv._typing import Ints, Pairs


def check_axes(verb: str, axes: Any, ndim: int) -> Ints:
    """The axes to filter, counted from the front; None means all."""
    if axes is None:
        return tuple(range(ndim))
    try:
        numbers = tuple(map(index, axes)) if np.iterable(axes) else (index(axes),)
    except TypeError:
        raise TypeError(f"{verb}: axes={axes!r} holds what cannot be interpreted as an integer.") from None
    for axis in numbers:
        if not -ndim <= axis < ndim:
            raise ValueError(f"{verb}: axes={axes!r}: {axis} is out of range for an input of {ndim} axes.")
    counted = tuple(axis % ndim for axis in numbers)
    if len(set(counted)) != len(counted):
        raise ValueError(f"{verb}: axes={axes!r}: axes must be unique.")
    return counted


def check_axis(verb: str, axis: Any, ndim: int) -> int:
    """One axis, counted from the front."""
    if not -ndim <= index(axis) < ndim:
        raise ValueError(f"{verb}: axis={axis!r} is out of range for an input of {ndim} axes.")
    return index(axis) % ndim


def per_axis(verb: str, name: str, value: Any, count: int) -> tuple:
    """One value per filtered axis; a single one is spread to all."""
    if isinstance(value, str) or not np.iterable(value):
        return (value,) * count
    if len(tuple(value)) != count:
        raise ValueError(
            f"{verb}: {name}={value!r}: a sequence argument must have length equal to input rank, or to the number of "
            f"axes where axes are given (here {count})."
        )
    return tuple(value)


def window_pairs(verb: str, sizes: Sequence[int], origins: Sequence[Any]) -> Pairs:
    """How many positions a window reaches (below, above) its centre, which is size // 2 + origin, on every axis."""
    pairs = []
    for size, origin in zip(sizes, origins, strict=True):
        low = size // 2 + index(origin)
        if not 0 <= low < size:
            raise ValueError(
                f"{verb}: origin={origin} is an invalid origin for a window of {size}: it must lie in "
                f"[{-(size // 2)}, {(size - 1) // 2}]."
            )
        pairs.append((low, size - 1 - low))
    return tuple(pairs)


def mirrored_origin(origin: Any, size: int) -> int:
    """The origin of a window of `size` turned around."""
    return -index(origin) - (1 - size % 2)


def on_all_axes(values: Sequence[Any], axes: Ints, ndim: int, idle: Any) -> tuple:
    """Values of `axes` spread to all axes: `idle` where nothing is filtered. If none is idle, as they stand."""
    if len(axes) == ndim:
        return tuple(values)
    spread = dict(zip(axes, values, strict=True))
    return tuple(spread.get(axis, idle) for axis in range(ndim))


def full_shape(verb: str, name: str, shape: Ints, axes: Ints, ndim: int) -> Ints:
    """The shape of a window over `axes` with 1 on the axes between; its own axes stand in the input's order."""
    if len(shape) != len(axes):
        raise ValueError(f"{verb}: {name}.ndim ({len(shape)}) must match len(axes) ({len(axes)}).")
    return on_all_axes(shape, tuple(sorted(axes)), ndim, 1)


def check_footprint(verb: str, size: Any, footprint: Any, count: int) -> np.ndarray:
    """The footprint as booleans: the one given, or all of `size`."""
    if footprint is None:
        if size is None:
            raise ValueError(f"{verb}: no footprint or filter size provided: give size= or footprint=.")
        return np.ones(tuple(map(index, per_axis(verb, "size", size, count))), bool)
    if size is not None:
        warnings.warn(f"{verb}: ignoring size because footprint is set", UserWarning, stacklevel=3)
    footprint = np.asarray(footprint, bool)
    if not footprint.any():
        raise ValueError(f"{verb}: All-zero footprint is not supported.")
    return footprint
