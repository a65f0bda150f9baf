"""The matrix every algorithm must pass: function x case x dtype x quantity, each against the oracle."""

import contextlib
import functools
import os
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np

from jconv.testing.case import ArrayKind, Case
from jconv.testing.cases import CASES, QUICK
from jconv.testing.judge import Result, Status, badness, judge
from jconv.testing.locality import LOCAL, LOCAL_DTYPE, judge_locality
from jconv.testing.quantities import QUANTITIES, computed_parts, true_parts

DTYPES = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128", "int32")
QUICK_DTYPES = ("bfloat16", "float32", "complex64", "int32")

_SHOWN = 10  # failures that check_conv's message spells out


def run_matrix(
    functions: Mapping[str, Callable[..., jax.Array]],
    *,
    cases: Sequence[Case] = CASES,
    dtypes: Sequence[str] = DTYPES,
    bounds: float | Mapping[str, float] = 4.0,
    seed: int = 0,
    kind: ArrayKind = "normal",
    local: Collection[str] = (),
) -> Iterator[Result]:
    """Hold functions to the oracle, one result per function, case, dtype and quantity, as they come.

    max|y - y64| <= bound * eps * max(the same quantity of absolute values)

    Here y64 is the oracle's float64 quantity of the very arrays that the function was given, and eps is that
    of their dtype. Cancellation cannot make this scale small. Where it is 0, and for integers, y must equal
    y64. All is asked for at precision HIGHEST. Convolution is bilinear, so "second order" (the derivative of
    each gradient along a tangent of the other argument) leaves nothing of the third order to check.

    "local" is judged in float32, of the functions that are said to be so. A value of 1e30 and a NaN are planted
    in an x of normal numbers, one at a time. Outputs whose window holds it must feel it; all others must stay the
    same to the bit.

    Args:
      functions: by name; each takes the arguments of `jax.lax.conv_general_dilated`.
      cases: which convolutions.
      dtypes: which dtypes; of an integer one only the value and vmap exist.
      bounds: in units of eps, one for all functions or one for each name; 0 asks for the float64 quantity
        rounded once, which is reasonable of whole numbers in a wide enough dtype (kind="integers").
      seed: which draw of the arrays.
      kind: which numbers the arrays hold, as in `Case.arrays`.
      local: the names of the functions whose every output is said to be a sum over its own window alone.

    Raises:
      ValueError: a bound that nothing could fail, or a name in `local` that is no function's.

    Yields:
      Results: dtype by dtype, case by case, function by function, quantity by quantity; "local" comes last, and
      only for the names in `local`.

    Example:
      >>> results = run_matrix({"lax": jax.lax.conv_general_dilated}, cases=QUICK[:1], dtypes=["float32"])
      >>> [f"{result.quantity}: {result.status}" for result in results]
      ['value: passed', 'jvp: passed', 'gradient of x: passed', 'gradient of kernel: passed',
       'second order: passed', 'vmap: passed']
    """
    bounds = bounds if isinstance(bounds, Mapping) else dict.fromkeys(functions, bounds)
    if idle := [bound for bound in bounds.values() if not 0 <= bound < float("inf")]:
        raise ValueError(f"run_matrix: a bound of {idle[0]!r} eps checks nothing; it must be finite, and 0 or more.")
    if unknown := set(local) - set(functions):
        raise ValueError(f"run_matrix: local={sorted(unknown)} names no function; there are {sorted(functions)}.")
    missing = {dtype: _why_unavailable(dtype) for dtype in dtypes}
    ahead = os.cpu_count() or 1
    with ThreadPoolExecutor(ahead) as pool:  # XLA compiles on one core, and that is nearly all the time taken
        jobs: deque[_Job] = deque()
        for dtype, case in product(dtypes, cases):
            arrays = case.arrays(dtype, seed=seed, kind=kind)
            normal = case.arrays(dtype, seed=seed) if dtype == LOCAL_DTYPE else {}
            jobs.append(_start(functions, case, dtype, arrays, missing[dtype], pool, (local, normal)))
            if len(jobs) > ahead:
                yield from _finish(jobs.popleft(), bounds, local)
        for job in jobs:
            yield from _finish(job, bounds, local)


