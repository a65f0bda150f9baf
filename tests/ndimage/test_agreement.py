"""Every filter that SciPy has gives SciPy's results."""

import numpy as np
import pytest
import scipy.ndimage
from ndimage_cases import FUNCTIONS, case

from jconv import ndimage

QUICK, ALL = 8, 200
# A sum that is an integer but for rounding may be cut off to the next one, in every pass of a filter along an axis.
# These two add up a blur for each of three axes. Where integers differ, the same in floats must not.
PASSES = {"gaussian_laplace": 9, "gaussian_gradient_magnitude": 9}


def second(library):
    """A second derivative for `generic_laplace`."""

    def derivative2(x, axis, output, mode, cval):
        return library.correlate1d(x, np.array([1, -2, 1]), axis, output, mode, cval)

    return derivative2


def call(library, name, arguments, keywords):
    if name == "generic_laplace":
        arguments = (*arguments, second(library))
    if name == "generic_gradient_magnitude":
        arguments = (*arguments, library.prewitt)
    return np.asarray(getattr(library, name)(*arguments, **keywords))


def widened(arguments, keywords):
    """The same in complex128, to the same result: SciPy computes with complex64 in single precision."""
    x, *rest = arguments
    if x.dtype != np.complex64:
        return arguments, keywords
    return (x.astype(np.complex128), *rest), {"output": x.dtype} | keywords


def distance(found, expected):
    """How far a result is off: in integers, modulo the dtype's range; else in rounding errors of the largest value."""
    if expected.dtype.kind in "iu":
        off = (found - expected).astype(f"i{expected.itemsize}")
        return int(np.abs(off.astype(np.int64)).max(initial=0))
    scale = np.finfo(expected.dtype).eps * max(np.abs(expected).max(initial=0), 20)
    return float(np.abs(found - expected).max(initial=0) / scale)


def off(name, k):
    """The distance of call number k, and whether its result is made of integers."""
    arguments, keywords = case(name, k)
    expected = call(scipy.ndimage, name, *widened(arguments, keywords))
    found = call(ndimage, name, arguments, keywords)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape), k
    far, whole = distance(found, expected), expected.dtype.kind in "iu"
    if whole and far:
        keywords = keywords | {"output": np.dtype(np.float64)}
        uncut = (call(library, name, arguments, keywords) for library in (ndimage, scipy.ndimage))
        assert distance(*uncut) <= 8, k
    return far, whole


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_few_calls_give_scipys_results(name, x64):
    assert_alike(name, [off(name, k) for k in range(QUICK)])


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_hundreds_of_calls_give_scipys_results(name, x64):
    assert_alike(name, [off(name, k) for k in range(QUICK, ALL + QUICK)])


def assert_alike(name, distances):
    """Every result within rounding, and of integers at most one call in fifty off for each three passes."""
    passes = PASSES.get(name, 3)
    assert max((d for d, whole in distances if not whole), default=0) <= 8
    assert max((d for d, whole in distances if whole), default=0) <= passes
    assert sum(d > 0 for d, whole in distances if whole) <= len(distances) * passes // 150
