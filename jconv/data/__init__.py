"""Data to train on: real data that packages ship, what is made from them, and a user's own. Nothing is downloaded."""

from jconv.data._batches import batches
from jconv.data._dataset import Dataset

__all__ = ["Dataset", "batches"]
