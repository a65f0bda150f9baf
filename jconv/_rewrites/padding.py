"""Zeros around and between positions, by a copy; and slices at traced positions."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._equation.problem import ConvProblem
from jconv._typing import Array, Ints


def pad_input(x: Array, problem: ConvProblem) -> Array:
    """Pad x [N, *I, G, C] so that every window lies inside it: zeros between, before and after, or cropped."""
    between = [e - 1 for e in problem.input_dilation]
    spatial = list(zip(problem.low, problem.high, between, strict=True))
    if not any(map(any, spatial)):
        return x
    return lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *spatial, (0, 0, 0), (0, 0, 0)])


def slice_at(x: Array, start: Sequence[int | Array], sizes: Ints) -> Array:
    """Slice x from `start`, ints or traced int32: lax wants one dtype, and takes ints for int64 under x64."""
    return lax.dynamic_slice(x, [at if isinstance(at, jax.Array) else np.int32(at) for at in start], sizes)
