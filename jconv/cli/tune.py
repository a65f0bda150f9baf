"""`jconv tune` on the terminal: measure the convolutions of a user's function, with a bar and a table."""

import importlib
import inspect
import runpy
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from jconv.cli.options import InputError

FORM = "Give a function without arguments as FILE.py:NAME or MODULE:NAME"


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
    console = Console(highlight=False)
    planned = tune(function, dry_run=True)
    if not planned:
        raise InputError(f"{target}: it traces no convolution that is left to jconv's choice. Tune what calls some.")
    measured: tuple[Tuned, ...] = ()
    columns = (TextColumn("tune"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        job = bar.add_task("tune", total=len(planned))

        def counted(problems: Sequence[ConvProblem]) -> Iterable[ConvProblem]:
            return bar_steps(problems, lambda: bar.advance(job))

        try:
            if not dry_run:
                measured = tune(function, seconds=seconds, budget=budget, path=path, progress=counted)
        except KeyboardInterrupt:
            print(f"jconv tune: stopped. What was measured until then is in {file}.", file=sys.stderr)
            return 130
        except OSError as error:
            raise InputError(f"--path {file}: cannot be written ({error.strerror}).") from None
    console.print(table(measured or planned))
    if dry_run:
        console.print(f"Nothing was measured; it would go to {file}.", soft_wrap=True)
    else:
        left = len(planned) - len(measured)
        rest = f" The budget left out {left} of {len(planned)} problems." if left else ""
        console.print(f"Kept in {file}, and chosen by from now on in this JAX and jconv.{rest}", soft_wrap=True)
    return 0


def bar_steps(problems: Iterable[ConvProblem], advance: Callable[[], None]) -> Iterator[ConvProblem]:
    """Give each problem, and advance when it is done."""
    for problem in problems:
        yield problem
        advance()


def find_function(target: str) -> Callable[[], Any]:
    """Give the function that FILE.py:NAME or MODULE:NAME names, if it can be called without arguments."""
    place, _, name = target.rpartition(":")
    if not place or not name:
        raise InputError(f"{target}: {FORM}.")
    if place.endswith(".py"):
        if not Path(place).is_file():
            raise InputError(f"{target}: there is no file {place}. {FORM}.")
        sys.path.insert(0, str(Path(place).absolute().parent))  # as for a script
        found = runpy.run_path(place)
    else:
        sys.path.insert(0, str(Path.cwd()))  # as for python -m
        try:
            found = vars(importlib.import_module(place))
        except ModuleNotFoundError as error:
            if not place.startswith(error.name or place + "."):
                raise  # found, but something that it imports is not
            raise InputError(f"{target}: there is no module {place}. {FORM}.") from None
    function = found.get(name)
    if not callable(function):
        known = ", ".join(sorted(n for n, f in found.items() if callable(f) and not n.startswith("_"))) or "none"
        raise InputError(f"{target}: {place} has no function {name}; it has: {known}.")
    check_takes_nothing(function, target)
    return function


def check_takes_nothing(function: Callable[..., Any], target: str) -> None:
    """Refuse a function that cannot be called without arguments."""
    try:
        inspect.signature(function).bind()
    except TypeError as error:
        raise InputError(
            f"{target}: {error}. Wrap it: def example(): return {target.rpartition(':')[2]}(example_input)."
        ) from None
    except ValueError:
        pass  # no signature to be had: the call will say


def check_table(path: Path | None) -> Path:
    """Give the table's file, or say why there can be none."""
    file = tuned_path(path)
    if file is None:
        raise InputError("JCONV_TUNED is set and empty, which means no table: unset it, or give --path.")
    try:
        read_tables(file)
    except ValueError as error:
        raise InputError(f"--path: {error}. Remove it, or give another.") from None
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
