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
from jconv._equation.problem import ConvProblem
from jconv._primitive.forms import solve
from jconv._rewrites.groups import join_groups, split_groups
from jconv._typing import Array, DType, Ints

# An algorithm that takes so many times the best one's time at its first call is not called again.
_HOPELESS = 4.0
# Nor one that took more than so many times the least when all are measured again.
_NEAR = 1.6
_LEAST_CALLS, _MOST_CALLS = 5, 200
# Calls in a row: where programs alternate, threads are woken on a core that is still busy, and the time of a call
# says as much about the one before it.
_CALLS_A_TURN = 10


class Times(NamedTuple):
    """By algorithm, median seconds of a call; and why it failed, for those that did."""

    seconds: Mapping[str, float]
    failed: Mapping[str, str]


def measure(problem: ConvProblem, names: Sequence[str], *, seconds: float, most_bytes: int, again: int = 0) -> Times:
    """Measure some algorithms on one problem, on the default device.

    Args:
        problem: what to compute, on normal numbers.
        names: the algorithms; the first should be one that is seldom slow.
        seconds: how long to measure each, compilation apart.
        most_bytes: an algorithm whose compiled program needs more temporary memory is not run.
        again: how often the first and those near the best are measured again. What else runs on a
            machine only ever slows a computation down: the least of the medians counts.

    Returns:
        The times.
    """
    programs: dict[str, Callable[[], Array]] = {}
    samples: dict[str, list[float]] = {}
    failed: dict[str, str] = {}
    with jax.enable_x64(True) if _needs_x64(problem) else nullcontext():
        x_shape, w_shape = _shapes(problem)
        x, w = jnp.asarray(_draw(x_shape, problem.x_dtype)), jnp.asarray(_draw(w_shape, problem.w_dtype))
        for name in names:
            try:
                programs[name] = _compiled(ALGORITHMS[name].on(jax.default_backend()), x, w, problem, most_bytes)
                _time(programs[name])
                samples[name] = [_time(programs[name])]
            except (jax.errors.JaxRuntimeError, MemoryError) as error:
                failed[name] = f"it failed: {error}"
        best = min((first for first, *_ in samples.values()), default=0.0)
        _sample(
            {name: programs[name] for name, (first, *_) in samples.items() if first <= _HOPELESS * best},
            samples,
            seconds,
        )
        times = {name: statistics.median(taken) for name, taken in samples.items()}
        for _ in range(again):
            near = [name for name in times if name == names[0] or times[name] <= _NEAR * min(times.values())]
            retaken: dict[str, list[float]] = {name: [] for name in near}
            _sample({name: programs[name] for name in near}, retaken, seconds)
            times |= {name: min(times[name], statistics.median(taken)) for name, taken in retaken.items()}
    return Times(times, failed)


def _sample(programs: Mapping[str, Callable[[], Array]], samples: Mapping[str, list[float]], seconds: float) -> None:
    """Call programs in turns, so that what else the machine does meanwhile falls on all alike."""
    running = list(programs)
    while running:
        for name in running:
            for _ in range(_CALLS_A_TURN):
                samples[name].append(_time(programs[name]))
                if _enough(samples[name], seconds):
                    break
        running = [name for name in running if not _enough(samples[name], seconds)]


def _shapes(problem: ConvProblem) -> tuple[Ints, Ints]:
    """The operands' shapes in a program: (*, G*C) and (*K, C, G*M); or image and cotangent."""
    g, sizes, window = problem.groups, problem.input_size, problem.window
    if problem.more_taps_than_outputs:
        return (problem.c_in, *sizes, g * problem.batch), (problem.c_in, *window, g * problem.c_out)
    return (problem.batch, *sizes, g * problem.c_in), (*window, problem.c_in, g * problem.c_out)


def _compute(x: Array, w: Array, problem: ConvProblem, algorithm: Algorithm) -> Array:
    """As in a program, where what stands around the algorithm is compiled with it: copies can be spared, or not."""
    g, m = problem.groups, problem.c_out
    if problem.more_taps_than_outputs:
        value = problem.gradient_w()  # whose kernel's gradient this is
        x, w = x.reshape(value.x_shape), w.reshape(value.y_shape)
        return join_groups(solve(algorithm.on_lying, x, w, value, "w"), value)
    y = algorithm.compute(x.reshape(problem.x_shape), split_groups(w, problem), problem)
    return y.reshape(*y.shape[:-2], g * m)


def _compiled(algorithm: Algorithm, x: Array, w: Array, problem: ConvProblem, most_bytes: int) -> Callable[[], Array]:
    """The algorithm as a compiled program on x and w; MemoryError if it needs more temporary memory than that."""
    # A function of its own: JAX keeps what it compiled for as long as the function lives, and a process may not have
    # more than some ten thousand pieces of code.
    program = jax.jit(lambda x, w: _compute(x, w, problem, algorithm)).lower(x, w).compile()
    analysis: Any = program.memory_analysis()
    needed = getattr(analysis, "temp_size_in_bytes", 0)
    if needed > most_bytes:
        raise MemoryError(f"{needed:.2g} bytes of temporary memory")
    return partial(program, x, w)


def _time(program: Callable[[], Array]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    jax.block_until_ready(program())
    return time.perf_counter() - start


def _enough(samples: Sequence[float], seconds: float) -> bool:
    """Whether these times of single calls are enough for a median."""
    return len(samples) >= _MOST_CALLS or (len(samples) >= _LEAST_CALLS and sum(samples) >= seconds)


def _needs_x64(problem: ConvProblem) -> bool:
    """Whether a dtype of the problem exists only in JAX's 64-bit mode."""
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
