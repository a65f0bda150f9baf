"""`jconv verify` on the terminal: the matrix of jconv.testing on this device, as tables and as JSON."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from jconv import testing
from jconv._algorithms import ALGORITHMS
from jconv._files import write_files
from jconv._verbs.general import conv_general_dilated
from jconv.cli.errors import FAILED, InputError, printable
from jconv.testing import Result, Summary

FAILURES_SHOWN = 10


def run(*, full: bool, platform: str | None, json_path: Path | None, algorithms: Sequence[str] | None = None) -> int:
    """Run the matrix, print a table for each dtype, write the JSON.

    Args:
        full: all cases and dtypes, or the quick choice of `jconv.testing`.
        platform: "cpu", "gpu", "tpu"; None for jax's default device.
        json_path: where to write the results, if anywhere.
        algorithms: the names of those to verify; all if None.

    Returns:
        The exit code: 1 if an error is over its bound, else 0.

    Raises:
        InputError: if there is no such device, or the JSON cannot be written.
    """
    device = find_device(platform)
    check_words(algorithms, json_path)
    console = Console(highlight=False)
    started = time.perf_counter()
    results = run_all(console, device, algorithms, full=full)
    seconds = time.perf_counter() - started
    code = say_verdict(console, results, seconds)
    if json_path is not None:
        write_record(json_path, as_record(results, device, full=full, seconds=seconds))
        console.print(f"Written: {printable(json_path)}", soft_wrap=True, markup=False)
    return code


def check_words(algorithms: Sequence[str] | None, json_path: Path | None) -> None:
    """Say which algorithm there is not, or that the JSON cannot be where it is to be."""
    unknown = sorted(set(algorithms or ()) - {"auto", *ALGORITHMS})
    if unknown:
        raise InputError(f"--algorithm {unknown[0]}: give one of auto, {', '.join(ALGORITHMS)}.")
    if json_path is not None and (json_path.is_dir() or not json_path.absolute().parent.is_dir()):
        raise InputError(f"--json {json_path}: give the path of a file in a folder that exists.")


def run_all(console: Console, device: jax.Device, algorithms: Sequence[str] | None, *, full: bool) -> list[Result]:
    """Run the matrix on a device under a moving bar, print a table for each dtype, give all results."""
    functions, bounds = what_is_verified(algorithms)
    cases = testing.CASES if full else testing.QUICK
    plan = {dtype: list(functions) for dtype in testing.DTYPES} if full else quick_plan(list(functions))
    console.print(
        f"{len(functions)} algorithms, {len(cases)} cases, {len(plan)} dtypes, "
        f"{len(testing.QUANTITIES) + 1} quantities on {device.device_kind} ({device.platform})."
    )
    results: list[Result] = []
    local = names_of_local(functions)
    total = len(cases) * sum(len(testing.QUANTITIES) * len(names) + len(local & {*names}) for names in plan.values())
    columns = (TextColumn("[bold]{task.fields[dtype]}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with jax.default_device(device), Progress(*columns, console=console, transient=True) as bar:
        job = bar.add_task("verify", total=total, dtype="")
        for dtype, names in plan.items():
            bar.update(job, dtype=dtype)
            chosen = {name: functions[name] for name in names}
            ours = local & {*names}
            for result in testing.run_matrix(chosen, cases=cases, dtypes=[dtype], bounds=bounds, local=ours):
                results.append(result)
                bar.advance(job)
            console.print(table(dtype, [result for result in results if result.dtype == dtype]))
    return results


def say_verdict(console: Console, results: Sequence[Result], seconds: float) -> int:
    """Print the failures and the counts; give the exit code."""
    failures = [result for result in results if result.status == "failed"]
    passed = sum(result.status == "passed" for result in results)
    for failure in failures[:FAILURES_SHOWN]:
        where = f"{failure.name}, {failure.case}, {failure.dtype}, {failure.quantity}"
        console.print(f"FAILED {where}: {failure.reason}", soft_wrap=True, markup=False)
    if len(failures) > FAILURES_SHOWN:
        console.print(f"... and {len(failures) - FAILURES_SHOWN} more")
    others = len(results) - passed - len(failures)
    verdict = "All within their bounds" if not failures else f"{len(failures)} over their bounds"
    console.print(f"{verdict}: {passed} checks passed, {others} do not apply, in {seconds:.0f} s.")
    return FAILED if failures or not passed else 0


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write the JSON file, or say why it cannot be written."""
    content = (json.dumps(record, indent=2, allow_nan=False) + "\n").encode()
    try:
        write_files(path.absolute().parent, {path.name: content})
    except OSError as error:
        raise InputError(f"--json {path}: cannot be written ({error.strerror}). Give another path.") from None


