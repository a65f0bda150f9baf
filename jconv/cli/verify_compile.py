"""`jconv verify --compile-only` on the terminal: the matrix compiled for a TPU that is not there."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jax.sharding import SingleDeviceSharding
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from jconv import testing
from jconv.cli.errors import FAILED, InputError, printable
from jconv.cli.verify import FAILURES_SHOWN, check_words, quick_plan, what_is_verified, write_record
from jconv.testing.compilation import Compilation, compile_matrix
from jconv.testing.topology import tpu_topology

STATUSES = ("compiled", "unsupported", "failed")


def run(
    *,
    full: bool,
    platform: str | None,
    topology: str,
    json_path: Path | None,
    algorithms: Sequence[str] | None = None,
) -> int:
    """Compile the matrix, print what became of it, write the JSON.

    Args:
        full: all cases and dtypes, or the quick choice of `jconv.testing`.
        platform: must be "tpu".
        topology: generation and grid, as "v5e:2x2".
        json_path: where to write the results, if anywhere.
        algorithms: the names of those to compile; all if None.

    Returns:
        The exit code: 1 if a program was refused by the compiler, else 0.

    Raises:
        InputError: if there is no such compiler or topology, or the JSON cannot be written.
    """
    if platform != "tpu":
        given = "" if platform is None else f" {platform}"
        raise InputError(
            f"--platform{given}: --compile-only compiles for a machine that is not there, which TPU's compiler alone "
            "can do; give --platform tpu."
        )
    check_words(algorithms, json_path)
    try:
        sharding = tpu_topology(topology)
    except ModuleNotFoundError as error:
        raise InputError(f"--compile-only: {error}") from None
    except ValueError as error:
        raise InputError(f"--topology: {error}") from None
    console = Console(highlight=False)
    done = compile_all(console, sharding, algorithms, full=full)
    code = say_verdict(console, done)
    if json_path is not None:
        write_record(json_path, as_record(done, topology, kind_of(sharding), full=full))
        console.print(f"Written: {printable(json_path)}", soft_wrap=True, markup=False)
    return code


def kind_of(sharding: SingleDeviceSharding) -> str:
    """Give the name of the device that a sharding is on."""
    (device,) = sharding.device_set
    return device.device_kind


def compile_all(
    console: Console, sharding: SingleDeviceSharding, algorithms: Sequence[str] | None, *, full: bool
) -> list[Compilation]:
    """Compile the matrix for a device under a moving bar; give all results."""
    functions, _ = what_is_verified(algorithms)
    cases = testing.CASES if full else testing.QUICK
    plan = {dtype: list(functions) for dtype in testing.DTYPES} if full else quick_plan(list(functions))
    console.print(f"{len(functions)} algorithms, {len(cases)} cases, {len(plan)} dtypes for {kind_of(sharding)}.")
    done: list[Compilation] = []
    columns = (TextColumn("[bold]{task.fields[dtype]}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        job = bar.add_task("compile", total=len(cases) * sum(map(len, plan.values())), dtype="")
        for dtype, names in plan.items():
            bar.update(job, dtype=dtype)
            chosen = {name: functions[name] for name in names}
            for one in compile_matrix(chosen, sharding, cases=cases, dtypes=[dtype]):
                done.append(one)
                bar.advance(job)
    return done


def say_verdict(console: Console, done: Sequence[Compilation]) -> int:
    """Print the counts and the failures; give the exit code."""
    drawn = Table(title="programs, each with all quantities of a case", title_justify="left", title_style="bold")
    for column in ("algorithm", "dtype", *STATUSES):
        drawn.add_column(column, justify="right" if column in STATUSES else "left")
    for (name, dtype), counts in counted(done).items():
        drawn.add_row(name, dtype, *(str(counts[status]) for status in STATUSES))
    console.print(drawn)
    failures = [one for one in done if one.status == "failed"]
    for one in failures[:FAILURES_SHOWN]:
        console.print(f"FAILED {one.name}, {one.case}, {one.dtype}: {one.reason}", soft_wrap=True, markup=False)
    if len(failures) > FAILURES_SHOWN:
        console.print(f"... and {len(failures) - FAILURES_SHOWN} more")
    compiled = sum(one.status == "compiled" for one in done)
    console.print(f"{compiled} of {len(done)} programs compiled, {len(failures)} failed. Nothing was run.")
    return FAILED if failures or not compiled else 0


def counted(done: Sequence[Compilation]) -> dict[tuple[str, str], dict[str, int]]:
    """How many programs there are of each status, by algorithm and dtype."""
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for one in done:
        counts.setdefault((one.name, one.dtype), dict.fromkeys(STATUSES, 0))[one.status] += 1
    return counts


def as_record(done: Sequence[Compilation], topology: str, device: str, *, full: bool) -> dict[str, Any]:
    """Give what the JSON file holds: for what it was compiled, the counts, every failure."""
    return {
        "platform": "tpu",
        "topology": topology,
        "device": device,
        "compiled_only": True,
        "matrix": "full" if full else "quick",
        "versions": {name: version(name) for name in ("jconv", "jax", "jaxlib", "libtpu")},
        "groups": [{"algorithm": name, "dtype": dtype} | counts for (name, dtype), counts in counted(done).items()],
        "failures": [
            {"algorithm": one.name, "case": one.case, "dtype": one.dtype, "reason": one.reason}
            for one in done
            if one.status == "failed"
        ],
    }
