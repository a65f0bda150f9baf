"""`jconv learn` on the terminal: progress, summary, files, and what Ctrl-C does."""

import json
import time
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from rich.columns import Columns
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jconv import plot
from jconv.cli.errors import FAILED, INTERRUPTED, InputError, printable
from jconv.cli.folder import check_folder, write_out
from jconv.cli.interrupts import Interrupts
from jconv.cli.learn.algorithms import check_name
from jconv.cli.learn.task import prepare
from jconv.cli.learn.training import Learned, Learner
from jconv.cli.options import LearnOptions
from jconv.fit import DivergedError
from jconv.fit import Progress as Steps
from jconv.fit._progress import progress_bar

MOST_TAPS_PRINTED = 11
LARGEST_SEED = 2**32 - 1  # what a key of JAX takes in its default types


def run(options: LearnOptions, out: Path) -> int:
    """Learn, print, write.

    Args:
        options: what to learn, and how.
        out: folder for the files.

    Returns:
        The exit code: 0, 1 if the training did not converge, 130 if Ctrl-C ended it early.

    Raises:
        InputError: for bad input, or a training that diverged; nothing is written then.
    """
    started = time.perf_counter()
    check_folder(out)
    check_options(options)
    console = Console(highlight=False, markup=False)
    learner = Learner(prepare(options), options)
    with Interrupts(console) as interrupts:
        progress = trained(learner, console, interrupts)
        learned = learner.finish(progress, started)
        save(learned, out)
    console.print(summary(learned))
    for note in learned.metrics["notes"]:
        console.print(f"Note: {note}.", soft_wrap=True)
    if interrupts.seen:
        console.print(f"Stopped at step {progress.step} by Ctrl-C; what was learned so far is saved.")
    console.print(f"Written: {printable(out / 'report.png')}, kernel.npy, metrics.json", soft_wrap=True)
    if interrupts.seen:
        return INTERRUPTED
    return 0 if learned.metrics["converged"] else FAILED


def check_options(options: LearnOptions) -> None:
    """Refuse what no picture could make right."""
    check_name(options.algorithm)
    if options.learning_rate is not None and not options.learning_rate > 0:
        raise InputError(f"--learning-rate {options.learning_rate:g}: must be greater than 0.")
    if options.seed > LARGEST_SEED:
        raise InputError(f"--seed {options.seed}: too large. Give 0 to {LARGEST_SEED}.")


def trained(learner: Learner, console: Console, interrupts: "Interrupts") -> Steps:
    """Train, show how far it is, stop where Ctrl-C asks for it, and give the last report."""
    try:
        with progress_bar(console, learner.steps, learner.chunk) as report:
            for progress in learner.train():
                error = f"  kernel error {learner.errors[-1][1]:.1e}" if learner.errors else ""
                report(progress.step, f"loss {progress.loss:.1e}{error}")
                if interrupts.seen:
                    break
    except DivergedError as error:
        raise InputError(
            f"--learning-rate {learner.learning_rate:g}: the training diverged at step "
            f"{error.step} (its loss became {error.loss}). Give a lower rate."
        ) from None
    return progress


def save(learned: Learned, out: Path) -> None:
    """Write the three files, all or none."""
    kernel = BytesIO()
    np.save(kernel, learned.kernel)
    metrics = json.dumps(learned.metrics, indent=2, allow_nan=False) + "\n"
    title, subtitle = headline(learned)
    report = plot.learn_report(
        image=learned.task.image,
        target=learned.task.target,
        prediction=learned.prediction,
        learned=learned.kernel,
        truth=learned.truth,
        losses=learned.progress.losses,
        errors=learned.errors,
        title=title,
        subtitle=subtitle,
    )
    write_out(out, {"report.png": report, "kernel.npy": kernel.getvalue(), "metrics.json": metrics.encode()})


def headline(learned: Learned) -> tuple[str, str]:
    """Say the result, and how it was got, in a line each."""
    metrics, options = learned.metrics, learned.metrics["options"]
    name, error = options["target"], metrics["relative_kernel_error"]
    if error is None:
        title = f"jconv learned what made {Path(name).name}: PSNR {metrics['psnr_db']:.1f} dB"
    else:
        title = f"jconv learned “{name}” from one photograph: kernel error {error:.1e}"
    size = options["kernel_size"]
    how = f"{options['model']} {size} x {size}, {options['optimizer']}, {metrics['steps']} steps"
    where = f"{metrics['device']}, algorithm {' + '.join(all_algorithms(metrics))}"
    return title, f"{how} in {metrics['seconds']['train']:.1f} s on {where}, PSNR {metrics['psnr_db']:.1f} dB"


def all_algorithms(metrics: Mapping[str, Any]) -> list[str]:
    """Give the names of all algorithms that ran, in whatever direction."""
    return sorted(set().union(*metrics["algorithms"].values()))


def summary(learned: Learned) -> Table:
    """Lay out the kernels and the numbers."""
    metrics, options = learned.metrics, learned.metrics["options"]
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold")
    facts.add_column()
    if learned.truth is not None:
        facts.add_row("relative error", f"{metrics['relative_kernel_error']:.2e}   |learned - true| / |true|")
        facts.add_row("PSNR", f"{metrics['psnr_db']:.1f} dB")
    else:
        grey = 255 * metrics["residual_rms"]
        facts.add_row("residual", f"{grey:.3g} grey levels of 255 (rounding to whole levels alone leaves 0.29)")
        facts.add_row("PSNR", f"{metrics['psnr_db']:.1f} dB")
        facts.add_row("offset", f"{255 * metrics['offset']:+.1f} grey levels: what the filter makes of black")
    if metrics["relative_to_solved"] is not None:
        facts.add_row("closed form", f"{metrics['relative_to_solved']:.2e}   |learned - solved| / |solved|")
    seconds = metrics["seconds"]
    facts.add_row("steps", f"{metrics['steps']} of {options['steps']} ({options['optimizer']})")
    parts = f"training {seconds['train']:.1f}, compilation {seconds['compile']:.1f}"
    facts.add_row("seconds", f"{seconds['total']:.1f}, of which {parts}")
    facts.add_row("device", metrics["device"])
    facts.add_row("algorithm", f"{' + '.join(all_algorithms(metrics))} (asked for: {options['algorithm']})")
    page = Table.grid(padding=(0, 0, 1, 0))
    if learned.kernel.shape[0] <= MOST_TAPS_PRINTED:
        shown = [("true kernel", learned.truth), ("learned kernel", learned.kernel)]
        digits = plot.tap_digits(learned.kernel, learned.truth)
        page.add_row(Columns([_kernel(name, k, digits) for name, k in shown if k is not None], padding=(0, 4)))
    page.add_row(facts)
    return page


def _kernel(name: str, kernel: np.ndarray, digits: int) -> Table:
    """Lay out a kernel's taps with so many digits after the point."""
    table = Table(
        title=name,
        title_justify="left",
        title_style="bold",
        show_header=False,
        box=None,
        padding=(0, 1, 0, 0),
    )
    for _ in range(kernel.shape[1]):
        table.add_column(justify="right")
    for row in kernel:
        words = [plot.tap_words(value, digits) for value in row]
        table.add_row(*(Text(word, style="" if float(word) else "dim") for word in words))
    return table
