"""Whether a training has converged: what is left to gain, told by Newton's step, or by the last losses."""

from dataclasses import dataclass

import numpy as np
import optax
from flax import nnx

from jconv.cli.learn.task import Task
from jconv.fit import decorrelate, squared_error

# A training has converged when what it could still explain is less than this part of the target.
MOST_LEFT = 0.01
# Of a training by batches: it still learns when the last tenth of its steps lowered the loss by more than this part.
STILL_FALLING = 0.1


@dataclass(frozen=True)
class Convergence:
    """Whether a training has converged, and if not, why not and what to do, in a sentence without its point."""

    converged: bool
    advice: str = ""


def judged(losses: np.ndarray, left: float | None) -> Convergence:
    """Judge a training by its end.

    Args:
        losses: `(steps,)`, each before its step.
        left: of `part_left`, where the model is linear in its kernel; None for other models.

    Returns:
        The verdict.
    """
    if losses.size > 1 and losses[-1] > losses[0]:
        return Convergence(False, "the training did not converge, its loss rose: give a lower --learning-rate")
    if left is not None:
        if left < MOST_LEFT:
            return Convergence(True)
        return Convergence(
            False,
            f"the training did not converge, {left:.0%} of the target is left that the model could explain: "
            "give more --steps",
        )
    tenth = losses.size // 10
    if tenth and np.mean(losses[-tenth:]) > (1 - STILL_FALLING) * np.mean(losses[-2 * tenth : -tenth]):
        return Convergence(True)
    return Convergence(False, "the training did not converge, its loss was still falling: give more --steps")


def part_left(model: nnx.Module, task: Task) -> float:
    """Give what of the target the model could still explain if the training went on.

    It is Newton's decrement: `sqrt(g^T H^-1 g / 2)`, the square root of the loss that Newton's step would take away,
    over the root mean square of the target. H is twice the covariance of the pixels under the window, as in
    `decorrelate`.

    Args:
        model: one that is linear in its kernels.
        task: what it is trained on.
    """
    data = [task.inputs, task.targets] + ([] if task.weights is None else [task.weights])
    gradient = nnx.grad(squared_error)(model, *data)
    params = nnx.state(model, nnx.Param)
    newton = decorrelate(optax.sgd(0.5), task.inputs)
    step, _ = newton.update(gradient, newton.init(params), params)
    decrease = -0.5 * float(np.asarray(optax.tree.vdot(gradient, step)))
    return float(np.sqrt(max(decrease, 0.0) / np.mean(np.square(task.targets))))
