"""Timing: medians over repeated calls, warmed up and blocked on, with compile time apart."""

import platform
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jconv._device import processor


class Timing(NamedTuple):
    """Seconds: to compile, and the quartiles of one call."""

    compile: float
    low: float
    median: float
    high: float


def time_jitted(function: Callable[..., Any], *args: Any, seconds: float = 1.0, least: int = 7) -> Timing:
    """Compile `function`, warm it up, and call it for about `seconds`, at least `least` times."""
    return time_compiled(jax.jit(function).lower(*args), *args, seconds=seconds, least=least)[0]


def time_compiled(
    lowered: jax.stages.Lowered,
    *args: Any,
    seconds: float = 1.0,
    least: int = 7,
    check: Callable[[Any], None] = lambda value: None,
) -> tuple[Timing, jax.stages.Compiled]:
    """The same for a lowered function, with what was compiled. A call of over 1 s is repeated once only.

    `check` sees the value before anything is timed.
    """
    start = time.perf_counter()
    compiled = lowered.compile()
    compile_seconds = time.perf_counter() - start
    check(compiled(*args))
    samples = [_once(compiled, *args)]
    if samples[0] < 1.0:
        _once(compiled, *args)
        samples = []
        while len(samples) < least or sum(samples) < seconds:
            samples.append(_once(compiled, *args))
    else:
        samples.append(_once(compiled, *args))
    low, median, high = statistics.quantiles(samples, n=4)
    return Timing(compile_seconds, low, median, high), compiled


def _once(compiled: jax.stages.Compiled, *args: Any) -> float:
    start = time.perf_counter()
    jax.block_until_ready(compiled(*args))
    return time.perf_counter() - start


def dot_rate(dtype: str = "float32", size: int = 2048) -> float:
    """Multiply-adds per second of a square matrix product."""
    a = jnp.ones((size, size), dtype)
    return size**3 / time_jitted(jnp.dot, a, a).median


def copy_rate(size: int = 2**26) -> float:
    """Bytes per second, read and written, of copying an array that no cache holds."""
    a = jnp.ones((size,))
    return 8 * size / time_jitted(lambda a: a + 1, a).median


def machine() -> str:
    """The machine and the versions that a figure belongs to, in one line."""
    device = jax.devices()[0]
    return f"{processor()}, {device.device_kind}, Python {platform.python_version()}, jax {jax.__version__}"
