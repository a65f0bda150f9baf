"""What the tasks that name one class share: loss, answers, score, words."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from jconv._typing import Array
from jconv.cli.train.task import Kind


def cross_entropy(model: nnx.Module, inputs: Array, classes: Array) -> Array:
    """The mean of -log of the probability of the true class, a tenth of it spread over all classes."""
    logits = model(inputs).astype(jnp.float32)
    wanted = optax.smooth_labels(jax.nn.one_hot(classes, logits.shape[-1]), 0.1)
    return optax.softmax_cross_entropy(logits, wanted).mean()


def answers(model: nnx.Module, inputs: Array) -> dict[str, Array]:
    """The likeliest class of each input, and its probability."""
    probabilities = jax.nn.softmax(model(inputs).astype(jnp.float32))
    return {"class": probabilities.argmax(-1), "probability": probabilities.max(-1)}


def accuracy(found: dict[str, np.ndarray], held_out: tuple[np.ndarray, ...], kind: Kind) -> dict[str, float]:
    """The share that is right."""
    return {"accuracy": float(np.mean(found["class"] == held_out[-1]))}


def words(found: dict[str, Any], kind: Kind) -> list[str]:
    """A class and its probability for each example."""
    return [f"{kind.classes[c]} ({p:.0%})" for c, p in zip(found["class"], found["probability"], strict=True)]
