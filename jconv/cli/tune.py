"""`jconv tune` on the terminal: measure the convolutions of a user's function, with a bar and a table."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jax
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from jconv._choice.tuned import tuned_path
from jconv._choice.tuned_file import Tuned, read_tables
from jconv._equation.problem import ConvProblem
from jconv._programs.explanation import describe
from jconv._programs.tune import tune
from jconv.cli.errors import INTERRUPTED, InputError, printable
from jconv.cli.functions import find_function


def run(target: str, *, seconds: float, budget: float | None, path: Path | None, dry_run: bool) -> int:
    """Tune a function's convolutions, print what was found and where it is kept.

    Args:
        target: FILE.py:NAME or MODULE:NAME, a function without arguments.
        seconds: how long to measure each algorithm on each problem.
        budget: how long to measure in all.
        path: the file for the table; None for the usual one.
        dry_run: only print what would be measured.

    Returns:
        The exit code: 130 after Ctrl-C, else 0.

    Raises:
        InputError: if there is no such function, it needs arguments or convolves nothing, or the table
            cannot be written.
    """
    function = find_function(target)
    file = check_table(path)
    console = Console(highlight=False, markup=False)
    planned = tune(function, dry_run=True)
    if not planned:
        raise InputError(f"{target}: it traces no convolution that is left to jconv's choice. Tune what calls some.")
    measured: tuple[Tuned, ...] = ()
    if not dry_run:
        try:
            measured = _measured(function, len(planned), console, seconds=seconds, budget=budget, path=path)
        except KeyboardInterrupt:
            print(f"jconv tune: stopped. What was measured until then is in {printable(file)}.", file=sys.stderr)
            return INTERRUPTED
        except OSError as error:
            raise InputError(f"--path {file}: cannot be written ({error.strerror}).") from None
    console.print(table(measured or planned))
    if dry_run:
        console.print(f"Nothing was measured; it would go to {printable(file)}.", soft_wrap=True)
    else:
        left = len(planned) - len(measured)
        rest = f" The budget left out {left} of {len(planned)} problems." if left else ""
        console.print(
            f"Kept in {printable(file)}, and chosen by from now on in this JAX and jconv.{rest}", soft_wrap=True
        )
    return 0


def _measured(function: Callable[[], Any], total: int, console: Console, **options: Any) -> tuple[Tuned, ...]:
    """Tune a function of `total` problems under a moving bar; `options` are those of `jconv.tune`."""
    columns = (TextColumn("tune"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        job = bar.add_task("tune", total=total)
        return tune(function, progress=partial(bar_steps, advance=partial(bar.advance, job)), **options)


def bar_steps(problems: Iterable[ConvProblem], advance: Callable[[], object]) -> Iterator[ConvProblem]:
    """Give each problem, and advance when it is done."""
    for problem in problems:
        yield problem
        advance()


def check_table(path: Path | None) -> Path:
    """Give the table's file, or say why there can be none."""
    file = tuned_path(path)
    if file is None:
        raise InputError("JCONV_TUNED is set and empty, which means no table: unset it, or give --path.")
    try:
        read_tables(file)
    except ValueError as error:
        raise InputError(f"--path: {error}. Give another, or remove it.") from None
    except OSError as error:
        raise InputError(f"--path {file}: cannot be read ({error.strerror}). Give the path of a file.") from None
    return file


def table(found: Sequence[Tuned]) -> Table:
    """Lay out what was found, problem by problem: milliseconds of each algorithm, or which would be measured."""
    drawn = Table(title=f"convolutions and their gradients, on {jax.devices()[0].device_kind}", title_justify="left")
    drawn.add_column("problem")
    drawn.add_column("chosen")
    drawn.add_column("milliseconds by algorithm")
    for one in found:
        times = sorted(one.seconds.items(), key=lambda item: item[1])
        shown = ", ".join(f"{name} {1e3 * seconds:.3g}" for name, seconds in times)
        drawn.add_row(describe(one.problem), one.algorithm or "-", shown or f"to measure: {', '.join(one.candidates)}")
    return drawn
