"""Data to train on: real data that packages ship, what is made from them. Nothing is downloaded (extra `train`)."""

from jconv.data._batches import batches
from jconv.data._dataset import Dataset
from jconv.data._digits import digits
from jconv.data._mnist import mnist
from jconv.data._moving_digits import moving_digits
from jconv.data._on_photographs import digit_boxes, digit_masks
from jconv.data._photographs import photographs
from jconv.data._pixel_rows import pixel_rows
from jconv.data._series import series
from jconv.data._split import split
from jconv.data._spoken_digits import spoken_digits

__all__ = [
    "Dataset",
    "batches",
    "digit_boxes",
    "digit_masks",
    "digits",
    "mnist",
    "moving_digits",
    "photographs",
    "pixel_rows",
    "series",
    "split",
    "spoken_digits",
]
