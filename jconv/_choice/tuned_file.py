"""The tuned table as a file: for each machine and problem the algorithm that was measured to be fastest."""

import errno
import json
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from filelock import FileLock

from jconv._device import machine_of
from jconv._equation.as_json import problem_to_json
from jconv._equation.problem import ConvProblem
from jconv._files import write_files

PathLike: TypeAlias = str | os.PathLike[str]


@dataclass(frozen=True)
class Tuned:
    """What was found out about one convolution.

    Args:
        problem: the convolution, or one of its gradients.
        candidates: the algorithms that are to be measured.
        left_out: the others, and those that failed: why.
        seconds: median time of each one measured.
        algorithm: the fastest; None if none was measured.
    """

    problem: ConvProblem
    candidates: tuple[str, ...]
    left_out: Mapping[str, str]
    seconds: Mapping[str, float]
    algorithm: str | None


_HEAD = {"format": "jconv tuned table", "schema": 1}
# A thousand entries take about one megabyte.
LARGEST_FILE = 64 * 10**6


def save_tuned(found: Iterable[Tuned], platform: str, path: Path) -> None:
    """Add what was found to a file, all at once or not at all; what other machines measured stays.

    Processes and threads that save at the same time wait for one another, so that no entry is lost.

    Args:
        found: what was measured, on the first device of `platform`.
        platform: as in `choose_algorithm`.
        path: the file; it is made, with its folder, if missing.

    Raises:
        ValueError: the file is there and is not a tuned table of this schema.
        OSError: it cannot be read or written.
    """
    machine, found = machine_of(platform), tuple(found)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock_of(path)):
        text = json.dumps({**_HEAD, "tables": _merged(read_tables(path), found, machine)}, indent=1)
        write_files(path.parent, {path.name: f"{text}\n".encode()})


def lock_of(path: Path) -> Path:
    """The file that is locked while a table is changed. It stays: removing it could let two in at once."""
    return path.with_name(f".{path.name}.lock")


def _merged(tables: list[dict[str, Any]], found: Iterable[Tuned], machine: Any) -> list[dict[str, Any]]:
    """The tables of a file with what was found on a machine added to its own, sorted by problem."""
    entries = {_key(entry): entry for table in tables if table["machine"] == machine for entry in table["entries"]}
    for one in (one for one in found if one.algorithm is not None):
        entry = {
            "problem": problem_to_json(one.problem),
            "algorithm": one.algorithm,
            "seconds": dict(one.seconds),
        }
        entries[_key(entry)] = entry
    others = [table for table in tables if table["machine"] != machine]
    return [*others, {"machine": machine, "entries": [entries[key] for key in sorted(entries)]}]


def read_tables(path: Path) -> list[dict[str, Any]]:
    """The tables of all machines in a file; none if there is no such file.

    Raises:
        ValueError: it is not a tuned table of this schema.
        OSError: it cannot be read, or is not a regular file: a pipe would be waited for, a device has no end.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return []
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a regular file", os.fspath(path))
    with path.open("rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise ValueError(f"{path} is not a tuned table of this jconv (it is over {LARGEST_FILE // 10**6} MB)")
    try:
        document = json.loads(content)
        if {name: document[name] for name in _HEAD} != _HEAD:
            raise ValueError("another format or schema")
        for table in document["tables"]:
            for entry in (table["machine"], *table["entries"]):
                if not isinstance(entry, dict):
                    raise ValueError(f"{entry!r} where a record should be")
        return document["tables"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"{path} is not a tuned table of this jconv ({type(error).__name__}: {error})") from None


def _key(entry: Mapping[str, Any]) -> str:
    """The problem of an entry as text: what entries are sorted by, and told apart."""
    return json.dumps(entry.get("problem"), sort_keys=True)
