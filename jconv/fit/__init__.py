"""Training by optax: `train` for models on batches, `fit` for all data at once, and kernels in closed form."""

from jconv.fit._checkpoints import CheckpointError, Checkpoints
from jconv.fit._decorrelate import decorrelate
from jconv.fit._evaluate import evaluate
from jconv.fit._fit_kernel import fit_kernel
from jconv.fit._scores import mean_average_precision, mean_iou
from jconv.fit._solve_kernel import solve_kernel
from jconv.fit._train import DivergedError, Loss, Progress, fit, fit_chunks, squared_error
from jconv.fit._training import Report, train

__all__ = [
    "CheckpointError",
    "Checkpoints",
    "DivergedError",
    "Loss",
    "Progress",
    "Report",
    "decorrelate",
    "evaluate",
    "fit",
    "fit_chunks",
    "fit_kernel",
    "mean_average_precision",
    "mean_iou",
    "solve_kernel",
    "squared_error",
    "train",
]
