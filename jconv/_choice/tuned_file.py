"""The tuned table as a file: for each machine and problem the algorithm that was measured to be fastest."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

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


def save_tuned(found: Iterable[Tuned], platform: str, path: Path) -> None:
    """Add what was found to a file, all at once or not at all; what other machines measured stays.

    Args:
        found: what was measured, on the first device of `platform`.
        platform: as in `choose_algorithm`.
        path: the file; it is made, with its folder, if missing.

    Raises:
        ValueError: the file is there and is not a tuned table of this schema.
        OSError: it cannot be read or written.
    """
    machine = machine_of(platform)
    tables = read_tables(path)
    entries = {_key(entry): entry for table in tables if table["machine"] == machine for entry in table["entries"]}
    for one in (one for one in found if one.algorithm is not None):
        entry = {
            "problem": problem_to_json(one.problem),
            "algorithm": one.algorithm,
            "seconds": dict(one.seconds),
        }
        entries[_key(entry)] = entry
    others = [table for table in tables if table["machine"] != machine]
    mine = {"machine": machine, "entries": [entries[key] for key in sorted(entries)]}
    text = json.dumps({**_HEAD, "tables": [*others, mine]}, indent=1)
    write_files(path.parent, {path.name: f"{text}\n".encode()})


def read_tables(path: Path) -> list[dict[str, Any]]:
    """The tables of all machines in a file; none if there is no such file.

    Raises:
        ValueError: it is not a tuned table of this schema.
        OSError: it cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
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
    return json.dumps(entry.get("problem"), sort_keys=True)
