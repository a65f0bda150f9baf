"""The job behind `jconv learn`: the optimiser, the training, and what came of it. No terminal, no files."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import jax
import numpy as np
import optax
from flax import nnx

from jconv.cli.errors import printable
from jconv.cli.learn.algorithms import algorithms_of
from jconv.cli.learn.convergence import Convergence, judged, part_left
from jconv.cli.learn.solved import solved_kernel
from jconv.cli.learn.task import Task
from jconv.cli.options import LearnOptions
from jconv.fit import Progress, decorrelate, fit_chunks, squared_error
from jconv.models import FILTER_MODELS

TILE = 64  # outputs a side of the tiles that `deep` draws its batches from
TILES_A_STEP = 8
CHUNK = 5  # steps between two reports of a line search; the others make four times as many


@dataclass(frozen=True)
class Recipe:
    """An optimiser's defaults, for pictures in units of their standard deviation.

    Args:
        build: schedule of learning rates to optimiser.
        learning_rate: the highest.
        steps: enough for a kernel error below 1e-3 on photographs.
        line_search: whether it finds its own step length: then the rate is kept, and the training ends
            where no step lowers the loss any more.
    """

    build: Callable[[Any], optax.GradientTransformation]
    learning_rate: float
    steps: int
    line_search: bool = False


def nesterov(rate) -> optax.GradientTransformation:
    """Stochastic gradient descent with the momentum that nobody leaves out."""
    return optax.sgd(rate, momentum=0.9, nesterov=True)


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "adam": Recipe(optax.adam, learning_rate=0.2, steps=240),
        "adamw": Recipe(optax.adamw, learning_rate=0.2, steps=240),
        "sgd": Recipe(nesterov, learning_rate=0.1, steps=240),
        "lbfgs": Recipe(optax.lbfgs, learning_rate=1.0, steps=40, line_search=True),
    }
)
# A stack of layers takes smaller and more steps than one kernel.
DEEP_RATE, DEEP_STEPS = 0.2, 4


@dataclass(frozen=True)
class Learned:
    """What a training came to; `metrics` is what `metrics.json` holds."""

    task: Task
    progress: Progress
    kernel: np.ndarray
    truth: np.ndarray | None
    prediction: np.ndarray
    errors: np.ndarray
    metrics: dict[str, Any]


class Learner:
    """A task, a model and an optimiser, ready to train.

    Args:
        task: of `prepare`.
        options: of the command; its gaps are filled with the optimiser's defaults.
    """

    def __init__(self, task: Task, options: LearnOptions):
        recipe = RECIPES[options.optimizer]
        self.task, self.options, self.line_search = task, options, recipe.line_search
        self.learning_rate, self.steps = recipe.learning_rate, recipe.steps
        if options.model == "deep":
            self.steps *= DEEP_STEPS
            self.learning_rate *= 1 if recipe.line_search else DEEP_RATE
        if options.learning_rate is not None:
            self.learning_rate = options.learning_rate
        if options.steps is not None:
            self.steps = options.steps
        rate: Any = self.learning_rate
        if not recipe.line_search:
            rate = optax.cosine_decay_schedule(rate, self.steps)
        self.optimizer = decorrelate(recipe.build(rate), task.inputs)
        self.model = FILTER_MODELS[options.model](
            options.kernel_size, algorithm=options.algorithm, rngs=nnx.Rngs(options.seed)
        )
        self.chunk = CHUNK if self.line_search else 4 * CHUNK
        self.window = (options.kernel_size,) * 2
        rng = np.random.default_rng(options.seed)
        windows = np.lib.stride_tricks.sliding_window_view(task.inputs[..., 0], self.window, axis=(1, 2))
        places = tuple(rng.integers(0, size, 512) for size in windows.shape[:3])
        self.patches = windows[places][..., None]
        self.errors: list[tuple[int, float]] = []
        self.by_direction = self.algorithms()

    def train(self) -> Iterator[Progress]:
        """Train, yielding after every chunk of steps.

        Raises:
            DivergedError: if the loss is no longer finite.
        """
        task, batch_size = self.task, None
        data = [task.inputs, task.targets] + ([] if task.weights is None else [task.weights])
        if self.options.model == "deep":
            data = [
                cut_tiles(task.inputs, TILE + self.options.kernel_size - 1),
                cut_tiles(task.targets, TILE),
            ]
            if self.line_search:  # a line search needs one loss, not one a batch
                data = [tiles[:: -(-len(tiles) // TILES_A_STEP)] for tiles in data]
            elif len(data[0]) > TILES_A_STEP:
                batch_size = TILES_A_STEP
        chunks = fit_chunks(
            self.model,
            *data,
            optimizer=self.optimizer,
            steps=self.steps,
            batch_size=batch_size,
            chunk=self.chunk,
            seed=self.options.seed,
        )
        for progress in chunks:
            error = self.kernel_error()
            if error is not None:
                self.errors.append((progress.step, error))
            yield progress
            if self.line_search and progress.step > CHUNK and progress.loss > 0.99 * progress.losses[-1 - CHUNK]:
                break

    def kernels(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Give the learned and the true kernel, origin on origin, the smaller in a frame of zeros."""
        learned, truth = self.model.filter_kernel(self.patches), self.task.truth
        if truth is None:
            return learned, None
        size = max(*learned.shape, *truth.shape)
        return framed(learned, size), framed(truth, size)

    def kernel_error(self) -> float | None:
        """Give |learned - true| / |true|, or None where the truth is not known."""
        learned, truth = self.kernels()
        return None if truth is None else float(np.linalg.norm(learned - truth) / np.linalg.norm(truth))

    def finish(self, progress: Progress, started: float) -> Learned:
        """Judge the model on the whole picture.

        Args:
            progress: the last of `train`.
            started: `time.perf_counter()` when the command began.
        """
        task = self.task
        graphdef, state = nnx.split(self.model)
        outputs = jax.jit(lambda state, x: nnx.merge(graphdef, state)(x))(state, task.inputs)
        prediction = task.in_picture_units(outputs)
        kernel, truth = self.kernels()
        convergence = self.convergence(progress)
        device = jax.devices()[0]
        # A picture file cannot hold more than black to white, nor can its prediction.
        seen = prediction if truth is not None else np.clip(prediction, 0, 1)
        residual = float(np.sqrt(np.mean((seen - task.target) ** 2, dtype=np.float64)))
        peak = 1.0 if truth is None else float(np.ptp(task.target))
        black = np.full((1, *self.window, 1), -task.mean / task.unit, np.float32)
        metrics = {
            "relative_kernel_error": self.kernel_error(),
            "relative_to_solved": self.distance_to_solved(kernel),
            "psnr_db": float(20 * np.log10(peak / max(residual, 1e-10))),
            "psnr_peak": peak,
            "residual_rms": residual,
            "explained": 1 - residual**2 / float(np.var(task.target)),
            "offset": float(task.in_picture_units(self.model(black))[0, 0, 0]),
            "loss": progress.loss,
            "steps": progress.step,
            "converged": convergence.converged,
            "seconds": {
                "compile": progress.compile_seconds,
                "train": progress.seconds - progress.compile_seconds,
                "total": time.perf_counter() - started,
            },
            "device": device.device_kind,
            "platform": device.platform,
            "algorithms": self.by_direction,
            "learned_kernel": kernel.tolist(),
            "true_kernel": None if truth is None else truth.tolist(),
            "options": self.filled_options(),
            "notes": [*task.notes, *filter(None, [convergence.advice]), *self.advice(kernel, residual)],
            "versions": {name: version(name) for name in ("jconv", "jax", "flax", "optax")},
        }
        return Learned(task, progress, kernel, truth, prediction, np.reshape(self.errors, (-1, 2)), metrics)

    def distance_to_solved(self, kernel: np.ndarray) -> float | None:
        """Give |learned - solved| / |solved|, by the kernel in closed form; None where there is none."""
        solved = solved_kernel(self.task, self.options.kernel_size) if self.options.model == "conv" else None
        if solved is None:
            return None
        solved = framed(solved, len(kernel))
        return float(np.linalg.norm(kernel - solved) / np.linalg.norm(solved))

    def filled_options(self) -> dict[str, Any]:
        """Give the command's options with no gaps, as JSON can hold them."""
        return asdict(self.options) | {
            "image": printable(self.options.image or "camera (scikit-image)"),
            "target": printable(self.options.target),
            "learning_rate": self.learning_rate,
            "steps": self.steps,
        }

    def advice(self, kernel: np.ndarray, residual: float) -> Iterator[str]:
        """Say what a better answer may need."""
        size, target, truth = self.options.kernel_size, self.options.target, self.task.truth
        if truth is not None:
            if max(truth.shape) > size:
                yield f"{target} is larger than the kernel: give --kernel-size {max(truth.shape)}"
            floor = nearest_separable_error(truth)
            if self.options.model == "separable" and floor > 1e-3:
                yield f"no column times row comes nearer to {target} than {floor:.2f}: give --model conv"
            return
        if residual**2 > 0.1 * np.var(self.task.target):
            yield (
                "the kernel explains the target badly: is it made from this very image, pixel on pixel? "
                "If so, give --model deep"
            )
        elif size > 2 and 1 - np.linalg.norm(kernel[1:-1, 1:-1]) / np.linalg.norm(kernel) > 0.02:
            yield f"the kernel reaches its rim: the filter may be larger, try --kernel-size {size + 4}"

    def algorithms(self) -> dict[str, list[str]]:
        """Give the algorithms that the training step runs, by direction.

        Raises:
            InputError: the one asked for cannot do all of it.
        """
        graphdef, state = nnx.split(self.model)

        def loss(state, x, y):
            return squared_error(nnx.merge(graphdef, state), x, y)

        return algorithms_of(jax.value_and_grad(loss, allow_int=True), state, self.task.inputs, self.task.targets)

    def convergence(self, progress: Progress) -> Convergence:
        """Judge whether the training has converged; `progress` is its last."""
        linear = self.options.model != "deep"
        return judged(progress.losses, part_left(self.model, self.task) if linear else None)


def framed(kernel: np.ndarray, size: int) -> np.ndarray:
    """Put a kernel into a size x size frame of zeros; its origin, tap (k - 1) // 2, stays the origin."""
    amounts = []
    for taps in kernel.shape:
        low = (size - 1) // 2 - (taps - 1) // 2
        amounts.append((low, size - taps - low))
    return np.pad(kernel, amounts)


def nearest_separable_error(kernel: np.ndarray) -> float:
    """Give the least |column * row - kernel| / |kernel|: what no separable model can do better than."""
    values = np.linalg.svd(kernel.astype(np.float64), compute_uv=False)
    return float(np.linalg.norm(values[1:]) / np.linalg.norm(values))


def cut_tiles(pictures: np.ndarray, size: int) -> np.ndarray:
    """Cut `(n, height, width, 1)` into tiles of `size` a side, or the whole side, one every TILE pixels."""
    window = tuple(min(size, n) for n in pictures.shape[1:3])
    tiles = np.lib.stride_tricks.sliding_window_view(pictures[..., 0], window, axis=(1, 2))
    return np.ascontiguousarray(tiles[:, ::TILE, ::TILE].reshape(-1, *window))[..., None]
