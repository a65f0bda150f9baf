"""Read `.ts` files: series and their classes, as the archives of time series classification have them.

Lines with `#` or `%` are comments. Lines with `@` say what the file holds. A line after `@data` is a series: channels
apart by `:`, their steps by `,`, and the class as its last part. A value that is missing is `?`.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np


def read_ts(path: Path) -> tuple[list[np.ndarray], list[str], tuple[str, ...]]:
    """Read a file.

    Args:
        path: of the file.

    Returns:
        Series `(steps, channels)`, float32, NaN where a value is missing; the class of each; the names of all classes.

    Raises:
        ValueError: the file is of another form, or has no classes.
    """
    lines = _lines(path)
    classes = _classes(_header(path, lines))
    if not classes:
        raise ValueError(f"{path.name} has no classes (no line '@classLabel true ...').")
    rows, words = [], []
    for number, line in lines:
        try:
            row, word = _row(line)
        except ValueError as error:
            raise ValueError(f"{path.name}, line {number}: {error}.") from None
        if word not in classes:
            raise ValueError(f"{path.name}, line {number}: {word!r} is not among the classes {', '.join(classes)}.")
        if rows and row.shape[1] != rows[0].shape[1]:
            raise ValueError(
                f"{path.name}, line {number}: it has {row.shape[1]} channels, and the first series {rows[0].shape[1]}."
            )
        rows.append(row)
        words.append(word)
    if not rows:
        raise ValueError(f"{path.name} has no series after '@data'.")
    return rows, words, classes


def classes_of(path: Path) -> tuple[str, ...]:
    """Give the names of the classes that a file's header has; none, if it has no classes."""
    return _classes(_header(path, _lines(path)))


def without_gaps(row: np.ndarray) -> np.ndarray:
    """Fill the missing values of a series (steps, channels): on straight lines, as at the nearest step at the ends."""
    gaps, steps = np.isnan(row), np.arange(len(row))
    filled = row.copy()
    for channel in np.flatnonzero(gaps.any(0)):
        gap = gaps[:, channel]
        filled[gap, channel] = 0 if gap.all() else np.interp(steps[gap], steps[~gap], row[~gap, channel])
    return filled


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Give the lines that say something, with their numbers."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            line = line.strip()
            if line and line[0] not in "#%":
                yield number, line


def _header(path: Path, lines: Iterator[tuple[int, str]]) -> dict[str, list[str]]:
    """Read up to `@data`: the words after each `@`-word, which is given in small letters."""
    tags: dict[str, list[str]] = {}
    for _, line in lines:
        name, *words = line.split()
        if name.lower() == "@data":
            break
        if name[0] != "@":
            raise ValueError(f"{path.name} has a series before the line '@data'.")
        tags[name.lower()] = words
    else:
        raise ValueError(f"{path.name} has no line '@data'.")
    if tags.get("@timestamps", [""])[0].lower() == "true":
        raise ValueError(f"{path.name} has a time beside each value; only evenly spaced values can be read.")
    return tags


def _classes(tags: dict[str, list[str]]) -> tuple[str, ...]:
    """Give the names of the classes that a header has."""
    has, *names = tags.get("@classlabel") or ["false"]
    return tuple(names) if has.lower() == "true" else ()


def _row(line: str) -> tuple[np.ndarray, str]:
    """Take a line apart: a series (steps, channels) and its class."""
    *channels, word = line.split(":")
    values = [[np.nan if text.strip() == "?" else float(text) for text in channel.split(",")] for channel in channels]
    lengths = {len(channel) for channel in values}
    if len(lengths) != 1:
        raise ValueError(f"its channels have {' and '.join(map(str, sorted(lengths))) or 'no'} values")
    return np.array(values, np.float32).T, word.strip()
