"""The metric: how far a value is from the truth, and the verdict."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import jax.numpy as jnp
import numpy as np

Status = Literal["passed", "failed", "unsupported", "not run"]


@dataclass(frozen=True)
class Result:
    """What one function did for one quantity of one case in one dtype.

    Args:
      name: the function's.
      case: the case's name.
      dtype: dtype of the arguments, and so of all that is computed.
      quantity: one of QUANTITIES.
      status: "passed"; "failed"; "unsupported", where the function raised NotImplementedError; or "not run".
      error: max|y - y64| / (bound * eps * max of the same quantity of absolute values), the worst of the
        quantity's parts: over 1 is a failure. None where there is no such number: an exception, a wrong
        shape or dtype, an infinity or NaN, or a difference where exact equality was due.
      bound: what the error is measured in units of, itself in units of the dtype's eps; 0 asks for equality.
      reason: empty if passed, else why not.
    """

    name: str
    case: str
    dtype: str
    quantity: str
    status: Status
    error: float | None
    bound: float
    reason: str


@dataclass(frozen=True)
class Summary:
    """The worst of a group of results, and how many of them there are of each status."""

    worst: Result
    passed: int
    failed: int
    unsupported: int
    not_run: int


def summarise(results: Iterable[Result]) -> dict[tuple[str, str, str], Summary]:
    """Group results by (name, quantity, dtype), in the order they come, and find the worst of each group.

    Example:
      >>> import jax
      >>> from jconv.testing import QUICK, run_matrix
      >>> results = run_matrix({"lax": jax.lax.conv_general_dilated}, cases=QUICK[:2], dtypes=["float32"])
      >>> summary = summarise(results)["lax", "vmap", "float32"]
      >>> summary.passed, summary.failed, summary.worst.error < 1
      (2, 0, True)
    """
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.name, result.quantity, result.dtype), []).append(result)
    summaries = {}
    for key, group in groups.items():
        count = Counter(result.status for result in group)
        summaries[key] = Summary(
            max(group, key=badness), count["passed"], count["failed"], count["unsupported"], count["not run"]
        )
    return summaries


def judge(parts, truth, scale, dtype: str, bound: float) -> tuple[Status, float | None, str]:
    """Return status, error and reason of the worst part of a quantity."""
    if isinstance(parts, Exception):
        return judge_raised(parts)
    worst: tuple[float, str] = (0.0, "")
    for part, got in parts.items():
        error, reason = _error(got, truth[part], scale[part], dtype, bound)
        if error is None:
            return "failed", None, f"{part}: {reason}"
        worst = max(worst, (error, f"{part}: {reason}"))
    error, reason = worst
    return ("failed", error, reason) if error > 1 else ("passed", error, "")


def judge_raised(raised: Exception) -> tuple[Status, None, str]:
    """Return status, error and reason where a function raised instead of returning."""
    if isinstance(raised, NotImplementedError):
        return "unsupported", None, str(raised)
    return "failed", None, f"{type(raised).__name__}: {raised}"


def _error(got, true, scale, dtype: str, bound: float) -> tuple[float | None, str]:
    """Return the metric of `Result`, and what is wrong if anything is."""
    if got.shape != true.shape or got.dtype != dtype:
        return None, f"{got.dtype}{list(got.shape)} where {dtype}{list(true.shape)} is due"
    if bound == 0 or not scale.any() or jnp.issubdtype(dtype, jnp.integer):
        if different := np.count_nonzero(got != true.astype(got.dtype)):
            return None, f"{different} of {got.size} entries differ, where all must be equal"
        return 0.0, ""
    distance = np.abs(got.astype(true.dtype) - true)
    if not np.isfinite(distance).all():
        return None, f"{np.count_nonzero(~np.isfinite(distance))} of {got.size} entries are not finite"
    error = float(distance.max() / (bound * float(jnp.finfo(dtype).eps) * scale.max()))
    where = tuple(map(int, np.unravel_index(distance.argmax(), distance.shape)))
    return error, f"{error:.3g} bounds at index {where}"


def badness(result: Result) -> tuple[int, float]:
    """How bad a result is, to sort by: failures last, the larger error after the smaller."""
    order = ("not run", "unsupported", "passed", "failed").index(result.status)
    return order, float("inf") if result.error is None else result.error
