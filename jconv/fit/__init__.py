"""Training by optax: a readable loop, a loss for filters, and coordinates in which pixels are not alike."""

from jconv.fit._decorrelate import decorrelate
from jconv.fit._solve_kernel import solve_kernel
from jconv.fit._train import DivergedError, Loss, Progress, fit, fit_chunks, squared_error

__all__ = [
    "DivergedError",
    "Loss",
    "Progress",
    "decorrelate",
    "fit",
    "fit_chunks",
    "solve_kernel",
    "squared_error",
]
