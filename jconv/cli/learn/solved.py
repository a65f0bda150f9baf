"""The kernel in closed form, which a learned one is held to where no true one is known."""

import jax
import numpy as np

from jconv.cli.learn.task import Task
from jconv.fit import solve_kernel

MOST_TAPS = 15  # along an axis: the equations grow with the fourth power


def solved_kernel(task: Task, size: int) -> np.ndarray | None:
    """Give the kernel (size, size) that explains the target best, in float64 on the CPU; None where that is too large.

    Args:
        task: of `prepare`.
        size: taps along each axis.
    """
    if size > MOST_TAPS:
        return None
    with jax.enable_x64(True), jax.default_device(jax.local_devices(backend="cpu")[0]):
        inputs, targets = (np.asarray(a, np.float64) for a in (task.inputs, task.targets))
        found = solve_kernel(inputs, targets, window=(size, size), weights=task.weights, ridge=1e-13 * targets.size)
        return np.asarray(found)[..., 0, 0]
