"""The benchmark of counting: its truth is that of slices summed one by one."""

import counting
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def test_true_sums_are_those_of_all_windows():
    mask = counting.masks()[0, ..., 0].astype(int)
    windows = sliding_window_view(mask, (counting.WINDOW,) * 2)
    np.testing.assert_array_equal(counting.true_sums(mask), windows.sum((2, 3)))


def test_it_prints_what_the_docstrings_say(capsys):
    assert counting.main() == 0
    assert "of 51,076 windows, 47,107 are full" in capsys.readouterr().out
