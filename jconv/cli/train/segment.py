"""`jconv train segment`: which class each pixel of a picture is of."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from jconv import models, plot
from jconv._typing import Array
from jconv.cli.train import reading
from jconv.cli.train.task import Kind, Task
from jconv.data import Dataset, digit_masks
from jconv.fit import mean_iou


def read(path: Path | None, seed: int) -> Dataset:
    """Make digits on photographs, or read pictures with masks beside them."""
    return digit_masks(seed=seed) if path is None else reading.masks_of(path)


def unet(kind: Kind, rngs: nnx.Rngs) -> nnx.Module:
    """U-Net of three levels."""
    return models.UNet(classes=len(kind.classes), channels=kind.input_shape[-1], width=12, levels=3, rngs=rngs)


def loss(model: nnx.Module, pictures: Array, masks: Array) -> Array:
    """The mean over pixels of -log of the probability of the true class."""
    logits = model(pictures).astype(jnp.float32)
    return optax.softmax_cross_entropy_with_integer_labels(logits, masks).mean()


def answers(model: nnx.Module, pictures: Array) -> dict[str, Array]:
    """The likeliest class of each pixel."""
    return {"mask": jnp.argmax(model(pictures), -1).astype(jnp.int32)}


def score(found, held_out, kind: Kind) -> dict[str, float]:
    """The mean over classes of intersection over union, and the share of pixels that are right."""
    iou = mean_iou(found["mask"], held_out[-1], classes=len(kind.classes))
    return {"mean IoU": iou, "pixel accuracy": float(np.mean(found["mask"] == held_out[-1]))}


def words(found, kind: Kind) -> list[str]:
    """The classes that were seen in each picture, and their share of the pixels."""
    lines = []
    for mask in found["mask"]:
        shares = np.bincount(mask.ravel(), minlength=len(kind.classes)) / mask.size
        seen = [f"{kind.classes[c]} {shares[c]:.1%}" for c in np.argsort(-shares) if shares[c] >= 0.001]
        lines.append(", ".join(seen))
    return lines


def figures(model, inputs, found, held_out, kind: Kind) -> list:
    """Draw masks over pictures."""
    true = held_out[-1] if held_out else None
    return [plot.masks(np.clip(inputs, 0, 1), found["mask"], true=true, names=kind.classes)]


def augment(kind: Kind):
    """Give random brightness and contrast."""

    def changed(key: Array, pictures: Array, masks: Array):
        return relit(key, pictures), masks

    return changed


def relit(key: Array, pictures: Array) -> Array:
    """Change brightness and contrast of each channel of each picture at random."""
    keys = jax.random.split(key)
    shape = (len(pictures), 1, 1, pictures.shape[-1])
    contrast = jax.random.uniform(keys[0], shape, minval=0.7, maxval=1.3)
    return (pictures - 0.5) * contrast + 0.5 + jax.random.uniform(keys[1], shape, minval=-0.15, maxval=0.15)


TASK = Task(
    name="segment",
    metric="mean IoU",
    read=read,
    read_inputs=reading.pictures_like,
    models={"unet": unet},
    loss=loss,
    answers=answers,
    score=score,
    words=words,
    figures=figures,
    augment=augment,
    epochs=10,
    batch_size=20,
    learning_rate=4e-3,
)
