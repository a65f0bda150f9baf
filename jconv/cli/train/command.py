"""`jconv train TASK` on the terminal: data, model, training, score on held-out data, files."""

import json
import math
import time
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
from jconv.cli.errors import INTERRUPTED, InputError, printable
from jconv.cli.folder import check_folder, write_out
from jconv.cli.interrupts import Interrupts
from jconv.cli.train.report import report
from jconv.cli.train.task import Kind, Task, kind_of
from jconv.data import Dataset, batches
from jconv.fit import CheckpointError, DivergedError, Report, train
from jconv.fit._evaluate import map_batches
from jconv.fit._progress import progress_bar

RUN = "run.json"  # what the training was asked, so that it can be resumed and used
TIMES_SAVED = 8
CHUNK = 20
TASKS = ("classify", "segment", "detect", "video", "audio", "sequence")
MODEL_SEED, DATA_SEED = 0, 1  # apart, so that they are no copies of one another


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


def run(options: Options, out: Path | None, *, resume: bool, platform: str | None) -> int:
    """Train, print, write.

    Args:
        options: what to train, and how.
        out: folder for the files; None: `runs/TASK`.
        resume: go on with the training in that folder, with its options.
        platform: "cpu", "gpu", "tpu"; None: the one jax uses.

    Returns:
        The exit code: 0, or 130 if Ctrl-C ended it early.

    Raises:
        InputError: for bad input; nothing that was saved is lost.
    """
    started = time.perf_counter()
    if platform is not None:
        jax.config.update("jax_platforms", platform)
    task = load_task(options.task)
    out = Path("runs") / task.name if out is None else out
    check_folder(out)
    options = _agreed(options, out, resume)
    console = Console(highlight=False, markup=False)
    data = _read(task, options)
    job = Job(task, _filled(task, options, len(data.train[0])), data, out)
    console.print(f"{task.name}: {len(data.train[0])} to train on, {len(data.test[0])} held out. {data.about}")
    write_out(out, {RUN: _json(job.facts())})
    with Interrupts(console) as interrupts:
        beside = job.compared(console, interrupts) if task.beside and options.model != task.beside else None
        if interrupts.seen:
            return INTERRUPTED
        model, last = job.trained(job.options.model, out, console, interrupts, resume)
        if interrupts.seen and last.step < last.steps:
            console.print(f"Stopped at step {last.step} by Ctrl-C, and saved. Go on with --resume.")
            return INTERRUPTED
    job.finish(console, model, beside, time.perf_counter() - started)
    return 0


@dataclass(frozen=True)
class Job:
    """One training: its task, options without gaps, data, and folder."""

    task: Task
    options: Options
    data: Dataset
    out: Path

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
        picture = report(figures, _curves(self.out / "log.csv"), model, f"training of {self.options.model}")
        write_out(self.out, {"report.png": picture, "metrics.json": _json(metrics)})
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


def _read(task: Task, options: Options) -> Dataset:
    """Read the data, and fewer of them to train on if that is asked."""
    path = Path(options.data) if options.data else None
    try:
        data = task.read(path, options.seed)
    except RuntimeError as error:
        raise InputError(str(error)) from None
    count = min(len(data.train[0]), options.examples or len(data.train[0]))
    chosen = np.random.default_rng(options.seed).permutation(len(data.train[0]))[:count]
    train = data.train if count == len(data.train[0]) else tuple(a[np.sort(chosen)] for a in data.train)
    return Dataset(data.name, train, data.test, data.classes, data.about, data.facts)


def _filled(task: Task, options: Options, examples: int) -> Options:
    """Fill the gaps of the options with the task's defaults, and refuse what cannot be."""
    model = options.model or next(iter(task.models))
    if model not in task.models:
        raise InputError(
            f"--model {model}: there is no such model for {task.name}. Give one of {', '.join(task.models)}."
        )
    rate = options.learning_rate or task.learning_rate
    if options.batch_size > examples:
        raise InputError(
            f"--batch-size {options.batch_size}: there are only {examples} examples to train on. Give at most that."
        )
    epochs, batch_size = options.epochs or task.epochs, options.batch_size or min(task.batch_size, examples)
    return Options(task.name, model, options.data, epochs, batch_size, rate, options.examples, options.seed)


def _agreed(options: Options, out: Path, resume: bool) -> Options:
    """Give the options of the training that is resumed; refuse a folder that holds another one."""
    there = (out / RUN).exists()
    if not resume:
        if there:
            raise InputError(
                f"--out {out}: there is a training in it. Give --resume to go on with it, or another folder."
            )
        return options
    if not there:
        raise InputError(f"--out {out}: there is no training in it to resume. Leave --resume out.")
    before = Options(**read_run(out)["options"])
    if before.task != options.task:
        raise InputError(f"--out {out}: the training in it is of the task {before.task}. Give that task.")
    for name, value in asdict(options).items():
        if value not in (getattr(before, name), getattr(Options(options.task), name)):
            raise InputError(
                f"--{name.replace('_', '-')} {value}: the training in {out} has {getattr(before, name)}. "
                "Leave it out, or give another --out without --resume."
            )
    return before


def read_run(folder: Path) -> dict[str, Any]:
    """Read what a training was asked.

    Raises:
        InputError: there is no training.
    """
    try:
        return json.loads((folder / RUN).read_text())
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder}: there is no training in it ({error}). Give the folder that jconv train wrote."
        ) from None


def _curves(log: Path) -> dict[str, Any]:
    """Read the curves of a log: each column with its steps."""
    names, *rows = (line.split(",") for line in log.read_text().splitlines())
    curves = {}
    for place, name in enumerate(names):
        if name not in ("step", "examples_per_second"):
            points = [(float(row[0]), float(row[place])) for row in rows if len(row) > place and row[place]]
            curves[name] = np.array(points)
    return curves


def _json(value: Any) -> bytes:
    """Give JSON as a file has it."""
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()
