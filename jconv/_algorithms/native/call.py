"""The call: machine code for a problem, made once in a process, as an operation of XLA's programs."""

import ctypes
import importlib
import importlib.metadata
import importlib.util
import mmap
import platform as system
import re
import sys
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jconv._algorithms.native.header import UnknownInterfaceError, interface
from jconv._algorithms.native.plan import Plan
from jconv._algorithms.native.planning import plan_of
from jconv._equation.problem import ConvProblem
from jconv._typing import Array, Ints

# As pyproject.toml says.
_OLDEST_LLVMLITE = [0, 46]
_REGISTERED: set[str] = set()


class Target(NamedTuple):
    """What XLA is asked for: a registered name, and how the arrays lie in memory."""

    name: str
    plan: Plan


@cache
def why_not_here() -> tuple[str, ...]:
    """Why there is no machine code in this process; empty if there is."""
    if not (sys.platform == "linux" and system.machine() in ("x86_64", "AMD64")):
        return ("its machine code has been tried on Linux with x86-64 processors alone",)
    if importlib.util.find_spec("llvmlite") is None:
        return ("it needs llvmlite: pip install 'jconv[native]'",)
    version = importlib.metadata.version("llvmlite")
    if [int(number) for number in re.findall(r"\d+", version)[:2]] < _OLDEST_LLVMLITE:
        return (f"llvmlite {version} is too old: pip install 'jconv[native]'",)
    try:
        interface()
        mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()
        lacking = toolchain().missing_instructions()
    except UnknownInterfaceError as error:
        return (f"{error}: this version of XLA is not known",)
    except (ImportError, OSError, RuntimeError) as error:
        return (f"no machine code can be made in this process: {error}",)
    return (f"the processor has no {lacking}",) if lacking else ()


def toolchain() -> Any:
    """The module that needs llvmlite, which `import jconv` must not load."""
    return importlib.import_module("jconv._algorithms.native.toolchain")


def target_of(problem: ConvProblem) -> Target:
    """The handler for a problem, compiled and registered."""
    with toolchain().LOCK:
        return _target_of(problem)


@cache  # the code stays in memory for good, and so do the names that XLA knows it by
def _target_of(problem: ConvProblem) -> Target:
    """The handler for a problem; the same one for problems that differ in nothing that it does."""
    plan = plan_of(problem, toolchain().machine())
    name, module = toolchain().module_of(plan)
    if name not in _REGISTERED:
        address = toolchain().compile_handler(module)
        # The capsule must be named as XLA expects; it owns nothing.
        capsule = ctypes.pythonapi.PyCapsule_New
        capsule.restype, capsule.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
        jax.ffi.register_ffi_target(name, capsule(address, b"xla._CUSTOM_CALL_TARGET", None), platform="cpu")
        _REGISTERED.add(name)
    return Target(name, plan)


def compute(x: Array, w: Array, problem: ConvProblem) -> Array:
    """Give y from x and w by a call of machine code."""
    return compute_lying(x, w, problem, tuple(range(x.ndim)), tuple(range(w.ndim)))


def compute_lying(x: Array, w: Array, problem: ConvProblem, x_order: Ints, w_order: Ints) -> Array:
    """Give y from what x and w are transposed from by these orders. XLA copies whatever is transposed for a call."""
    if problem.empty:
        return jnp.zeros(problem.y_shape, problem.dtype)
    name, plan = target_of(problem)
    x_plan, w_plan, y_plan = plan.orders
    x, w = _move(x, tuple(x_order[a] for a in x_plan)), _move(w, tuple(w_order[a] for a in w_plan))
    y_shape = tuple(problem.y_shape[a] for a in y_plan)
    y = jax.ffi.ffi_call(name, jax.ShapeDtypeStruct(y_shape, problem.dtype), vmap_method="sequential")(x, w)
    return _move(y, tuple(y_plan.index(a) for a in range(y.ndim)))


def _move(array: Array, order: Ints) -> Array:
    """The array with its axes in this order: a reshape where only axes of length 1 change places."""
    long = [axis for axis in order if array.shape[axis] != 1]
    if long == sorted(long):
        return array.reshape([array.shape[axis] for axis in order])
    return jax.lax.transpose(array, order)
