"""Training by optax: `train` for models on batches, `fit` for all data at once, and kernels in closed form."""

import importlib as _importlib
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from jconv.fit._decorrelate import decorrelate
from jconv.fit._fit_kernel import fit_kernel
from jconv.fit._solve_kernel import solve_kernel
from jconv.fit._train import DivergedError, Loss, Progress, fit, fit_chunks, squared_error

if _TYPE_CHECKING:
    from jconv.fit._checkpoints import CheckpointError, Checkpoints
    from jconv.fit._evaluate import evaluate
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
    "solve_kernel",
    "squared_error",
    "train",
]

# What needs the extra `train` (Grain, Orbax, TensorBoard), imported when first asked for.
_LATER = {
    "CheckpointError": "_checkpoints",
    "Checkpoints": "_checkpoints",
    "Report": "_training",
    "evaluate": "_evaluate",
    "train": "_training",
}


def __getattr__(name: str) -> _Any:
    """A name that is imported when it is asked for."""
    if name in _LATER:
        return getattr(_importlib.import_module(f"jconv.fit.{_LATER[name]}"), name)
    raise AttributeError(f"module 'jconv.fit' has no attribute {name!r}")
