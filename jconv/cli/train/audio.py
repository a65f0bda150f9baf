"""`jconv train audio`: which word a sound is."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from jconv import models, plot
from jconv._typing import Array
from jconv.cli.train import classes, reading
from jconv.cli.train.task import Kind, Task
from jconv.data import Dataset, spoken_digits

LATER = 0.1  # a sound begins up to so much of its length earlier or later


def read(path: Path | None, seed: int) -> Dataset:
    """Have digits spoken, or read a folder of class folders of WAV files."""
    return spoken_digits(seed=seed) if path is None else reading.classes_of(path, reading.sound_classes)


def audionet(kind: Kind, rngs: nnx.Rngs) -> nnx.Module:
    """Log-mel energies with learnable bands, then a small network."""
    return models.AudioNet(classes=len(kind.classes), rate=kind.facts["rate"], rngs=rngs)


def augment(kind: Kind):
    """Give random shifts, loudness and noise."""

    def changed(key: Array, sounds: Array, labels: Array) -> tuple[Array, Array]:
        keys = jax.random.split(key, 4)
        n, length = sounds.shape
        most = int(LATER * length)
        shifts = jax.random.randint(keys[0], (n,), -most, most + 1)
        padded = jnp.pad(sounds, ((0, 0), (most, most)))
        cut = jax.vmap(lambda row, shift: jax.lax.dynamic_slice(row, (most - shift,), (length,)))(padded, shifts)
        loud = jnp.exp(jax.random.uniform(keys[1], (n, 1), minval=-1.5, maxval=0.3))
        noise = jnp.exp(jax.random.uniform(keys[2], (n, 1), minval=-8, maxval=-3.5))
        return cut * loud + noise * jax.random.normal(keys[3], cut.shape), labels

    return changed


def figures(model, inputs, found, held_out, kind: Kind) -> list:
    """Draw the confusion matrix, and spectrograms as the network sees them."""
    names = [kind.classes[c] for c in found["class"]]
    true = [kind.classes[c] for c in held_out[-1]] if held_out else None
    shown = np.asarray(model.spectrogram(jnp.asarray(inputs[:9])))
    shown = shown.reshape(shown.shape[0], shown.shape[1], -1)
    seconds = inputs.shape[1] / kind.facts["rate"]
    drawn = [
        plot.spectrograms(
            shown,
            names[:9],
            true=None if true is None else true[:9],
            confidences=found["probability"][:9],
            seconds=seconds,
            bands="mel band",
        )
    ]
    if held_out:
        drawn.insert(0, plot.confusion(held_out[-1], found["class"], names=kind.classes))
    return drawn


TASK = Task(
    name="audio",
    metric="accuracy",
    read=read,
    read_inputs=reading.sounds_like,
    models={"audionet": audionet},
    loss=classes.cross_entropy,
    answers=classes.answers,
    score=classes.accuracy,
    words=classes.words,
    figures=figures,
    augment=augment,
    epochs=14,
    batch_size=30,
    learning_rate=3e-3,
    average=0.97,
)
