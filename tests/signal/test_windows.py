"""All windows are SciPy's, by all their names, periodic and symmetric."""

import numpy as np
import pytest
import scipy.signal

from jconv.signal._windows import ALIASES, WINDOWS, get_window

PARAMETERS = {
    "general_hamming": (0.6,),
    "general_cosine": ([1.0, 0.5, 0.2],),
    "chebwin": (60.0,),
    "dpss": (2.0,),
    "gaussian": (3.0,),
    "general_gaussian": (1.5, 4.0),
    "kaiser": (5.0,),
    "kaiser_bessel_derived": (4.0,),
    "tukey": (0.3,),
    "exponential": (None, 3.0),
    "taylor": (5, 35.0),
}


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("name", WINDOWS)
def test_windows_equal_scipys(name, periodic):
    window = (name, *PARAMETERS[name]) if name in PARAMETERS else name
    if name == "kaiser_bessel_derived":
        if periodic:
            pytest.skip("it is symmetric only")
        sizes = (2, 4, 8, 20)
    else:
        sizes = (1, 2, 6, 7, 16, 33)
    if name == "dpss":  # its bandwidth must be less than half its size
        sizes = (6, 7, 16, 33)
    for size in sizes:
        want = scipy.signal.get_window(window, size, fftbins=periodic)
        np.testing.assert_allclose(get_window("test", window, size, periodic=periodic), want, atol=1e-13)


def test_aliases_are_scipys():
    for name, others in ALIASES.items():
        for other in others:
            parameters = PARAMETERS.get(name, ())
            ours = get_window("test", (other, *parameters), 8, periodic=False)
            theirs = scipy.signal.get_window((other, *parameters), 8, fftbins=False)
            np.testing.assert_allclose(ours, theirs, atol=1e-13)


def test_a_number_is_kaisers_beta_and_words_may_say_periodic():
    np.testing.assert_array_equal(
        get_window("test", 4.0, 9, periodic=False), get_window("test", ("kaiser", 4.0), 9, periodic=False)
    )
    for ending, periodic in (("_periodic", True), ("_symmetric", False)):
        np.testing.assert_array_equal(
            get_window("test", "hann" + ending, 9, periodic=not periodic),
            get_window("test", "hann", 9, periodic=periodic),
        )


@pytest.mark.parametrize(
    ("window", "words"),
    [("hanning", "is not one of"), (("gaussian",), "takes 1 parameters"), (("hann", 3), "takes 0"), ((3, 4), "begin")],
)
def test_what_is_no_window_is_refused(window, words):
    with pytest.raises(ValueError, match=words):
        get_window("stft", window, 8, periodic=True)


def test_a_weak_chebyshev_window_warns():
    with pytest.warns(UserWarning, match="45 dB"):
        get_window("stft", ("chebwin", 30.0), 8, periodic=True)
