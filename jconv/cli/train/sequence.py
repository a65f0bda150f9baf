"""`jconv train sequence`: which class a long sequence is of, by long kernels, and by short ones, which fail."""

from pathlib import Path

from flax import nnx

from jconv import models, plot
from jconv.cli.train import classes, reading
from jconv.cli.train.moves import moved
from jconv.cli.train.task import Kind, Task
from jconv.data import Dataset, pixel_rows

SHORT = 5  # taps of the kernels that it is compared with


def read(path: Path | None, seed: int) -> Dataset:
    """Read digits pixel by pixel, or an .npz of sequences and classes."""
    return pixel_rows() if path is None else reading.classes_of(path, None)


def hyena(kind: Kind, rngs: nnx.Rngs) -> nnx.Module:
    """Hyena, whose kernels are as long as the sequence."""
    length, channels = kind.input_shape
    return models.Hyena(classes=len(kind.classes), channels=channels, length=length, width=32, rngs=rngs)


def short(kind: Kind, rngs: nnx.Rngs) -> nnx.Module:
    """The same network with kernels of five taps, and as many parameters by greater width."""
    length, channels = kind.input_shape
    return models.Hyena(
        classes=len(kind.classes), channels=channels, length=length, width=38, kernel="explicit", taps=SHORT, rngs=rngs
    )


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
    average=0.98,
)
