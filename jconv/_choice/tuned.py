"""The tuned table of this process: for each problem the algorithm that was fastest on this device."""

import os
import threading
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
from platformdirs import user_cache_path

from jconv._algorithms import ALGORITHMS
from jconv._choice.tuned_file import PathLike, read_tables
from jconv._device import machine_of
from jconv._equation.as_json import problem_from_json
from jconv._equation.problem import ConvProblem

_lock = threading.Lock()
_active: PathLike | None = None
_tables: list[dict[str, Any]] | None = None  # all machines', as read; None until the first look
_choices: dict[str, dict[ConvProblem, str]] = {}  # by platform, of this machine
# Part of the key of JAX's caches: functions are compiled anew once another table is loaded.
_generation = jax.make_user_context(default_value=0)


def tuned_table(platform: str) -> Mapping[ConvProblem, str]:
    """The algorithms that were measured to be fastest on this machine, by problem.

    The file is read at the first call. What counts of it was measured on this device with this version of
    JAX and of jconv. A file that is broken or not jconv's is ignored, with one warning.

    Args:
        platform: as in `choose_algorithm`; its first device is meant.

    Returns:
        The names of the algorithms; empty if nothing was measured.
    """
    choices = _choices.get(platform)
    return _load(platform) if choices is None else choices


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


def _load(platform: str) -> dict[ConvProblem, str]:
    """The choices for a platform, read from the file if no thread has done so yet; none of a file that is no table."""
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
    """The choices that the tables of a file hold for this machine.

    Without tables no device is looked for, because that starts JAX's backends.
    """
    machine = machine_of(platform) if tables else None
    choices = {}
    for entry in (entry for table in tables if table["machine"] == machine for entry in table["entries"]):
        problem, algorithm = problem_from_json(entry["problem"]), ALGORITHMS.get(entry["algorithm"])
        if algorithm and not algorithm.unsupported(problem, platform):
            choices[problem] = algorithm.name
        seconds = {name: s for name, s in entry.get("seconds", {}).items() if name in ALGORITHMS}
        local = [
            name for name in seconds if ALGORITHMS[name].local and not ALGORITHMS[name].unsupported(problem, platform)
        ]
        if local:
            choices[replace(problem, algorithm="direct")] = min(local, key=seconds.__getitem__)
    return choices
