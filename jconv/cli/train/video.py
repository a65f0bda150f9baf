"""`jconv train video`: which class a short video is of."""

from functools import partial
from pathlib import Path

from flax import nnx

from jconv import models, plot
from jconv.cli.train import classes, reading
from jconv.cli.train.task import Kind, Task
from jconv.data import Dataset, moving_digits


def read(path: Path | None, seed: int) -> Dataset:
    """Make moving digits, or read a folder of class folders of GIFs or of folders of frames."""
    return moving_digits(seed=seed) if path is None else reading.classes_of(path, reading.video_classes)


def network(how: str, kind: Kind, rngs: nnx.Rngs) -> nnx.Module:
    """A network over time and space, with windows in one or in two steps."""
    return models.VideoNet(
        classes=len(kind.classes), channels=kind.input_shape[-1], kind=how, width=16, stages=2, rngs=rngs
    )


def figures(model, inputs, found, held_out, kind: Kind) -> list:
    """Draw strips of frames."""
    names = [kind.classes[c] for c in found["class"]]
    true = [kind.classes[c] for c in held_out[-1]] if held_out else None
    return [plot.frames(inputs, names, true=true, confidences=found["probability"])]


TASK = Task(
    name="video",
    metric="accuracy",
    read=read,
    read_inputs=reading.videos_like,
    models={"2+1": partial(network, "2+1"), "3d": partial(network, "3d")},
    loss=classes.cross_entropy,
    answers=classes.answers,
    score=classes.accuracy,
    words=classes.words,
    figures=figures,
    epochs=12,
    batch_size=32,
    learning_rate=6e-3,
)
