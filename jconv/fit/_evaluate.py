"""evaluate: means over held-out examples, batch by batch."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import jax
import numpy as np
from flax import nnx

from jconv._typing import Array


def evaluate(
    model: nnx.Module, *arrays: np.ndarray, metrics: Mapping[str, Callable[..., Array]], batch_size: int = 100
) -> dict[str, float]:
    """Take the means of metrics over examples, by `flax.nnx.metrics.Average`.

    Args:
        model: in evaluation mode.
        *arrays: with a common leading axis, in the order of a metric's arguments after the model.
        metrics: by name, each `(model, *batch) -> (batch,)`, one number an example.
        batch_size: examples computed at once.

    Returns:
        The means by name. Every example counts once, also those of a last batch that is not full.

    Examples:
        >>> right = lambda model, x, y: model(x) == y
        >>> evaluate(lambda x: x > 2, np.arange(5), np.array([0, 0, 0, 1, 0]), metrics={"accuracy": right})
        {'accuracy': 0.800000011920929}
    """
    averages = nnx.metrics.MultiMetric(**{name: nnx.metrics.Average(name) for name in metrics})
    if isinstance(model, nnx.Module):
        graphdef, state = nnx.split(model)
    else:
        graphdef, state = model, None
    for batch, count in _batches(arrays, batch_size):
        values = _values(state, batch, graphdef=graphdef, metrics=tuple(metrics.items()))
        averages.update(**{name: np.asarray(v, np.float32)[:count] for name, v in values.items()})
    return {name: float(value) for name, value in averages.compute().items()}


def map_batches(function: Callable[..., Any], model: nnx.Module, inputs: np.ndarray, batch_size: int = 100) -> Any:
    """Give a function of model and inputs for all inputs, computed batch by batch.

    Args:
        function: `(model, inputs) -> tree of arrays (batch, ...)`; one object for all calls, so that it compiles once.
        model: in evaluation mode.
        inputs: `(examples, ...)`.
        batch_size: examples computed at once.

    Returns:
        The tree, of NumPy arrays `(examples, ...)`.
    """
    graphdef, state = nnx.split(model)
    parts = []
    for (batch,), count in _batches((inputs,), batch_size):
        outputs = _mapped(state, batch, graphdef=graphdef, function=function)
        parts.append(jax.tree.map(partial(_first, count), outputs))
    return jax.tree.map(lambda *a: np.concatenate(a), *parts)


def _first(count: int, array: Array) -> np.ndarray:
    """Give the first entries of an array: the rest filled a batch up."""
    return np.asarray(array)[:count]


def _batches(arrays: tuple[np.ndarray, ...], batch_size: int) -> Iterator[tuple[tuple[np.ndarray, ...], int]]:
    """Give batches of one size, the last filled up with its last entry, and how many entries count."""
    total = len(arrays[0])
    batch_size = min(batch_size, total)
    for start in range(0, total, batch_size):
        places = np.minimum(np.arange(start, start + batch_size), total - 1)
        yield tuple(np.asarray(a)[places] for a in arrays), min(batch_size, total - start)


@partial(jax.jit, static_argnames=("graphdef", "metrics"))
def _values(state, batch, *, graphdef, metrics):
    """Each metric's values for one batch, by name."""
    model = graphdef if state is None else nnx.merge(graphdef, state)
    return {name: metric(model, *batch) for name, metric in metrics}


@partial(jax.jit, static_argnames=("graphdef", "function"))
def _mapped(state, batch, *, graphdef, function):
    """What a function gives for a model and one batch."""
    return function(nnx.merge(graphdef, state), batch)