def quick_plan(names: list[str]) -> dict[str, list[str]]:
    """Give what fits in a minute, by dtype: every algorithm in float32, what "auto" chooses in the others.

    Where "auto" is not among the names, or nothing else is, all of them are for every dtype.
    """
    named = [name for name in names if name != "auto"] or names
    other = ["auto"] if "auto" in names else names
    return {"float32": named} | {dtype: other for dtype in testing.QUICK_DTYPES if dtype != "float32"}


def find_device(platform: str | None) -> jax.Device:
    """Give the first device of a platform, or say what there is."""
    try:
        return jax.devices(platform)[0]
    except RuntimeError:
        here = ", ".join(sorted({device.platform for device in jax.devices()}))
        raise InputError(
            f"--platform {platform}: jax finds no such device. It has {here}; "
            "https://docs.jax.dev/en/latest/installation.html says how to install the others."
        ) from None


def what_is_verified(
    algorithms: Sequence[str] | None = None,
) -> tuple[dict[str, Callable[..., jax.Array]], dict[str, float]]:
    """Give every algorithm, and "auto", as a function with lax's arguments; and each one's bound."""
    bounds = {name: algorithm.error_bound for name, algorithm in ALGORITHMS.items()}
    bounds["auto"] = ALGORITHMS["lax"].error_bound  # the matrix asks for HIGHEST, which admits direct sums alone
    bounds = {name: bound for name, bound in bounds.items() if not algorithms or name in algorithms}
    return {name: partial(conv_general_dilated, algorithm=name) for name in bounds}, bounds


def names_of_local(names: Iterable[str]) -> set[str]:
    """Give those whose every output is said to be a sum over its own window: at HIGHEST, "auto" is so too."""
    return {name for name in names if name == "auto" or (name in ALGORITHMS and ALGORITHMS[name].local)}


def table(dtype: str, results: list[Result]) -> Table:
    """Lay out one dtype: algorithm x quantity, the worst error in units of its bound."""
    summaries = testing.summarise(results)
    drawn = Table(title=f"{dtype}: worst error, 1 = the bound", title_justify="left", title_style="bold")
    drawn.add_column("algorithm")
    drawn.add_column("bound", justify="right")
    quantities = (*testing.QUANTITIES, testing.LOCAL)
    for quantity in quantities:
        drawn.add_column(quantity, justify="right")
    for name in dict.fromkeys(result.name for result in results):
        bound = next(result.bound for result in results if result.name == name)
        cells = [cell(summaries.get((name, quantity, dtype))) for quantity in quantities]
        drawn.add_row(name, f"{bound:g} eps", *cells)
    return drawn


def cell(summary: Summary | None) -> Text:
    """Say the worst of a group in a word: a number, FAILED, or why there is none; "-" where nothing was judged."""
    if summary is None:
        return Text("-", style="dim")
    worst = summary.worst
    if worst.status == "failed":
        return Text("FAILED" if worst.error is None else f"{worst.error:.2g}", style="bold red")
    if worst.status == "passed":
        exact = worst.error == 0
        return Text("exact" if exact else f"{worst.error:.2f}", style="green")
    return Text("cannot" if worst.status == "unsupported" else "-", style="dim")


def as_record(results: list[Result], device: jax.Device, *, full: bool, seconds: float) -> dict[str, Any]:
    """Give what the JSON file holds: where it ran, the worst of each group, every failure."""
    groups = [
        {
            "algorithm": name,
            "quantity": quantity,
            "dtype": dtype,
            "worst_error": summary.worst.error,
            "worst_case": summary.worst.case,
            "bound_in_eps": summary.worst.bound,
            "passed": summary.passed,
            "failed": summary.failed,
            "unsupported": summary.unsupported,
            "not_run": summary.not_run,
        }
        for (name, quantity, dtype), summary in testing.summarise(results).items()
    ]
    failures = [
        {
            "algorithm": result.name,
            "case": result.case,
            "dtype": result.dtype,
            "quantity": result.quantity,
            "error": result.error,
            "reason": result.reason,
        }
        for result in results
        if result.status == "failed"
    ]
    return {
        "platform": device.platform,
        "device": device.device_kind,
        "matrix": "full" if full else "quick",
        "seconds": seconds,
        "versions": {name: version(name) for name in ("jconv", "jax", "jaxlib", "numpy")},
        "groups": groups,
        "failures": failures,
    }
