"""A pytest plugin: SciPy's functions in `scipy.ndimage` are jconv's, for the tests that SciPy ships.

It is loaded in a process of its own, before SciPy's test file is imported. Around jconv's function stands what
only SciPy's callers need: an array given as `output` is filled, and a ValueError is a RuntimeError too, which
SciPy raises for many bad values.
"""

import functools
import inspect

import jax
import numpy as np
import scipy.ndimage
from scipy._lib._array_api import xp_capabilities_table

from jconv import ndimage

NAMES = sorted(set(ndimage.__all__) & set(dir(scipy.ndimage)))


class BadValueError(ValueError, RuntimeError):
    """What either library raises for a bad value."""


def as_scipy_is_called(original, function):
    """jconv's function in place of SciPy's, for NumPy arrays."""
    signature = inspect.signature(function)

    @functools.wraps(original)
    def call(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        target = bound.arguments.get("output")
        filled = isinstance(target, np.ndarray)
        if filled:
            operands = [bound.arguments[name] for name in ("input", "weights") if name in bound.arguments]
            if any(map(np.iscomplexobj, operands)) and not np.iscomplexobj(target):
                raise BadValueError("output must have complex dtype")
            bound.arguments["output"] = target.dtype
        try:
            result = np.array(function(*bound.args, **bound.kwargs))
        except ValueError as error:
            raise BadValueError(*error.args) from error
        if not filled:
            return result
        target[...] = result
        return target

    return call


def pytest_configure(config):
    """Put jconv's functions in place: only where this file is loaded as a plugin, never where it is only imported."""
    jax.config.update("jax_enable_x64", True)  # SciPy sums in float64
    for name in NAMES:
        scipys = getattr(scipy.ndimage, name)
        replacement = as_scipy_is_called(scipys, getattr(ndimage, name))
        if scipys in xp_capabilities_table:
            xp_capabilities_table[replacement] = xp_capabilities_table[scipys]
        setattr(scipy.ndimage, name, replacement)
