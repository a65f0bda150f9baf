"""A pytest plugin: SciPy's functions in `scipy.ndimage` are jconv's, for the tests that SciPy ships.

It is loaded in a process of its own, before SciPy's test file is imported. Around jconv's function stands what
only SciPy's callers need: arrays given as `output` are filled, and a ValueError is a RuntimeError too, which
SciPy raises for many bad values.
"""

import functools

import jax
import numpy as np
import scipy.ndimage
from scipy._lib._array_api import xp_capabilities_table

import jconv.ndimage

jax.config.update("jax_enable_x64", True)  # SciPy sums in float64

BEYOND_SCIPY = {"bilateral_filter", "guided_filter", "normalized_convolve"}
NAMES = sorted(name for name in vars(jconv.ndimage) if not name.startswith("_") and name not in BEYOND_SCIPY)


class BadValueError(ValueError, RuntimeError):
    """What either library raises for a bad value."""


def as_scipy_is_called(name):
    """jconv's function of this name, with SciPy's signature, for NumPy arrays."""
    original, function = getattr(scipy.ndimage, name), getattr(jconv.ndimage, name)

    @functools.wraps(original)
    def call(*args, **kwargs):
        bound = SIGNATURES[name].bind(*args, **kwargs)
        target = bound.arguments.get("output")
        if isinstance(target, np.ndarray):
            if np.iscomplexobj(bound.arguments["input"]) and not np.iscomplexobj(target):
                raise BadValueError("output must have complex dtype")
            bound.arguments["output"] = target.dtype
        try:
            result = np.array(function(*bound.args, **bound.kwargs))
        except ValueError as error:
            raise BadValueError(*error.args) from error
        if not isinstance(target, np.ndarray):
            return result
        target[...] = result
        return target

    return call


import inspect

SIGNATURES = {name: inspect.signature(getattr(jconv.ndimage, name)) for name in NAMES}
for name in NAMES:
    original, replacement = getattr(scipy.ndimage, name), as_scipy_is_called(name)
    if original in xp_capabilities_table:
        xp_capabilities_table[replacement] = xp_capabilities_table[original]
    setattr(scipy.ndimage, name, replacement)
