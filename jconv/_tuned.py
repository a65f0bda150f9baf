"""The tuned table: for each problem the algorithm that was fastest on this device, kept in a JSON file."""

import json
import os
import platform as host
import threading
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import jax
from jax import lax
from platformdirs import user_cache_path

from jconv._algorithms import ALGORITHMS, Algorithm
from jconv._files import write_files
from jconv._problem import ConvProblem
from jconv._problem_json import problem_from_json, problem_to_json

PathLike: TypeAlias = str | os.PathLike[str]

_HEAD = {"format": "jconv tuned table", "schema": 1}
# The bound of the algorithms that do nothing but sum what the equation says.
_DIRECT_ERROR = 4.0

_lock = threading.Lock()
_active: PathLike | None = None
_tables: list[dict[str, Any]] | None = None  # of all machines, as read; None until the first look
_choices: dict[str, dict[ConvProblem, str]] = {}  # by platform, of this machine
# Part of the key of JAX's caches: functions are compiled anew once another table is loaded.
_generation = jax.make_user_context(default_value=0)


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


def tuned_choice(problem: ConvProblem, platform: str) -> str | None:
    """The algorithm that was measured to be fastest for `problem` on this machine, if any was measured.

    The file is read at the first call. Of it, what was measured on this device with this version of
    JAX and of jconv counts, and nothing that `admits` forbids. A file that is broken or not jconv's
    is ignored, with one warning.

    Args:
        problem: the problem.
        platform: as in `choose_algorithm`; its first device is meant.

    Returns:
        The name of an algorithm, or None.
    """
    choices = _choices.get(platform)
    return (_load(platform) if choices is None else choices).get(problem)


def admits(problem: ConvProblem, algorithm: Algorithm) -> bool:
    """Whether the precision that the problem asks for leaves room for the algorithm's error."""
    asked = problem.precision if isinstance(problem.precision, tuple) else (problem.precision,)
    loose = (None, lax.Precision.DEFAULT, lax.Precision.HIGH, lax.DotAlgorithmPreset.DEFAULT)
    return algorithm.error <= _DIRECT_ERROR or all(precision in loose for precision in asked)


def tuned_path(path: PathLike | None = None) -> Path | None:
    """The table's file: `path`, else what `load_tuned` was given, JCONV_TUNED, or one in the user's cache.

    None, that is no table at all, if JCONV_TUNED is set and empty.
    """
    path = _active if path is None else path
    if path is None:
        path = os.environ.get("JCONV_TUNED", user_cache_path("jconv", appauthor=False) / "tuned-1.json")
    return Path(path) if os.fspath(path) else None


def load_tuned(path: PathLike | None = None) -> None:
    """Choose by another tuned table from now on, or by the same one after it has changed.

    Functions compiled before are compiled anew at their next call.

    Args:
        path: the file; None for the one that JCONV_TUNED names, or the one in the user's cache directory.

    Raises:
        TypeError: `path` is no path.
    """
    global _active, _tables
    with _lock:
        _active, _tables = None if path is None else os.fspath(path), None
        _choices.clear()
        _generation.set_global(_generation.get_global() + 1)


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
    machine = _machine(platform)
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


def _load(platform: str) -> dict[ConvProblem, str]:
    global _tables
    with _lock:
        if platform not in _choices:
            path = tuned_path()
            try:
                if _tables is None:
                    _tables = read_tables(path) if path else []
                _choices[platform] = _fitting(_tables, platform)
            except (OSError, ValueError, TypeError, KeyError) as error:
                _tables, _choices[platform] = [], {}
                warnings.warn(
                    f"jconv: the tuned table {path} is ignored: {error}. Remove it, or name another file in "
                    f"JCONV_TUNED.",
                    stacklevel=2,
                )
        return _choices[platform]


def _fitting(tables: list[dict[str, Any]], platform: str) -> dict[ConvProblem, str]:
    """The choices for this machine. Without tables no device is looked for: that starts JAX's backends."""
    machine = _machine(platform) if tables else None
    choices = {}
    for entry in (entry for table in tables if table["machine"] == machine for entry in table["entries"]):
        problem, algorithm = problem_from_json(entry["problem"]), ALGORITHMS.get(entry["algorithm"])
        if algorithm and admits(problem, algorithm) and not algorithm.unsupported(problem):
            choices[problem] = algorithm.name
    return choices


def _machine(platform: str) -> dict[str, str] | None:
    """What a measured time belongs to; None if there is no such device."""
    try:
        device = jax.devices(platform)[0]
    except RuntimeError:
        return None
    return {
        "platform": device.platform,
        "device": _processor() if device.platform == "cpu" else device.device_kind,
        "jax": jax.__version__,
        "jconv": version("jconv"),
    }


@cache
def _processor() -> str:
    """The CPU's name, and the number of cores that this process may use; JAX calls every CPU "cpu"."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = host.processor() or host.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} x {name}"
