"""train: a Flax model, batches, an optax optimiser; saved, logged, watched, and resumed bit for bit."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax.sharding import NamedSharding, PartitionSpec

from jconv._typing import Array
from jconv._verbs.arguments import one_int
from jconv.fit._checkpoints import CheckpointError, Checkpoints
from jconv.fit._logs import Log
from jconv.fit._step import Recipe, State, run_chunk, stacked
from jconv.fit._train import DivergedError


class Batches(Protocol):
    """What gives the batch of step i as `data[i]`."""

    def __getitem__(self, index: int, /) -> Any:
        """Give a tuple of arrays `(batch, ...)`."""


@dataclass(frozen=True)
class Report:
    """How far a training has come.

    Args:
        step: steps made.
        steps: to make in all.
        losses: of the steps since the last report, each before its step.
        scores: what `validate` said last; empty before it was asked.
        examples_per_second: of this chunk, compilation left out.
        seconds: since this process began to train.
        compile_seconds: of these, spent on compilation.
    """

    step: int
    steps: int
    losses: np.ndarray
    scores: Mapping[str, float]
    examples_per_second: float
    seconds: float
    compile_seconds: float

    @property
    def loss(self) -> float:
        """The mean of the newest losses."""
        return float(np.mean(self.losses))


def train(
    model: nnx.Module,
    data: Batches,
    optimizer: optax.GradientTransformation,
    *,
    loss: Callable[..., Array],
    steps: int,
    augment: Callable[..., Sequence[Array]] | None = None,
    validate: Callable[[nnx.Module], Mapping[str, float]] | None = None,
    folder: Path | None = None,
    resume: bool = False,
    save_every: int = 200,
    keep: int = 2,
    chunk: int = 20,
    seed: int = 0,
    compute_dtype: Any = None,
    clip: float | None = None,
    accumulate: int = 1,
    average: float | None = None,
    devices: Sequence[jax.Device] | None = None,
    on_report: Callable[[Report], object] | None = None,
) -> Report:
    """Minimise `loss(model, *batch)` over batches; the model's parameters change in place.

    `p <- p + optimizer(gradient of loss)`, jitted, `chunk` steps at a time as one `lax.scan`. With a folder it is
    saved there every `save_every` steps: parameters, other variables, the optimiser's state and the step, from which
    the place in the data and all random keys follow. A training that was killed and resumes ends with the same bits.

    Args:
        model: any nnx module, in training mode. Its `nnx.Param` are trained; its other variables are carried along.
        data: element i is the batch of step i, a tuple of arrays `(batch, ...)`; of `jconv.data.batches`, or your own.
        optimizer: any of optax's that needs no line search; its schedules count steps.
        loss: `(model, *batch) -> scalar`.
        steps: in all, those before a resumption included.
        augment: `(key, *batch) -> batch`, applied within each step; every step has a key of its own.
        validate: gives scores of the model by name; asked whenever it is saved, in evaluation mode.
        folder: for `checkpoints/`, `log.csv` and `tensorboard/`; None saves nothing.
        resume: go on from the newest checkpoint in the folder. Without one it starts anew.
        save_every: steps between two checkpoints; a multiple of `chunk` is made of it.
        keep: how many checkpoints stay.
        chunk: steps between two reports.
        seed: of the keys that `augment` gets.
        compute_dtype: of the parameters and the batch's floats within the loss, such as `jnp.bfloat16`; the parameters
            stay what they are.
        clip: the greatest norm of the whole gradient.
        accumulate: steps whose gradients are averaged before the optimiser is asked once.
        average: how much a moving average of the parameters keeps in each step, such as 0.999; the averaged model is
            validated, and is what is left at the end.
        devices: the batch is divided over these; None takes all local ones that divide it.
        on_report: called after each chunk; a true answer ends the training, which is saved.

    Returns:
        The last `Report`.

    Raises:
        ValueError: numbers below 1, or a batch that the devices do not divide.
        TypeError: an argument of the wrong kind.
        DivergedError: the loss is no longer finite; the last good checkpoint stays.
        CheckpointError: no checkpoint can be read or written.

    Examples:
        >>> from jconv.data import batches
        >>> from jconv.models import ConvFilter
        >>> x = np.asarray(jax.random.normal(jax.random.key(0), (32, 16, 16, 1)))
        >>> model = ConvFilter(3, rngs=nnx.Rngs(0))
        >>> def loss(model, x, y):
        ...     return ((model(x) - y) ** 2).mean()
        >>> row = batches(x, 2 * x[:, 1:-1, 1:-1], batch_size=8)
        >>> report = train(model, row, optax.sgd(0.1), loss=loss, steps=60)
        >>> report.step, round(float(model.conv.kernel[1, 1, 0, 0]), 2)
        (60, 2.0)
    """
    _check(model, data, optimizer)
    numbers = {"steps": steps, "save_every": save_every, "keep": keep, "chunk": chunk, "accumulate": accumulate}
    for name, value in numbers.items():
        one_int("train", name, value, least=1)
    optimizer = _whole_optimizer(optimizer, clip, accumulate)
    graphdef, params, rest = nnx.split(model, nnx.Param, ...)
    recipe = Recipe(graphdef, optimizer, loss, augment, compute_dtype, average)
    start = jax.tree.map(jnp.copy, (params, rest, {} if average is None else params))  # the chunk uses its memory up
    state = State(start[0], start[1], optimizer.init(params), start[2], jnp.zeros((), jnp.int32))
    run = _Run(model, recipe, data, jax.random.key(seed), chunk, _sharding(data[0] or (), devices))
    if folder is None:
        return run.to_the_end(state, steps, validate, on_report, None, None, save_every)
    checkpoints = Checkpoints(Path(folder) / "checkpoints", keep)
    try:
        if resume and checkpoints.latest is not None:
            state = checkpoints.restore(state)
        elif checkpoints.latest is not None:
            raise CheckpointError(f"{folder}: there is a training already. Resume it, or give another folder.")
        with checkpoints.writing("the log"):
            log = Log(Path(folder), int(state.step))
        try:
            return run.to_the_end(state, steps, validate, on_report, checkpoints, log, save_every)
        finally:
            log.close()
    finally:
        checkpoints.close()


@dataclass
class _Run:
    """A training that is on: what its chunks need, and what was said of it last."""

    model: nnx.Module
    recipe: Recipe
    data: Batches
    key: Array
    chunk: int
    sharding: tuple[NamedSharding, NamedSharding]

    def to_the_end(self, state, steps, validate, on_report, checkpoints, log, save_every) -> Report:
        """Make the chunks that are left, reporting and saving; the arguments are as in `train`."""
        began, compile_seconds, scores = time.perf_counter(), 0.0, {}
        replicated, divided = self.sharding
        state = jax.device_put(state, replicated)
        done = int(state.step)
        self.update(state)
        report = Report(done, steps, np.full(1, np.nan), scores, 0.0, 0.0, 0.0)
        programs: dict[int, Any] = {}
        every = -(-save_every // self.chunk) * self.chunk
        batches = self.batches(done, steps)
        while done < steps:
            on_device = tuple(jax.device_put(a, divided) for a in batches)
            length = batches[0].shape[0]
            if length not in programs:
                before = time.perf_counter()
                programs[length] = run_chunk.lower(state, on_device, self.key, recipe=self.recipe).compile()
                compile_seconds += time.perf_counter() - before
            before = time.perf_counter()
            state, losses = programs[length](state, on_device, self.key)
            batches = self.batches(done + length, steps)  # while the device computes
            losses = np.asarray(losses)
            seconds = time.perf_counter() - before
            _stop_at_nan(losses, done, checkpoints)
            done += length
            saving = done % every == 0 or done == steps
            if saving:
                self.update(state)
                if validate is not None:
                    scores = dict(self.validated(validate))
            rate = length * on_device[0].shape[1] / seconds
            report = Report(done, steps, losses, scores, rate, time.perf_counter() - began, compile_seconds)
            stop = bool(on_report(report)) if on_report is not None else False
            if log is not None and checkpoints is not None:
                row = {"loss": report.loss, "examples_per_second": rate} | (scores if saving else {})
                with checkpoints.writing("the log"):
                    log.add(done, row)
            if checkpoints is not None and (saving or stop):
                checkpoints.save(done, state)
            if stop:
                break
        self.update(state)
        return report

    def batches(self, done: int, steps: int) -> tuple[np.ndarray, ...]:
        """Give the next chunk's batches; none at the end."""
        return stacked([self.data[i] for i in range(done, min(done + self.chunk, steps))])

    def update(self, state: State) -> None:
        """Give the model what was learned: the averaged parameters, where an average is kept."""
        params = state.params if self.recipe.average is None else state.average
        nnx.update(self.model, *jax.tree.map(jnp.copy, (params, state.rest)))

    def validated(self, validate: Callable[[nnx.Module], Mapping[str, float]]) -> Mapping[str, float]:
        """Ask for the scores of the model in evaluation mode, and put it back."""
        model = nnx.clone(self.model)
        model.eval()
        return validate(model)


