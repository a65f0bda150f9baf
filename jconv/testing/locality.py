"""The quantity "local": an output feels what its own window holds, and nothing else, to the bit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from jconv.testing.case import Case
from jconv.testing.judge import Status, judge_raised

LOCAL = "local"
LOCAL_DTYPE = "float32"  # the one dtype in which it is judged
_FELT = 1e20  # outputs that hold 1e30 or NaN are above it or NaN, for no tap of normal numbers is below 1e-10


@dataclass(frozen=True)
class Planting:
    """An input with one value planted, and where it must be felt.

    Args:
      word: what was planted, and where.
      x: the input, with it.
      inside: of the output's shape; whether the output's window holds it.
    """

    word: str
    x: np.ndarray
    inside: np.ndarray


def plantings(case: Case, x: np.ndarray) -> tuple[Planting, ...]:
    """Plant 1e30 where most windows hold it, and NaN at the last position that a window holds.

    Args:
      case: the convolution; its oracle, given ones for a kernel, says which window holds what.
      x: the case's input.

    Returns:
      The two inputs; none where no window holds anything.

    Example:
      >>> from jconv.testing.cases import QUICK
      >>> large, nan = plantings(QUICK[0], np.zeros((3, 13, 2)))
      >>> large.word, large.x.max(), large.inside[0, :, 0].sum()
      ('1e+30 at (0, 2, 0)', np.float64(1e+30), np.int64(4))
      >>> nan.word, nan.inside[:, :, 0].sum(axis=1)
      ('nan at (2, 12, 1)', array([0, 0, 3]))
    """
    ones = np.ones(case.kernel_shape)
    windows = case.x_cotangent(np.ones(case.output_shape), ones)  # how many outputs hold each position
    if not windows.any():
        return ()
    found = []
    for value, at in ((1e30, windows.argmax()), (np.nan, np.flatnonzero(windows)[-1])):
        index = tuple(map(int, np.unravel_index(at, x.shape)))
        planted, spike = x.copy(), np.zeros(x.shape)
        planted[index], spike[index] = value, 1
        found.append(Planting(f"{value:g} at {index}", planted, case.value(spike, ones) != 0))
    return tuple(found)


def judge_locality(
    conv: Callable[..., Any], case: Case, x: np.ndarray, kernel: np.ndarray
) -> tuple[Status, float | None, str]:
    """Return status, error and reason: inside all must feel a planting, and outside none, to the bit.

    Args:
      conv: takes x and kernel, and nothing else; compiled, or each call compiles.
      case: the convolution that it is said to be.
      x: normal numbers, of the dtype that this is judged in.
      kernel: the same.
    """
    planted = plantings(case, x)
    try:
        before, *after = (np.asarray(conv(a, kernel)) for a in (x, *(one.x for one in planted)))
    except Exception as raised:  # whatever a user's function raises is a result
        return judge_raised(raised)
    for got, one in zip(after, planted, strict=True):
        if any(a.shape != one.inside.shape or a.dtype != LOCAL_DTYPE for a in (before, got)):
            due = f"{LOCAL_DTYPE}{list(one.inside.shape)} is due"
            return "failed", None, f"{before.dtype}{list(before.shape)} where {due}"
        changed, unfelt = before.view(np.int32) != got.view(np.int32), np.abs(got) < _FELT
        if leaked := np.count_nonzero(changed & ~one.inside):
            outside = np.count_nonzero(~one.inside)
            return "failed", None, f"{one.word}: {leaked} of {outside} outputs changed whose window does not hold it"
        if missed := np.count_nonzero(unfelt & one.inside):
            inside = np.count_nonzero(one.inside)
            return "failed", None, f"{one.word}: {missed} of {inside} outputs do not feel it whose window holds it"
    return "passed", 0.0, ""
