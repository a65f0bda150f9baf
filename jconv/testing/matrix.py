"""The matrix every algorithm must pass: function x case x dtype x quantity, each against the oracle."""

import contextlib
import functools
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from jconv.testing.cases import CASES, QUICK, ArrayKind, Case
from jconv.testing.quantities import QUANTITIES, computed_parts, true_parts

Status = Literal["passed", "failed", "unsupported", "not run"]

DTYPES = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128", "int32")
QUICK_DTYPES = ("bfloat16", "float32", "complex64", "int32")

_SHOWN = 10  # failures that check_conv's message spells out


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


def run_matrix(
    functions: Mapping[str, Callable[..., jax.Array]],
    *,
    cases: Sequence[Case] = CASES,
    dtypes: Sequence[str] = DTYPES,
    bounds: float | Mapping[str, float] = 4.0,
    seed: int = 0,
    kind: ArrayKind = "normal",
) -> Iterator[Result]:
    """Hold functions to the oracle, one result per function, case, dtype and quantity, as they come.

    max|y - y64| <= bound * eps * max(the same quantity of absolute values)

    Here y64 is the oracle's float64 quantity of the very arrays that the function was given, and eps is that
    of their dtype. Cancellation cannot make this scale small. Where it is 0, and for integers, y must equal
    y64. All is asked for at precision HIGHEST. Convolution is bilinear, so "second order" (the derivative of
    each gradient along a tangent of the other argument) leaves nothing of the third order to check.

    Args:
      functions: by name; each takes the arguments of `jax.lax.conv_general_dilated`.
      cases: which convolutions.
      dtypes: which dtypes; of an integer one only the value and vmap exist.
      bounds: in units of eps, one for all functions or one for each name; 0 asks for the float64 quantity
        rounded once, which is reasonable of whole numbers in a wide enough dtype (kind="integers").
      seed: which draw of the arrays.
      kind: which numbers the arrays hold, as in `Case.arrays`.

    Raises:
      ValueError: a bound that nothing could fail.

    Yields:
      Results: dtype by dtype, case by case, function by function, quantity by quantity.

    Example:
      >>> results = run_matrix({"lax": jax.lax.conv_general_dilated}, cases=QUICK[:1], dtypes=["float32"])
      >>> [f"{result.quantity}: {result.status}" for result in results]
      ['value: passed', 'jvp: passed', 'gradient of x: passed', 'gradient of kernel: passed',
       'second order: passed', 'vmap: passed']
    """
    bounds = bounds if isinstance(bounds, Mapping) else dict.fromkeys(functions, bounds)
    if idle := [bound for bound in bounds.values() if not 0 <= bound < float("inf")]:
        raise ValueError(f"run_matrix: a bound of {idle[0]!r} eps checks nothing; it must be finite, and 0 or more.")
    missing = {dtype: _why_unavailable(dtype) for dtype in dtypes}
    ahead = os.cpu_count() or 1
    with ThreadPoolExecutor(ahead) as pool:  # XLA compiles on one core, and that is nearly all the time taken
        jobs: deque[_Job] = deque()
        for dtype, case in product(dtypes, cases):
            arrays = case.arrays(dtype, seed=seed, kind=kind)
            jobs.append(_start(functions, case, dtype, arrays, missing[dtype], pool))
            if len(jobs) > ahead:
                yield from _finish(jobs.popleft(), bounds)
        for job in jobs:
            yield from _finish(job, bounds)


def summarise(results: Iterable[Result]) -> dict[tuple[str, str, str], Summary]:
    """Group results by (name, quantity, dtype), in the order they come, and find the worst of each group.

    Example:
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
            max(group, key=_badness), count["passed"], count["failed"], count["unsupported"], count["not run"]
        )
    return summaries


def check_conv(
    fn: Callable[..., jax.Array],
    *,
    cases: Sequence[Case] = QUICK,
    dtypes: Sequence[str] = ("float32",),
    bound: float = 4.0,
    allow_unsupported: bool = False,
) -> tuple[Result, ...]:
    """Assert that a convolution function is right: in value, in all derivatives and under vmap.

    Args:
      fn: takes the arguments of `jax.lax.conv_general_dilated`, and may raise NotImplementedError.
      cases: which convolutions; `CASES` for all.
      dtypes: which dtypes; `DTYPES` for all.
      bound: the largest error let pass, in units of eps, as in `run_matrix`.
      allow_unsupported: whether NotImplementedError is let pass.

    Returns:
      The results, as of `run_matrix`.

    Raises:
      AssertionError: naming the worst of the checks that failed, or saying that nothing was checked.
      ValueError: a bound that nothing could fail.

    Example:
      >>> def halved(x, kernel, **keywords):
      ...     return jax.lax.conv_general_dilated(x, kernel, **keywords) / 2
      >>> check_conv(halved, cases=QUICK[:1])
      Traceback (most recent call last):
      AssertionError: halved: 6 of 6 checks failed ...
    """
    name = getattr(getattr(fn, "func", fn), "__name__", type(fn).__name__)  # partial has no name of its own
    results = tuple(run_matrix({name: fn}, cases=cases, dtypes=dtypes, bounds=bound))
    wrong = {"failed"} if allow_unsupported else {"failed", "unsupported"}
    failures = sorted((r for r in results if r.status in wrong), key=_badness, reverse=True)
    if failures:
        unit = f"in units of the bound, {bound:g} eps" if bound else "bound 0: bit-exact"
        lines = [f"{name}: {len(failures)} of {len(results)} checks failed ({unit}). The worst:"]
        lines += [f"  {r.case}, {r.dtype}, {r.quantity}: {r.status}, {r.reason}" for r in failures[:_SHOWN]]
        lines += [f"  ... and {len(failures) - _SHOWN} more"] * (len(failures) > _SHOWN)
        raise AssertionError("\n".join(lines))
    if not any(result.status == "passed" for result in results):
        reasons = "; ".join(sorted({result.reason for result in results})) or "no cases"
        raise AssertionError(f"{name}: nothing was checked ({reasons})")
    return results


@dataclass(frozen=True)
class _Job:
    """One case in one dtype, under way."""

    case: Case
    dtype: str
    arrays: dict[str, np.ndarray]
    missing: str
    convs: dict[str, Callable]
    compilations: dict[str, Future | None]


def _start(functions, case: Case, dtype: str, arrays, missing: str, pool: ThreadPoolExecutor) -> _Job:
    """Trace every function in this thread, which holds the caller's jax settings, and compile in another."""
    keywords = case.keywords | {"precision": jax.lax.Precision.HIGHEST}
    convs: dict[str, Callable] = {name: functools.partial(f, **keywords) for name, f in functions.items()}
    compilations: dict[str, Future | None] = dict.fromkeys(functions)
    for name, conv in {} if missing else convs.items():
        # What is raised here is raised again in _computed, where it meets the quantity that raises it.
        with contextlib.suppress(Exception), _enough_bits(dtype):
            compilations[name] = pool.submit(_jitted(conv, _quantities(dtype)).lower(arrays).compile)
    return _Job(case, dtype, arrays, missing, convs, compilations)


