"""`jconv train TASK` on the terminal: data, model, training, score on held-out data, files."""

import json
import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jax
import numpy as np
from rich.console import Console

from jconv.cli.errors import INTERRUPTED, InputError
from jconv.cli.folder import check_folder, write_out
from jconv.cli.interrupts import Interrupts
from jconv.cli.train.job import Job, Options, as_json, load_task
from jconv.cli.train.task import Task
from jconv.cli.verify import find_device
from jconv.data import Dataset

RUN = "run.json"  # what the training was asked, so that it can be resumed and used


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
    with jax.default_device(find_device(platform)):
        return _run(options, out, platform, resume=resume)


def _run(options: Options, out: Path | None, platform: str | None, *, resume: bool) -> int:
    """Do it on the default device."""
    started = time.perf_counter()
    task = load_task(options.task)
    out = Path("runs") / task.name if out is None else out
    check_folder(out)
    options = _agreed(options, out, resume)
    console = Console(highlight=False, markup=False)
    data = _read(task, options)
    job = Job(task, _filled(task, options, len(data.train[0])), data, out, platform)
    console.print(f"{task.name}: {len(data.train[0])} to train on, {len(data.test[0])} held out. {data.about}")
    write_out(out, {RUN: as_json(job.facts())})
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
    batch_size = options.batch_size or min(task.batch_size, examples)
    epochs = options.epochs or max(task.epochs, math.ceil(task.least_steps / (examples // batch_size)))
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