def check_conv(
    fn: Callable[..., jax.Array],
    *,
    cases: Sequence[Case] = QUICK,
    dtypes: Sequence[str] = ("float32",),
    bound: float = 4.0,
    allow_unsupported: bool = False,
    local: bool = False,
) -> tuple[Result, ...]:
    """Assert that a convolution function is right: in value, in all derivatives and under vmap.

    Args:
      fn: takes the arguments of `jax.lax.conv_general_dilated`, and may raise NotImplementedError.
      cases: which convolutions; `CASES` for all.
      dtypes: which dtypes; `DTYPES` for all.
      bound: the largest error let pass, in units of eps, as in `run_matrix`.
      allow_unsupported: whether NotImplementedError is let pass.
      local: whether fn must also be local, as in `run_matrix`: every output a sum over its own window alone.

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
    claimed = (name,) if local else ()
    results = tuple(run_matrix({name: fn}, cases=cases, dtypes=dtypes, bounds=bound, local=claimed))
    wrong = {"failed"} if allow_unsupported else {"failed", "unsupported"}
    failures = sorted((r for r in results if r.status in wrong), key=badness, reverse=True)
    if failures:
        unit = f"in units of the bound, {bound:g} eps" if bound else "bound 0: bit-exact"
        lines = [f"{name}: {len(failures)} of {len(results)} checks failed ({unit}). The worst:"]
        lines += [f"  {r.case}, {r.dtype}, {r.quantity}: {r.status}, {r.reason}" for r in failures[:_SHOWN]]
        if len(failures) > _SHOWN:
            lines.append(f"  ... and {len(failures) - _SHOWN} more")
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
    normal: dict[str, np.ndarray]  # what "local" is judged on; nothing in other dtypes than its own
    local: dict[str, Future | None]


def _start(functions, case: Case, dtype: str, arrays, missing: str, pool: ThreadPoolExecutor, planted) -> _Job:
    """Trace every function in this thread, which holds the caller's jax settings, and compile in another.

    `planted`: the names of those that are local, and the arrays that they are held to it on, if in this dtype.
    """
    local, normal = planted
    plain: dict[str, Future | None] = dict.fromkeys(functions)
    keywords = case.keywords | {"precision": jax.lax.Precision.HIGHEST}
    convs: dict[str, Callable] = {name: functools.partial(f, **keywords) for name, f in functions.items()}
    compilations: dict[str, Future | None] = dict.fromkeys(functions)
    for name, conv in {} if missing else convs.items():
        # What is raised here is raised again in _computed, where it meets the quantity that raises it.
        with contextlib.suppress(Exception), enough_bits(dtype):
            compilations[name] = pool.submit(jitted(conv, quantities_in(dtype)).lower(arrays).compile)
            if name in local and normal:
                plain[name] = pool.submit(jax.jit(conv).lower(normal["x"], normal["kernel"]).compile)
    return _Job(case, dtype, arrays, missing, convs, compilations, normal, plain)


def _finish(job: _Job, bounds: Mapping[str, float], local: Collection[str]) -> Iterator[Result]:
    """Run what was compiled, and judge every quantity by the oracle."""
    magnitudes = {name: np.abs(a.astype(np.complex128)) for name, a in job.arrays.items()}
    truth, scale = true_parts(job.case, job.arrays), true_parts(job.case, magnitudes)
    for name in job.convs:
        got = {} if job.missing else _computed(job, name)
        for quantity in QUANTITIES:
            if quantity in got:
                verdict = judge(got[quantity], truth[quantity], scale[quantity], job.dtype, bounds[name])
            else:
                verdict = "not run", None, job.missing or f"{job.dtype} has no derivatives"
            status, error, reason = verdict
            yield Result(name, job.case.name, job.dtype, quantity, status, error, bounds[name], reason)
        if name in local:
            yield Result(name, job.case.name, job.dtype, LOCAL, *_locality(job, name, bounds[name]))


def _locality(job: _Job, name: str, bound: float) -> tuple[Status, float | None, float, str]:
    """Run one function with and without what is planted, and return status, error, bound and reason."""
    if job.missing or not job.normal:
        return "not run", None, bound, job.missing or f"judged in {LOCAL_DTYPE} alone"

    def conv(x, kernel):
        compilation = job.local[name]
        return (compilation.result() if compilation else jax.jit(job.convs[name]))(x, kernel)

    status, error, reason = judge_locality(conv, job.case, job.normal["x"], job.normal["kernel"])
    return status, error, bound, reason


def _computed(job: _Job, name: str) -> dict[str, dict[str, np.ndarray] | Exception]:
    """Return each quantity's parts, or what it raised."""
    with enough_bits(job.dtype):
        if compilation := job.compilations[name]:
            with contextlib.suppress(Exception):
                return jax.device_get(compilation.result()(job.arrays))
        got: dict[str, dict[str, np.ndarray] | Exception] = {}
        for quantity in quantities_in(job.dtype):
            try:
                got |= jax.device_get(jitted(job.convs[name], (quantity,))(job.arrays))
            except Exception as raised:  # whatever a user's function raises is a result
                got[quantity] = raised
        return got


def jitted(conv: Callable[..., jax.Array], quantities: Sequence[str]):
    """One compilation for all quantities: far cheaper than one each."""
    return jax.jit(lambda arrays: {name: computed_parts(name, conv, arrays) for name in quantities})


def quantities_in(dtype: str) -> Sequence[str]:
    """Return the quantities that exist in a dtype."""
    return QUANTITIES if jnp.issubdtype(dtype, jnp.inexact) else ("value", "vmap")


def enough_bits(dtype: str) -> contextlib.AbstractContextManager:
    """Return a context in which JAX has the dtype."""
    return jax.enable_x64(True) if dtype in ("float64", "complex128") else contextlib.nullcontext()


def _why_unavailable(dtype: str) -> str:
    """Return why this device has no such dtype, or nothing."""
    try:
        with enough_bits(dtype):
            made = jax.jit(lambda a: a * a)(np.ones(2, jnp.dtype(dtype)))
    except Exception as raised:
        return f"{dtype} is not available: {type(raised).__name__}: {raised}"
    return "" if made.dtype == dtype else f"{dtype} is not available: {made.dtype} came instead"
