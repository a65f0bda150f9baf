"""`jconv train sequence`: which class a sequence is of, by long kernels, and by short ones, which fail on long ones."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax.numpy as jnp
from flax import nnx

from jconv import models, plot
from jconv._typing import Array
from jconv.cli.errors import InputError
from jconv.cli.train import classes, reading
from jconv.cli.train.moves import moved
from jconv.cli.train.task import Kind, Task
from jconv.data import Dataset, pixel_rows, series

SHORT = 5  # taps of the kernels that it is compared with


def read(path: Path | None, seed: int) -> Dataset:
    """Read digits pixel by pixel, series by their name, or an .npz of sequences and classes."""
    if path is None:
        return pixel_rows()
    if path.suffix or path.name != str(path):
        return reading.classes_of(path, None)
    try:
        found = series(path.name)
    except ImportError as error:
        raise InputError(f"--data {path}: {error}") from None
    except ValueError as error:
        raise InputError(f"--data {path}: {error} Or give an .npz with the arrays x and y.") from None
    lengths = found.facts["lengths"]
    return replace(found, facts={"padded": len({*lengths["train"], *lengths["test"]}) > 1})


class Padded(nnx.Module):
    """A network that is told where each sequence ends: after it are but zeros, which filled it up."""

    def __init__(self, network: models.Hyena):
        self.network = network

    def __call__(self, x: Array) -> Array:
        """Sequences (n, length, channels) to logits (n, classes)."""
        ends = jnp.where((x != 0).any(-1), jnp.arange(1, x.shape[-2] + 1)[None], 1)
        return self.network(x, lengths=ends.max(-1))


def network(kind: Kind, rngs: nnx.Rngs, **options: Any) -> nnx.Module:
    """Hyena for the shape of the data, and for their zeros."""
    length, channels = kind.input_shape
    made = models.Hyena(classes=len(kind.classes), channels=channels, length=length, rngs=rngs, **options)
    return Padded(made) if kind.facts.get("padded") else made


def hyena(kind: Kind, rngs: nnx.Rngs) -> nnx.Module:
    """Hyena, whose kernels are as long as the sequence."""
    return network(kind, rngs, width=32)


def short(kind: Kind, rngs: nnx.Rngs) -> nnx.Module:
    """The same network with kernels of five taps, and as many parameters by greater width."""
    return network(kind, rngs, width=38, kernel="explicit", taps=SHORT)


def augment(kind: Kind):
    """Give small moves of the pictures that the sequences are read from; nothing for other sequences."""
    if kind.facts.get("picture") is None:
        return None
    height, width = kind.facts["picture"]

    def changed(key, sequences, labels):
        pictures = sequences.reshape(-1, height, width, 1)
        return moved(key, pictures).reshape(sequences.shape), labels

    return changed


def figures(model, inputs, found, held_out, kind: Kind) -> list:
    """Draw the confusion matrix with the worst mistakes, as pictures where they are rows of pixels."""
    if not held_out:
        return []
    pictures = kind.facts.get("picture")
    shown = None if pictures is None else inputs.reshape(-1, *pictures, 1)
    return [
        plot.confusion(
            held_out[-1], found["class"], names=kind.classes, pictures=shown, confidences=found["probability"]
        )
    ]


TASK = Task(
    name="sequence",
    metric="accuracy",
    read=read,
    read_inputs=reading.sequences_like,
    models={"hyena": hyena, "short": short},
    loss=classes.cross_entropy,
    answers=classes.answers,
    score=classes.accuracy,
    words=classes.words,
    figures=figures,
    augment=augment,
    epochs=8,
    batch_size=50,
    learning_rate=4e-3,
    beside="short",
    least_steps=400,
    average=0.98,
)
