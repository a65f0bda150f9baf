"""`jconv train detect`: where objects are in a picture, and what they are."""

from pathlib import Path

import jax
import numpy as np
from flax import nnx

from jconv import models, plot
from jconv._typing import Array
from jconv.cli.train import reading
from jconv.cli.train.segment import relit
from jconv.cli.train.task import Kind, Task
from jconv.data import Dataset, digit_boxes
from jconv.fit import mean_average_precision

MOST = 20  # boxes of a picture
BELIEVED = 0.3  # least score of a box that is shown


def read(path: Path | None, seed: int) -> Dataset:
    """Make digits on photographs, or read pictures with boxes in a JSON beside them."""
    return digit_boxes(seed=seed) if path is None else reading.boxes_of(path)


def centernet(kind: Kind, rngs: nnx.Rngs) -> nnx.Module:
    """CenterNet."""
    return models.CenterNet(classes=len(kind.classes), channels=kind.input_shape[-1], width=24, rngs=rngs)


def loss(model: nnx.Module, pictures: Array, boxes: Array, labels: Array) -> Array:
    """Heatmaps, sizes and offsets against those of the true boxes."""
    outputs = model(pictures)
    classes = outputs["heatmap"].shape[-1]
    targets = models.centernet_targets(boxes, labels, size=pictures.shape[1:3], classes=classes)
    return models.centernet_loss(outputs, targets)


def answers(model: nnx.Module, pictures: Array) -> dict[str, Array]:
    """The likeliest boxes of each picture."""
    return models.centernet_decode(model(pictures), most=MOST)


def score(found, held_out, kind: Kind) -> dict[str, float]:
    """The mean over classes of the average precision of boxes that overlap the true ones by half."""
    value = mean_average_precision(found, held_out[-2], held_out[-1], classes=len(kind.classes))
    return {"mAP at IoU 0.5": value}


def words(found, kind: Kind) -> list[str]:
    """The boxes that are believed: class, score, top, left, bottom, right in pixels."""
    lines = []
    for boxes, labels, scores in zip(found["boxes"], found["labels"], found["scores"], strict=True):
        chosen = scores >= BELIEVED
        parts = [
            f"{kind.classes[c]} ({s:.0%}) at " + " ".join(f"{v:.0f}" for v in box)
            for box, c, s in zip(boxes[chosen], labels[chosen], scores[chosen], strict=True)
        ]
        lines.append("; ".join(parts) or "nothing")
    return lines


def figures(model, inputs, found, held_out, kind: Kind) -> list:
    """Draw boxes over pictures."""
    chosen = [scores >= BELIEVED for scores in found["scores"]]
    boxes = [b[c] for b, c in zip(found["boxes"], chosen, strict=True)]
    said = [
        [f"{kind.classes[k]} {s:.2f}" for k, s in zip(labels[c], scores[c], strict=True)]
        for labels, scores, c in zip(found["labels"], found["scores"], chosen, strict=True)
    ]
    true, true_words = None, None
    if held_out:
        there = [labels >= 0 for labels in held_out[-1]]
        true = [b[t] for b, t in zip(held_out[-2], there, strict=True)]
        true_words = [[kind.classes[k] for k in b[t]] for b, t in zip(held_out[-1], there, strict=True)]
    return [plot.boxes(np.clip(inputs, 0, 1), boxes, words=said, true=true, true_words=true_words)]


def augment(kind: Kind):
    """Give random brightness and contrast."""

    def changed(key: Array, pictures: Array, boxes: Array, labels: Array) -> tuple[Array, Array, Array]:
        return relit(jax.random.fold_in(key, 0), pictures), boxes, labels

    return changed


TASK = Task(
    name="detect",
    metric="mAP at IoU 0.5",
    read=read,
    read_inputs=reading.pictures_like,
    models={"centernet": centernet},
    loss=loss,
    answers=answers,
    score=score,
    words=words,
    figures=figures,
    augment=augment,
    epochs=12,
    batch_size=20,
    learning_rate=3e-3,
    average=0.98,
)
