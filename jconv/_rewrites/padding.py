"""Zeros around and between positions, by a copy; and slices at traced positions."""

from collections.abc import Sequence
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._equation.problem import ConvProblem
from jconv._typing import Array, Ints

Pad: TypeAlias = tuple[int, int, int]  # zeros before, after and between the positions of an axis; negative ones crop


def pad_axes(array: Array, first: int, pads: Sequence[Pad]) -> Array:
    """Put zeros before, after and between the positions of neighbouring axes, or crop them.

    Args:
        array: any array.
        first: the first of the axes, not negative.
        pads: (before, after, between) for it and those that follow; the axes left over stay as they are.

    Returns:
        The padded array; the array itself where nothing is to be padded.
    """
    if not any(map(any, pads)):
        return array
    nothing = (0, 0, 0)
    after = array.ndim - first - len(pads)
    return lax.pad(array, jnp.zeros((), array.dtype), [*[nothing] * first, *pads, *[nothing] * after])


def pad_input(x: Array, problem: ConvProblem) -> Array:
    """Pad x [N, *I, G, C] so that every window lies inside it: zeros between, before and after, or cropped."""
    return pad_axes(x, 1, [(axis.low, axis.high, axis.input_dilation - 1) for axis in problem.axes])


def slice_at(x: Array, start: Sequence[int | Array], sizes: Ints) -> Array:
    """Slice x from `start`, ints or traced int32: lax wants one dtype, and takes ints for int64 under x64."""
    return lax.dynamic_slice(x, [at if isinstance(at, jax.Array) else np.int32(at) for at in start], sizes)