def _check(model: Any, data: Any, optimizer: Any) -> None:
    """Refuse what is no model, no batches, or no optimiser."""
    if not isinstance(model, nnx.Module):
        raise TypeError(f"train: model={model!r} must be a flax.nnx.Module, not {type(model).__name__}.")
    if not hasattr(data, "__getitem__") or isinstance(data, np.ndarray):
        raise TypeError(f"train: data must give batch i by data[i], not {type(data).__name__}. Use jconv.data.batches.")
    if not isinstance(optimizer, optax.GradientTransformation):
        raise TypeError(f"train: optimizer={optimizer!r} must be one of optax's, such as optax.adam(1e-3).")


def _whole_optimizer(optimizer: optax.GradientTransformation, clip: float | None, accumulate: int):
    """Give the optimiser with clipping before it and accumulation around it."""
    if clip is not None:
        if not clip > 0:
            raise ValueError(f"train: clip={clip} must be greater than 0.")
        optimizer = optax.chain(optax.clip_by_global_norm(clip), optimizer)
    if accumulate > 1:
        optimizer = optax.MultiSteps(optimizer, accumulate).gradient_transformation()
    return optax.with_extra_args_support(optimizer)


def _sharding(batch: Sequence[Any], devices: Sequence[jax.Device] | None) -> tuple[NamedSharding, NamedSharding]:
    """Give where the state stands (on every device) and where batches [steps, batch, ...] do (a part on each)."""
    size = np.shape(batch[0])[0]
    if devices is None:
        devices = dividing(size, jax.local_devices())
    elif size % len(devices):
        raise ValueError(f"train: a batch of {size} cannot be divided over {len(devices)} devices.")
    mesh = jax.sharding.Mesh(np.asarray(devices), ("batch",))
    return NamedSharding(mesh, PartitionSpec()), NamedSharding(mesh, PartitionSpec(None, "batch"))


def dividing(size: int, devices: Sequence[jax.Device]) -> Sequence[jax.Device]:
    """Give as many of the devices as a batch of a size can be divided over."""
    return devices[: next(n for n in range(len(devices), 0, -1) if size % n == 0)]


def _stop_at_nan(losses: np.ndarray, done: int, checkpoints: Checkpoints | None) -> None:
    """End a training whose loss is no number, naming the step and what was saved."""
    bad = np.flatnonzero(~np.isfinite(losses))
    if bad.size:
        saved = None if checkpoints is None else checkpoints.latest
        raise DivergedError(done + int(bad[0]) + 1, float(losses[bad[0]]), saved)