def _finish(job: _Job, bounds: Mapping[str, float]) -> Iterator[Result]:
    """Run what was compiled, and judge every quantity by the oracle."""
    magnitudes = {name: np.abs(a.astype(np.complex128)) for name, a in job.arrays.items()}
    truth, scale = true_parts(job.case, job.arrays), true_parts(job.case, magnitudes)
    for name in job.convs:
        got = {} if job.missing else _computed(job, name)
        for quantity in QUANTITIES:
            if quantity in got:
                verdict = _judge(got[quantity], truth[quantity], scale[quantity], job.dtype, bounds[name])
            else:
                verdict = "not run", None, job.missing or f"{job.dtype} has no derivatives"
            status, error, reason = verdict
            yield Result(name, job.case.name, job.dtype, quantity, status, error, bounds[name], reason)


def _computed(job: _Job, name: str) -> dict[str, dict[str, np.ndarray] | Exception]:
    """Return each quantity's parts, or what it raised."""
    with _enough_bits(job.dtype):
        if compilation := job.compilations[name]:
            with contextlib.suppress(Exception):
                return jax.device_get(compilation.result()(job.arrays))
        got: dict[str, dict[str, np.ndarray] | Exception] = {}
        for quantity in _quantities(job.dtype):
            try:
                got |= jax.device_get(_jitted(job.convs[name], (quantity,))(job.arrays))
            except Exception as raised:  # whatever a user's function raises is a result
                got[quantity] = raised
        return got


def _judge(parts, truth, scale, dtype: str, bound: float) -> tuple[Status, float | None, str]:
    """Return status, error and reason of one quantity: those of its worst part."""
    if isinstance(parts, NotImplementedError):
        return "unsupported", None, str(parts)
    if isinstance(parts, Exception):
        return "failed", None, f"{type(parts).__name__}: {parts}"
    worst: tuple[float, str] = (0.0, "")
    for part, got in parts.items():
        error, reason = _error(got, truth[part], scale[part], dtype, bound)
        if error is None:
            return "failed", None, f"{part}: {reason}"
        worst = max(worst, (error, f"{part}: {reason}"))
    error, reason = worst
    return ("failed", error, reason) if error > 1 else ("passed", error, "")


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


def _jitted(conv: Callable[..., jax.Array], quantities: Sequence[str]):
    """One compilation for all quantities: far cheaper than one each."""
    return jax.jit(lambda arrays: {name: computed_parts(name, conv, arrays) for name in quantities})


def _quantities(dtype: str) -> Sequence[str]:
    return QUANTITIES if jnp.issubdtype(dtype, jnp.inexact) else ("value", "vmap")


def _enough_bits(dtype: str) -> contextlib.AbstractContextManager:
    return jax.enable_x64(True) if dtype in ("float64", "complex128") else contextlib.nullcontext()


def _why_unavailable(dtype: str) -> str:
    """Return why this device has no such dtype, or nothing."""
    try:
        with _enough_bits(dtype):
            made = jax.jit(lambda a: a * a)(np.ones(2, jnp.dtype(dtype)))
    except Exception as raised:
        return f"{dtype} is not available: {type(raised).__name__}: {raised}"
    return "" if made.dtype == dtype else f"{dtype} is not available: {made.dtype} came instead"


def _badness(result: Result) -> tuple[int, float]:
    order = ("not run", "unsupported", "passed", "failed").index(result.status)
    return order, float("inf") if result.error is None else result.error
