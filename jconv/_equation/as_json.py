"""A ConvProblem as JSON and back, checked: what is read is data, and nothing else."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from jax import lax

from jconv._equation.dtypes import DTYPES
from jconv._equation.problem import ConvProblem
from jconv._typing import DType

_PER_AXIS = ("input_size", "window", "output_size", "stride", "input_dilation", "dilation", "low")


def problem_to_json(problem: ConvProblem) -> dict[str, Any]:
    """Every field but the algorithm asked for, as numbers, words and lists of these."""
    record = {field.name: getattr(problem, field.name) for field in fields(problem)}
    del record["algorithm"]
    for name, value in record.items():
        if isinstance(value, np.dtype):
            record[name] = value.name
        elif name == "precision":
            record[name] = _precision_to_json(value)
        elif isinstance(value, tuple):
            record[name] = list(value)
    return record


def problem_from_json(record: Mapping[str, Any]) -> ConvProblem:
    """The problem that `problem_to_json` wrote, with "auto" as its algorithm.

    Raises:
        ValueError: it is no such record.
    """
    if not isinstance(record, Mapping):
        raise ValueError(f"{record!r} where a problem should be")
    problem = ConvProblem(**{name: _field_from_json(name, value) for name, value in record.items()})
    columns = [getattr(problem, name) for name in _PER_AXIS]
    if not all(isinstance(column, tuple) for column in columns) or len(set(map(len, columns))) > 1:
        raise ValueError(f"axes {dict(zip(_PER_AXIS, columns, strict=True))}")
    return problem


def _field_from_json(name: str, value: Any) -> Any:
    """A field's value from JSON, checked."""
    if name == "precision":
        return _precision_from_json(value)
    if name.endswith("dtype"):
        return _dtype_from_json(value)
    numbers = value if isinstance(value, list) else [value]
    least = 1 if name in ("stride", "input_dilation", "dilation") else 0
    if not all(type(n) is int and (n >= least or name == "low") for n in numbers):
        raise ValueError(f"{name}: {value!r}")
    return tuple(value) if isinstance(value, list) else value


def _dtype_from_json(word: Any) -> DType:
    """A dtype from its name."""
    if word not in DTYPES:
        raise ValueError(f"dtype {word!r}")
    return np.dtype(word)


def _precision_to_json(precision: Any) -> Any:
    """A pair of names for a pair, one name for a dot algorithm, None for None."""
    if isinstance(precision, tuple):
        return [p.name for p in precision]
    return precision if precision is None else precision.name


def _precision_from_json(words: Any) -> Any:
    """What `_precision_to_json` wrote as a precision."""
    try:
        if isinstance(words, list):
            return tuple(lax.Precision[word] for word in words)
        return words if words is None else lax.DotAlgorithmPreset[words]
    except KeyError:
        raise ValueError(f"precision {words!r}") from None
