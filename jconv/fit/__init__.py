"""Training by optax: a readable loop, a loss for filters, and coordinates in which pixels are not alike."""

from jconv.fit._decorrelate import decorrelate
from jconv.fit._train import DivergedError, Loss, Progress, fit, fit_chunks, squared_error

__all__ = [
    "DivergedError",
    "Loss",
    "Progress",
    "decorrelate",
    "fit",
    "fit_chunks",
    "squared_error",
]
