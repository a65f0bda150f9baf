"""Which machine a measured time or a file belongs to."""

import os
import platform as host
from functools import cache
from importlib.metadata import version
from pathlib import Path

import jax


def machine_of(platform: str) -> dict[str, str] | None:
    """What a measured time belongs to; None if there is no such device."""
    try:
        device = jax.devices(platform)[0]
    except RuntimeError:
        return None
    return {
        "platform": device.platform,
        "device": processor() if device.platform == "cpu" else device.device_kind,
        "jax": jax.__version__,
        "jconv": version("jconv"),
    }


@cache
def processor() -> str:
    """The CPU's name, and the number of cores that this process may use; JAX calls every CPU "cpu"."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = host.processor() or host.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} x {name}"
