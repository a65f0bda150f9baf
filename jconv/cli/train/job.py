"""One training of `jconv train`: built, trained, scored, and written down."""

import json
import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

import jax
import numpy as np
import optax
from flax import nnx
from rich.console import Console

from jconv._device import processor
from jconv.cli.errors import InputError, printable
from jconv.cli.folder import write_out
from jconv.cli.interrupts import Interrupts
from jconv.cli.train.report import report
from jconv.cli.train.task import Kind, Task, kind_of
from jconv.data import Dataset, batches
from jconv.fit import CheckpointError, DivergedError, Report, train
from jconv.fit._evaluate import map_batches
from jconv.fit._progress import progress_bar
from jconv.fit._training import dividing

TIMES_SAVED = 8
CHUNK = 20
TASKS = ("classify", "segment", "detect", "video", "audio", "sequence")


@dataclass(frozen=True)
class Options:
    """The options of `jconv train`; empty or 0 asks for the task's default, for all examples, or for its own data."""

    task: str
    model: str = ""
    data: str = ""
    epochs: int = 0
    batch_size: int = 0
    learning_rate: float = 0.0
    examples: int = 0
    seed: int = 0


def load_task(name: str) -> Task:
    """Give a task by its name.

    Raises:
        InputError: there is none of the name.
    """
    if name not in TASKS:
        raise InputError(f"{name}: there is no such task. Give one of {', '.join(TASKS)}.")
    return import_module(f"jconv.cli.train.{name}").TASK


@dataclass(frozen=True)
class Job:
    """One training: its task, options without gaps, data, folder and platform (None: the one jax uses)."""

    task: Task
    options: Options
    data: Dataset
    out: Path
    platform: str | None

    @property
    def kind(self) -> Kind:
        """What models must know of the data."""
        return kind_of(self.data)

    def facts(self) -> dict[str, Any]:
        """What `run.json` holds: enough to build the model again."""
        kind = self.kind
        return {
            "options": asdict(self.options),
            "input_shape": kind.input_shape,
            "classes": kind.classes,
            "facts": kind.facts,
            "jconv": version("jconv"),
        }

    def trained(self, name: str, out: Path | None, console: Console, interrupts: Interrupts, resume: bool):
        """Train the model of a name; gives it in evaluation mode, and the last report."""
        options = self.options
        model = self.task.models[name](self.kind, nnx.Rngs(options.seed))
        per_epoch = len(self.data.train[0]) // options.batch_size
        steps = options.epochs * per_epoch
        rate = optax.cosine_onecycle_schedule(steps, options.learning_rate, pct_start=0.2)
        score = self.scores

        def validate(model: nnx.Module) -> dict[str, float]:
            return score(model)[0]

        with progress_bar(console, steps, CHUNK, what=f"training {name}") as show:

            def tell(progress: Report) -> bool:
                words = f"loss {progress.loss:.3f}"
                words += "".join(f"  {metric} {value:.1%}" for metric, value in list(progress.scores.items())[:1])
                show(progress.step, f"{words}  {progress.examples_per_second:.0f} examples/s")
                return interrupts.seen

            try:
                last = train(
                    model,
                    batches(*self.data.train, batch_size=options.batch_size, seed=options.seed),
                    optax.adamw(rate, weight_decay=1e-3),
                    loss=self.task.loss,
                    steps=steps,
                    augment=self.task.augment(self.kind),
                    validate=validate if out is not None else None,
                    folder=out,
                    resume=resume,
                    save_every=math.ceil(steps / TIMES_SAVED),
                    chunk=CHUNK,
                    seed=options.seed,
                    clip=1.0,
                    average=self.task.average,
                    devices=dividing(options.batch_size, jax.local_devices(backend=self.platform)),
                    on_report=tell,
                )
            except DivergedError as error:
                raise InputError(
                    f"--learning-rate {options.learning_rate:g}: the training diverged at step {error.step} (its loss "
                    f"became {error.loss}). Give a lower rate, and another --out."
                ) from None
            except CheckpointError as error:
                raise InputError(str(error)) from None
        model.eval()
        return model, last

    def scores(self, model: nnx.Module) -> tuple[dict[str, float], Any]:
        """Score a model on the held-out data; gives its answers too."""
        found = map_batches(self.task.answers, model, self.data.test[0])
        return self.task.score(found, self.data.test[1:], self.kind), found

    def compared(self, console: Console, interrupts: Interrupts) -> dict[str, Any]:
        """Train the model that it is compared with, on the same data by the same options; saves nothing."""
        model, last = self.trained(self.task.beside, None, console, interrupts, False)
        scores = self.scores(model)[0] if last.step == last.steps else {}
        return {"model": self.task.beside, "parameters": parameters(model), **scores}

    def finish(self, console: Console, model: nnx.Module, beside: dict[str, Any] | None, seconds: float) -> None:
        """Score, write `metrics.json` and `report.png`, and print."""
        scores, found = self.scores(model)
        metrics = {
            "task": self.task.name,
            "metric": self.task.metric,
            "value": next(iter(scores.values())),
            "scores": scores,
            "examples": len(self.data.train[0]),
            "examples_held_out": len(self.data.test[0]),
            "parameters": parameters(model),
            "beside": beside,
            "seconds": round(seconds, 1),
            "data": self.data.about,
            "options": asdict(self.options),
            "versions": {name: version(name) for name in ("jconv", "jax", "flax", "optax")}
            | {"python": python_version()},
            "device": processor() if jax.default_backend() == "cpu" else jax.devices()[0].device_kind,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        figures = self.task.figures(model, self.data.test[0], found, self.data.test[1:], self.kind)
        picture = report(
            figures,
            _curves(self.out / "log.csv"),
            model,
            f"training of {self.options.model}",
            self.kind.input_shape[-1],
        )
        write_out(self.out, {"report.png": picture, "metrics.json": as_json(metrics)})
        console.print(
            f"{self.task.metric}: {metrics['value']:.2%} on {metrics['examples_held_out']} held-out examples "
            f"({self.options.model}, {metrics['parameters']:,} parameters, {seconds:.0f} s)"
        )
        for name, value in list(scores.items())[1:]:
            console.print(f"{name}: {value:.2%}")
        if beside:
            value = beside.get(next(iter(scores)), math.nan)
            console.print(f"beside it {beside['model']}, {beside['parameters']:,} parameters: {value:.2%}")
        console.print(f"Written: {printable(self.out / 'report.png')}, metrics.json, checkpoints", soft_wrap=True)


def parameters(model: nnx.Module) -> int:
    """Count the parameters of a model."""
    return sum(leaf.size for leaf in jax.tree.leaves(nnx.state(model, nnx.Param)))


def _curves(log: Path) -> dict[str, Any]:
    """Read the curves of a log: each column with its steps."""
    names, *rows = (line.split(",") for line in log.read_text().splitlines())
    curves = {}
    for place, name in enumerate(names):
        if name not in ("step", "examples_per_second"):
            points = [(float(row[0]), float(row[place])) for row in rows if len(row) > place and row[place]]
            curves[name] = np.array(points)
    return curves


def as_json(value: Any) -> bytes:
    """Give JSON as a file has it."""
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()
