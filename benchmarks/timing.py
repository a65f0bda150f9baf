"""Timing: medians over repeated calls, warmed up and blocked on, with compile time apart."""

import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax


class Timing(NamedTuple):
    """Seconds: to compile, and the quartiles of one call."""

    compile: float
    low: float
    median: float
    high: float


def time_jitted(function: Callable[..., Any], *args: Any, seconds: float = 1.0, least: int = 7) -> Timing:
    """Compile `function`, warm it up, and call it for about `seconds`, at least `least` times."""
    start = time.perf_counter()
    compiled = jax.jit(function).lower(*args).compile()
    compile_seconds = time.perf_counter() - start
    for _ in range(2):
        jax.block_until_ready(compiled(*args))
    samples: list[float] = []
    while len(samples) < least or sum(samples) < seconds:
        start = time.perf_counter()
        jax.block_until_ready(compiled(*args))
        samples.append(time.perf_counter() - start)
    low, median, high = statistics.quantiles(samples, n=4)
    return Timing(compile_seconds, low, median, high)


def machine() -> str:
    """The machine and the versions that a figure belongs to, in one line."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        cpu = f"{len(names)} x {names[0]}" if names else cpu
    device = jax.devices()[0]
    return f"{cpu}, {device.device_kind}, Python {platform.python_version()}, jax {jax.__version__}"
