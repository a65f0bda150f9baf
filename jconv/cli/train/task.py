"""What a task of `jconv train` is: its data, models, loss, answers, score and pictures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from flax import nnx

from jconv.data import Dataset

# What `read` may be told beside the path: how many examples, and the seed.
Read = Callable[[Path | None, int], Dataset]


@dataclass(frozen=True)
class Kind:
    """What a model must know of its data.

    Args:
        input_shape: of one input.
        classes: names.
        facts: of the dataset.
    """

    input_shape: tuple[int, ...]
    classes: tuple[str, ...]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """A task of `jconv train`.

    Args:
        name: of the command.
        metric: what `score` gives, in words.
        read: `(path or None, seed) -> Dataset`; None: the data that jconv brings.
        read_inputs: `(paths, kind) -> (n, ...)`, a user's own files as a model takes them.
        models: by name, `(kind, rngs) -> model`; the first is the default.
        loss: `(model, *batch) -> scalar`.
        answers: `(model, inputs) -> tree of arrays`, what the model says.
        score: `(answers, held-out arrays, kind) -> numbers by name`; the first is the metric.
        words: `(answers, kind) -> a line for each example`.
        figures: `(model, inputs, answers, held-out arrays or (), kind) -> figures`; what the report shows first.
        augment: `(kind) -> (key, *batch) -> batch`, or None.
        epochs: default.
        batch_size: default.
        learning_rate: default, the highest.
        beside: a model that is trained beside, to be compared with; none if empty.
        least_steps: the default of epochs grows until there are so many steps, where examples are few.
        average: how much the moving average of the parameters keeps; None: there is none.
    """

    name: str
    metric: str
    read: Read
    read_inputs: Callable[[list[Path], Kind], np.ndarray]
    models: Mapping[str, Callable[[Kind, nnx.Rngs], nnx.Module]]
    loss: Callable[..., Any]
    answers: Callable[[nnx.Module, Any], Any]
    score: Callable[[Any, tuple[np.ndarray, ...], Kind], dict[str, float]]
    words: Callable[[Any, Kind], list[str]]
    figures: Callable[..., list]
    augment: Callable[[Kind], Callable[..., Any] | None] = lambda kind: None
    epochs: int = 10
    batch_size: int = 32
    learning_rate: float = 2e-3
    beside: str = ""
    least_steps: int = 0
    average: float | None = None


def kind_of(data: Dataset) -> Kind:
    """Give what a model must know of a dataset."""
    return Kind(data.input_shape, data.classes, data.facts)
