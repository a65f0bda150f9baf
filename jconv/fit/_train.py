"""Train a Flax (nnx) model on arrays by any optax optimiser: `fit`, `fit_chunks` to watch, `decorrelate`."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from jconv._typing import Array, ArrayLike
from jconv._verbs.arguments import one_int
from jconv.fit._decorrelate import decorrelate as decorrelate

Loss = Callable[..., Array]


def squared_error(model: nnx.Module, inputs: Array, targets: Array, weights: Array | None = None) -> Array:
    """Take the mean of `weights * (model(inputs) - targets)**2`, weights counting how often.

    Args:
        model: maps inputs to predictions of the targets' shape.
        inputs: what the model is given.
        targets: what it should give.
        weights: of the targets' shape; None counts every one once, 0 leaves one out.

    Returns:
        A scalar.

    Raises:
        ValueError: the model's result has another shape than the targets.

    Examples:
        >>> squared_error(lambda x: 2 * x, jnp.array([1.0, 2.0]), jnp.array([2.0, 3.0]))
        Array(0.5, dtype=float32)
    """
    outputs = model(inputs)
    if outputs.shape != targets.shape:
        raise ValueError(f"fit: the model gives shape {outputs.shape} where the targets have {targets.shape}.")
    squares = (outputs - targets) ** 2
    if weights is None:
        return jnp.mean(squares)
    return jnp.sum(weights * squares) / jnp.sum(weights)


@dataclass(frozen=True)
class Progress:
    """How far a training has come.

    Args:
        step: steps made.
        losses: `(steps made,)`, each before its step.
        seconds: since the start, compilation included.
        compile_seconds: of these, spent on compilation.
    """

    step: int
    losses: np.ndarray
    seconds: float
    compile_seconds: float

    @property
    def loss(self) -> float:
        """The newest loss."""
        return float(self.losses[-1])


class DivergedError(ArithmeticError):
    """A loss that is no number; `step` says where, `saved` the last good checkpoint's step, if there is one.

    The model keeps its last good parameters.
    """

    def __init__(self, step: int, loss: float, saved: int | None = None):
        kept = "" if saved is None else f" The checkpoint of step {saved} is good."
        super().__init__(f"fit: the loss became {loss} at step {step}. Lower the learning rate.{kept}")
        self.step, self.loss, self.saved = step, loss, saved


def fit(
    model: nnx.Module,
    *data: ArrayLike,
    optimizer: optax.GradientTransformation,
    steps: int,
    loss: Loss = squared_error,
    batch_size: int | None = None,
    chunk: int = 20,
    seed: int = 0,
    on_progress: Callable[[Progress], object] | None = None,
) -> Progress:
    """Minimise `loss(model, *data)` over the model's parameters, which change in place.

    `p <- p + optimizer(gradient of loss)`, jitted, `chunk` steps at a time as one `lax.scan`.

    Args:
        model: any nnx module. Its `nnx.Param` are trained; other state (batch statistics) is carried along.
        *data: arrays with a common leading axis, in the order of the loss's arguments after the model.
        optimizer: any of optax's, also those with a line search (`optax.lbfgs`).
        steps: how many.
        loss: `(model, *data) -> scalar`.
        batch_size: entries of the leading axis drawn anew for each step; None takes all.
        chunk: steps between two reports.
        seed: for the draw.
        on_progress: called after each chunk; a true answer ends the training.

    Returns:
        The last `Progress`.

    Raises:
        ValueError: if steps, chunk or batch_size is below 1, or the leading axes differ.
        TypeError: an argument of the wrong kind.
        DivergedError: if the loss is no longer finite.

    Examples:
        >>> from jconv.models import ConvFilter
        >>> x = jax.random.normal(jax.random.key(0), (1, 16, 16, 1))
        >>> model = ConvFilter(3, rngs=nnx.Rngs(0))
        >>> done = fit(model, x, 2 * x[:, 1:-1, 1:-1], optimizer=optax.sgd(0.1), steps=60)
        >>> done.step, round(float(model.conv.kernel[1, 1, 0, 0]), 3)
        (60, 2.0)
    """
    chunks = fit_chunks(
        model,
        *data,
        optimizer=optimizer,
        steps=steps,
        loss=loss,
        batch_size=batch_size,
        chunk=chunk,
        seed=seed,
    )
    for progress in chunks:
        if on_progress is not None and on_progress(progress):
            break
    return progress


def fit_chunks(
    model: nnx.Module,
    *data: ArrayLike,
    optimizer: optax.GradientTransformation,
    steps: int,
    loss: Loss = squared_error,
    batch_size: int | None = None,
    chunk: int = 20,
    seed: int = 0,
) -> Iterator[Progress]:
    """Train as `fit`, and yield after each chunk, when the model is up to date and may be looked at.

    Args:
        model: as in `fit`.
        *data: as in `fit`.
        optimizer: as in `fit`.
        steps: as in `fit`.
        loss: as in `fit`.
        batch_size: as in `fit`.
        chunk: as in `fit`.
        seed: as in `fit`.

    Yields:
        A `Progress` every `chunk` steps, and at the end.

    Raises:
        ValueError: as in `fit`.
        TypeError: as in `fit`.
        DivergedError: as in `fit`.
    """
    steps, chunk = one_int("fit", "steps", steps, least=1), one_int("fit", "chunk", chunk, least=1)
    if batch_size is not None:
        batch_size = one_int("fit", "batch_size", batch_size, least=1)
    if not isinstance(optimizer, optax.GradientTransformation):
        raise TypeError(f"fit: optimizer={optimizer!r} must be one of optax's, such as optax.adam(1e-3).")
    if not isinstance(model, nnx.Module):
        raise TypeError(f"fit: model={model!r} must be a flax.nnx.Module, not {type(model).__name__}.")
    arrays = tuple(jnp.asarray(a) for a in data)
    lengths = {a.shape[:1] for a in arrays}
    if len(lengths) != 1 or lengths == {()}:
        raise ValueError(f"fit: the data need a common leading axis; shapes {[a.shape for a in arrays]}.")
    started = time.perf_counter()
    optimizer = optax.with_extra_args_support(optimizer)
    graphdef, params, rest = nnx.split(model, nnx.Param, ...)
    carry = (params, rest, optimizer.init(params), jnp.zeros((), jnp.int32))
    static = {"graphdef": graphdef, "optimizer": optimizer, "loss": loss, "batch_size": batch_size}
    inputs = (jax.random.key(seed), arrays)
    programs: dict[int, Callable] = {}
    losses, compile_seconds = np.zeros(0), 0.0
    while losses.size < steps:
        length = min(chunk, steps - losses.size)
        if length not in programs:
            # Compiled apart from its first run, so that the seconds can be told apart.
            before = time.perf_counter()
            programs[length] = _chunk.lower(carry, *inputs, length=length, **static).compile()
            compile_seconds += time.perf_counter() - before
        carry, chunk_losses = programs[length](carry, *inputs)
        losses = np.append(losses, np.asarray(chunk_losses))
        bad = np.flatnonzero(~np.isfinite(losses))
        if bad.size:
            raise DivergedError(int(bad[0]) + 1, float(losses[bad[0]]))
        nnx.update(model, *carry[:2])
        yield Progress(losses.size, losses, time.perf_counter() - started, compile_seconds)


@partial(jax.jit, static_argnames=("graphdef", "optimizer", "loss", "batch_size", "length"))
def _chunk(carry: Any, key: Array, data: tuple[Array, ...], *, graphdef, optimizer, loss, batch_size, length):
    """Make `length` steps; the carry is (parameters, other state, optimiser's state, steps made)."""

    def objective(params, rest, batch):
        model = nnx.merge(graphdef, params, rest, copy=True)  # so that it may change its own state
        value = loss(model, *batch)
        return value, nnx.state(model, nnx.Not(nnx.Param))

    def step(carry, _):
        params, rest, state, count = carry
        batch = data
        if batch_size is not None:
            drawn = jax.random.randint(jax.random.fold_in(key, count), (batch_size,), 0, data[0].shape[0])
            batch = tuple(a[drawn] for a in data)
        (value, new_rest), gradient = jax.value_and_grad(objective, has_aux=True)(params, rest, batch)
        updates, state = optimizer.update(
            gradient,
            state,
            params,
            value=value,
            grad=gradient,
            value_fn=lambda p: objective(p, rest, batch)[0],
        )
        return (optax.apply_updates(params, updates), new_rest, state, count + 1), value

    return jax.lax.scan(step, carry, None, length=length)
