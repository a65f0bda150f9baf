"""`jconv train classify`: which class a picture is of."""

from functools import partial
from pathlib import Path

import numpy as np
from flax import nnx

from jconv import models, plot
from jconv.cli.train import classes, reading
from jconv.cli.train.moves import moved
from jconv.cli.train.task import Kind, Task
from jconv.data import Dataset, mnist


def read(path: Path | None, seed: int) -> Dataset:
    """Read digits of MNIST, or a folder of class folders of pictures, or an .npz of pictures and classes."""
    return mnist() if path is None else reading.classes_of(path, reading.picture_classes)


def lenet(kind: Kind, rngs: nnx.Rngs) -> nnx.Module:
    """LeNet, four times as wide as in 1998."""
    return models.LeNet(classes=len(kind.classes), channels=kind.input_shape[-1], width=4, rngs=rngs)


def resnet(kind: Kind, rngs: nnx.Rngs) -> nnx.Module:
    """ResNet-18 for small pictures."""
    return models.ResNet(18, classes=len(kind.classes), channels=kind.input_shape[-1], stem="cifar", rngs=rngs)


def convnext(kind: Kind, rngs: nnx.Rngs) -> nnx.Module:
    """ConvNeXt, the smallest."""
    return models.ConvNeXt("atto", classes=len(kind.classes), channels=kind.input_shape[-1], rngs=rngs)


def mobilenet(kind: Kind, rngs: nnx.Rngs) -> nnx.Module:
    """MobileNetV2."""
    return models.MobileNetV2(classes=len(kind.classes), channels=kind.input_shape[-1], rngs=rngs)


def augment(kind: Kind):
    """Give small random moves."""
    return lambda key, pictures, labels: (moved(key, pictures), labels)


def figures(model, inputs, found, held_out, kind: Kind) -> list:
    """Draw the confusion matrix with the worst mistakes; without truth, the pictures."""
    if not held_out:
        return []
    right = plot.confusion(
        held_out[-1],
        found["class"],
        names=kind.classes,
        pictures=np.clip(inputs, 0, 1),
        confidences=found["probability"],
    )
    return [right]


TASK = Task(
    name="classify",
    metric="accuracy",
    read=read,
    read_inputs=partial(reading.pictures_like),
    models={"lenet": lenet, "resnet": resnet, "convnext": convnext, "mobilenet": mobilenet},
    loss=classes.cross_entropy,
    answers=classes.answers,
    score=classes.accuracy,
    words=classes.words,
    figures=figures,
    augment=augment,
    epochs=24,
    batch_size=50,
    learning_rate=3e-3,
    average=0.98,
)
