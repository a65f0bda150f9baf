"""Data to train on: real data that packages ship, what is made from them, and a user's own. Nothing is downloaded."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from jconv._lazy import later as _later
from jconv.data._dataset import Dataset
from jconv.data._split import split

if _TYPE_CHECKING:
    from jconv.data._batches import batches
    from jconv.data._digits import digits
    from jconv.data._mnist import mnist
    from jconv.data._moving_digits import moving_digits
    from jconv.data._on_photographs import digit_boxes, digit_masks
    from jconv.data._photographs import photographs
    from jconv.data._pixel_rows import pixel_rows
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
    "split",
    "spoken_digits",
]

# Each brings the package that ships its data (extra `train`).
__getattr__ = _later(
    __name__,
    {
        "batches": "jconv.data._batches",
        "digit_boxes": "jconv.data._on_photographs",
        "digit_masks": "jconv.data._on_photographs",
        "digits": "jconv.data._digits",
        "mnist": "jconv.data._mnist",
        "moving_digits": "jconv.data._moving_digits",
        "photographs": "jconv.data._photographs",
        "pixel_rows": "jconv.data._pixel_rows",
        "spoken_digits": "jconv.data._spoken_digits",
    },
)
