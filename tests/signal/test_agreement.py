"""Random cases of every function agree with SciPy, or scikit-image, over modes, boundaries, axes and dtypes."""

import inspect

import pytest
from scipy import signal as scipy_signal
from signal_cases import DRAW, mismatches

from jconv import signal

ALL = 250  # cases per function in the long sweep


def test_every_function_is_drawn():
    assert set(DRAW) | {"choose_conv_method"} == set(signal.__all__)


@pytest.mark.filterwarnings("ignore:NOLA condition failed")
@pytest.mark.parametrize("name", DRAW)
def test_a_few_random_cases_agree(name, x64):
    found, _ = mismatches(name, range(1000, 1002))
    assert found == []


@pytest.mark.parametrize(("name", "seed"), [("savgol_coeffs", 4), ("wiener", 81)])
def test_cases_that_scipy_gets_wrong(name, seed, x64):
    """Taps that cost its least squares 12,000 units of eps, and a variance of 0 over a noise of 0."""
    found, _ = mismatches(name, [seed])
    assert found == []


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:NOLA condition failed")
@pytest.mark.parametrize("name", DRAW)
def test_all_random_cases_agree(name, x64):
    found, worst = mismatches(name, range(ALL))
    assert found == []
    assert name == "correlation_lags" or worst > 0.1  # the bound says something


def test_defaults_and_names_are_scipys():
    for name in set(signal.__all__) & set(vars(scipy_signal)) - {"sepfir2d"}:  # which may be a builtin
        ours, theirs = (inspect.signature(getattr(m, name)).parameters for m in (signal, scipy_signal))
        assert [p for p in theirs if p not in ("xp", "device")] == list(ours), name
        for parameter in ours:
            defaults = [p[parameter].default for p in (ours, theirs)]
            assert defaults[0] == defaults[1] or defaults == ["hann", "hann_periodic"], (name, parameter)
