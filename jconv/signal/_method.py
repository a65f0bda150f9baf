"""Whether sums over windows or Fourier transforms are quicker: a function of shapes and dtypes alone."""

from functools import cache
from math import prod

import jax
import jax.numpy as jnp
import numpy as np

from jconv._algorithms import ALGORITHMS
from jconv._algorithms.fft.record import cost as fft_cost
from jconv._choice.choose import choose_algorithm
from jconv._choice.seconds import RATES
from jconv._typing import DType, Ints
from jconv.signal._convolution import posed, smaller_second
from jconv.signal._dtypes import default_float
from jconv.signal._modes import crops

# How many times more multiply-adds direct sums may take where nothing was measured: one channel fills no matrix unit,
# and transforms pass over memory several times.
UNMEASURED_RATIO = 16


def quicker_method(mode: str, shape1: Ints, shape2: Ints, dtypes: tuple[DType, DType]) -> str:
    """The quicker of "direct" and "fft" for a convolution over all axes, "direct" where "fft" could not be right.

    On CPU the core's cost model decides, elsewhere counts of multiply-adds do.
    """
    if not _right_by_transform(dtypes, min(prod(shape1), prod(shape2))):
        return "direct"
    common = jnp.promote_types(*dtypes)
    dtype = np.dtype(common if jnp.issubdtype(common, jnp.inexact) else default_float())
    return "fft" if _transforms_are_quicker(mode, shape1, shape2, dtype, jax.default_backend()) else "direct"


@cache
def _transforms_are_quicker(mode: str, shape1: Ints, shape2: Ints, dtype: DType, platform: str) -> bool:
    axes = tuple(a for a in range(len(shape1)) if shape1[a] != 1 and shape2[a] != 1)
    if not axes:
        return False
    crop = crops(mode, tuple(shape1[a] for a in axes), tuple(shape2[a] for a in axes))
    if not smaller_second(shape1, shape2, axes):
        shape1, shape2 = shape2, shape1
    problem = posed(shape1, shape2, axes, crop, dtype, "auto")
    if platform in RATES:
        return choose_algorithm(problem, platform).name == "fft"
    return UNMEASURED_RATIO * fft_cost(problem, platform).multiply_adds < problem.multiply_adds


def _right_by_transform(dtypes: tuple[DType, DType], terms: int) -> bool:
    """Whether rounding what the transforms give is exact, whatever the integers are; fractions need no rounding."""
    if any(jnp.issubdtype(dtype, jnp.inexact) for dtype in dtypes):
        return True
    if any(jnp.issubdtype(dtype, jnp.bool_) for dtype in dtypes):
        return False
    largest = [max(-int(jnp.iinfo(dtype).min), int(jnp.iinfo(dtype).max)) for dtype in dtypes]
    error = ALGORITHMS["fft"].error_bound * float(jnp.finfo(default_float()).eps)
    return error * largest[0] * largest[1] * terms < 0.5
