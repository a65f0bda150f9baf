"""Resampling between rates of many places equals SciPy's, and compiles in seconds."""

import time

import jax
import numpy as np
import pytest
import scipy.signal

from jconv import signal


@pytest.mark.parametrize(
    ("up", "down", "length", "inputs"),
    [(9, 4, 30, 17), (10, 24, 7, 50), (24, 10, 61, 9), (11, 11, 5, 8), (13, 50, 3, 7)],
)
@pytest.mark.parametrize("mode", ["constant", "reflect"])
def test_many_places_between_two_inputs(up, down, length, inputs, mode, x64):
    rng = np.random.default_rng(up)
    h, x = rng.standard_normal(length), rng.standard_normal((2, inputs, 3))
    expected = scipy.signal.upfirdn(h, x, up, down, axis=1, mode=mode)
    np.testing.assert_allclose(signal.upfirdn(h, x, up, down, axis=1, mode=mode), expected, atol=1e-12)


def test_the_rates_of_sound_compile_in_seconds():
    x = np.random.default_rng(0).standard_normal((3, 2000)).astype(np.float32)
    started = time.perf_counter()
    resample = jax.jit(lambda x: signal.resample_poly(x, 160, 441, axis=1)).lower(x).compile()
    assert time.perf_counter() - started < 30  # a program for each of 160 places took over ten minutes
    np.testing.assert_allclose(resample(x), scipy.signal.resample_poly(x, 160, 441, axis=1), atol=2e-5)
