"""Measure algorithms on one problem: compiled apart, warmed up, in turns, and the median of each."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jconv._algorithms import ALGORITHMS, Algorithm
from jconv._problem import ConvProblem
from jconv._typing import Array, DType, Ints

# An algorithm that takes so many times the best one's time at its first call is not called again.
_HOPELESS = 4.0
_LEAST_CALLS, _MOST_CALLS = 5, 200


class Times(NamedTuple):
    """Median seconds of a call, by algorithm; and of those that failed, why."""

    seconds: Mapping[str, float]
    failed: Mapping[str, str]


def measure(problem: ConvProblem, names: Sequence[str], *, seconds: float, most_bytes: int) -> Times:
    """Measure some algorithms on one problem, on the default device.

    Args:
        problem: what to compute, on normal numbers.
        names: the algorithms; the first should be one that is seldom slow.
        seconds: how long to measure each, compilation apart.
        most_bytes: an algorithm whose compiled program needs more temporary memory is not run.

    Returns:
        The times.
    """
    programs: dict[str, Callable[[], Array]] = {}
    samples: dict[str, list[float]] = {}
    failed: dict[str, str] = {}
    with jax.enable_x64(True) if _needs_x64(problem) else nullcontext():
        x = jnp.asarray(_draw(problem.x_shape, problem.x_dtype))
        w = jnp.asarray(_draw(problem.w_shape, problem.w_dtype))
        x, w = _as_programs_have_them(x, w, problem)
        for name in names:
            try:
                programs[name] = _compiled(ALGORITHMS[name], x, w, problem, most_bytes)
                _time(programs[name])
                samples[name] = [_time(programs[name])]
            except (jax.errors.JaxRuntimeError, MemoryError) as error:
                failed[name] = f"it failed: {error}"
        best = min((first for first, *_ in samples.values()), default=0.0)
        running = [name for name, (first, *_) in samples.items() if first <= _HOPELESS * best]
        while running:  # in turns, so that what else the machine does meanwhile falls on all alike
            for name in running:
                samples[name].append(_time(programs[name]))
            running = [name for name in running if not _enough(samples[name], seconds)]
    return Times({name: statistics.median(times) for name, times in samples.items()}, failed)


def _as_programs_have_them(x: Array, w: Array, problem: ConvProblem) -> tuple[Array, Array]:
    """The operands before they were transposed: a kernel gradient's are an image and a cotangent, batch first."""
    return (x.swapaxes(0, -1), jnp.moveaxis(w, -2, 0)) if problem.few_outputs else (x, w)


def _compute(x: Array, w: Array, problem: ConvProblem, algorithm: Algorithm) -> Array:
    """As in a program, where the transpositions are part of what is compiled: algorithms can spare the copies."""
    if not problem.few_outputs:
        return algorithm.compute(x, w, problem)
    y = algorithm.compute(x.swapaxes(0, -1), jnp.moveaxis(w, 0, -2), problem)
    return jnp.moveaxis(y, 0, -2)


def _compiled(algorithm: Algorithm, x: Array, w: Array, problem: ConvProblem, most_bytes: int) -> Callable[[], Array]:
    program = jax.jit(_compute, static_argnums=(2, 3)).lower(x, w, problem, algorithm).compile()
    analysis: Any = program.memory_analysis()
    needed = getattr(analysis, "temp_size_in_bytes", 0)
    if needed > most_bytes:
        raise MemoryError(f"{needed:.2g} bytes of temporary memory")
    return partial(program, x, w)


def _time(program: Callable[[], Array]) -> float:
    start = time.perf_counter()
    jax.block_until_ready(program())
    return time.perf_counter() - start


def _enough(samples: Sequence[float], seconds: float) -> bool:
    return len(samples) >= _MOST_CALLS or (len(samples) >= _LEAST_CALLS and sum(samples) >= seconds)


def _needs_x64(problem: ConvProblem) -> bool:
    return any(
        dtype.itemsize == (16 if dtype.kind == "c" else 8)
        for dtype in (problem.x_dtype, problem.w_dtype, problem.dtype)
    )


def _draw(shape: Ints, dtype: DType) -> np.ndarray:
    """Normal numbers, a few thousand of them over and over: drawing should not take longer than measuring."""
    generator = np.random.default_rng(0)
    numbers = generator.normal(size=4099) + (1j * generator.normal(size=4099) if dtype.kind == "c" else 0)
    if dtype.kind in "iu":
        numbers = generator.integers(0, 4, size=4099)
    return np.resize(numbers.astype(dtype), shape)
