"""Dataset: arrays to train on, arrays held out, and what they are."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Dataset:
    """Arrays to train on, arrays held out, and what they are.

    Args:
        name: of the data.
        train: arrays with a common leading axis: inputs first, then what is to be found out.
        test: the same, held out; never trained on.
        classes: what the numbers of the targets mean.
        about: a sentence on where the data are from.
        facts: further values that the task needs, such as the rate of a sound in hertz; JSON can hold them.
    """

    name: str
    train: tuple[np.ndarray, ...]
    test: tuple[np.ndarray, ...]
    classes: tuple[str, ...]
    about: str
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input."""
        return self.train[0].shape[1:]
