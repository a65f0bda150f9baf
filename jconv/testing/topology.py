"""A TPU to compile for, without one: libtpu holds the compiler, and a topology stands for the devices."""

import importlib.util
import os

import jax
from jax.experimental import topologies
from jax.sharding import SingleDeviceSharding

# What libtpu would otherwise ask the cloud's metadata server for, and wait; and that other processes may compile too.
_ENVIRONMENT = {
    "TPU_SKIP_MDS_QUERY": "1",
    "TPU_ACCELERATOR_TYPE": "v5litepod-4",
    "TPU_WORKER_HOSTNAMES": "localhost",
    "TPU_WORKER_ID": "0",
    "ALLOW_MULTIPLE_LIBTPU_LOAD": "1",
}
# How what JAX itself puts there begins, where it finds libtpu and no TPU.
_UNKNOWN = "WARNING"
REMEDY = 'Install it beside jax: pip install "jconv[tpu-compile]".'


def tpu_topology(name: str) -> SingleDeviceSharding:
    """Give what stands for the first device of a TPU topology: arrays sharded so are lowered and compiled for it.

    It must be called before JAX looks for its devices, which then are the CPU alone.

    Args:
      name: generation and grid, such as "v5e:2x2", "v5p:2x2x1" or "v6e:2x2".

    Raises:
      ModuleNotFoundError: libtpu is not installed.
      ValueError: the compiler knows no such topology.
    """
    if importlib.util.find_spec("libtpu") is None:
        raise ModuleNotFoundError(f"libtpu, which holds TPU's compiler, is not installed. {REMEDY}")
    for variable, value in _ENVIRONMENT.items():
        if os.environ.get(variable, _UNKNOWN).startswith(_UNKNOWN):
            os.environ[variable] = value
    if not jax.config.jax_platforms:  # pyrefly: ignore
        jax.config.update("jax_platforms", "cpu")
    try:
        device = topologies.get_topology_desc(platform="tpu", topology_name=name).devices[0]
    except jax.errors.JaxRuntimeError as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"topology={name!r} is none that TPU's compiler takes, such as v5e:2x2, v5p:2x2x1 or v6e:2x2 ({reason})."
        ) from None
    return SingleDeviceSharding(device)
