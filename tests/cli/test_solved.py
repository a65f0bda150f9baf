"""`jconv learn` holds what it learned to the kernel in closed form, which is NumPy's least squares."""

import numpy as np

from jconv.cli.learn.solved import MOST_TAPS, solved_kernel
from jconv.cli.learn.task import prepare
from jconv.cli.options import LearnOptions


def test_the_solved_kernel_is_numpys_least_squares_and_close_to_the_true_one():
    task = prepare(LearnOptions(target="sharpen", kernel_size=3))
    windows = np.lib.stride_tricks.sliding_window_view(task.inputs[0, ..., 0].astype(np.float64), (3, 3))
    expected = np.linalg.lstsq(windows.reshape(-1, 9), task.targets.ravel().astype(np.float64), rcond=None)[0]
    found = solved_kernel(task, 3)
    np.testing.assert_allclose(found, expected.reshape(3, 3), atol=1e-7)
    assert task.truth is not None
    assert np.linalg.norm(found - task.truth) < 1e-3 * np.linalg.norm(task.truth)


def test_a_large_kernel_is_not_solved_for():
    assert solved_kernel(prepare(LearnOptions(kernel_size=3)), MOST_TAPS + 2) is None
