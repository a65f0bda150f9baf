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
    """The CPU's name, family and model, and the number of cores that this process may use; JAX calls every CPU "cpu".

    Names alone do not tell: processors of several generations call themselves "AMD EPYC".
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    facts = dict(line.split(":", 1) for line in reversed(lines) if ":" in line)
    facts = {name.strip(): value.strip() for name, value in facts.items()}
    name = facts.get("model name") or host.processor() or host.machine()
    if "cpu family" in facts and "model" in facts:
        name += f" (family {facts['cpu family']}, model {facts['model']})"
    return f"{cores} x {name}"
