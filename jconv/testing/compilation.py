"""The matrix compiled for a machine that is not there: what its compiler takes, and what it refuses."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from os import cpu_count
from typing import Literal

import jax
from jax.sharding import Sharding

from jconv.testing.case import Case
from jconv.testing.cases import QUICK
from jconv.testing.matrix import enough_bits, jitted, quantities_in


@dataclass(frozen=True)
class Compilation:
    """What became of one program: all quantities of a case, by one function, in one dtype.

    Args:
      name: the function's.
      case: the case's name.
      dtype: of the arrays.
      status: whether it was compiled; "unsupported" where the function said that it cannot.
      reason: why it was not, in one line; empty if it was.
      temporary_bytes: what the program takes beside its operands and results.
    """

    name: str
    case: str
    dtype: str
    status: Literal["compiled", "failed", "unsupported"]
    reason: str = ""
    temporary_bytes: int = 0


def compile_matrix(
    functions: Mapping[str, Callable[..., jax.Array]],
    sharding: Sharding,
    *,
    cases: Sequence[Case] = QUICK,
    dtypes: Sequence[str] = ("float32",),
) -> Iterator[Compilation]:
    """Compile what `run_matrix` would run, and run nothing.

    Args:
      functions: by name; each takes the arguments of `jax.lax.conv_general_dilated`.
      sharding: where the arrays would be, such as `jconv.testing.topology.tpu_topology` gives.
      cases: which convolutions.
      dtypes: which dtypes.

    Yields:
      What became of each program: dtype by dtype, case by case, function by function.

    Example:
      >>> here = jax.sharding.SingleDeviceSharding(jax.devices()[0])
      >>> [done] = compile_matrix({"lax": jax.lax.conv_general_dilated}, here, cases=QUICK[:1])
      >>> done.status
      'compiled'
    """
    ahead = cpu_count() or 1
    with ThreadPoolExecutor(ahead) as pool:
        waiting: deque[tuple[tuple[str, str, str], Future]] = deque()
        for dtype, case, (name, function) in product(dtypes, cases, functions.items()):
            waiting.append(((name, case.name, dtype), _start(function, case, dtype, sharding, pool)))
            if len(waiting) > ahead:
                yield _finished(*waiting.popleft())
        for key, program in waiting:
            yield _finished(key, program)


def _start(function: Callable, case: Case, dtype: str, sharding: Sharding, pool: ThreadPoolExecutor) -> Future:
    """Trace in this thread, which holds the caller's jax settings, and compile in another."""
    conv = partial(function, **case.keywords, precision=jax.lax.Precision.HIGHEST)
    operands = {
        name: jax.ShapeDtypeStruct(array.shape, array.dtype, sharding=sharding)
        for name, array in case.arrays(dtype).items()
    }
    try:
        with enough_bits(dtype):
            return pool.submit(jitted(conv, quantities_in(dtype)).lower(operands).compile)
    except Exception as raised:  # whatever a user's function raises is a result
        refused: Future = Future()
        refused.set_exception(raised)
        return refused


def _finished(key: tuple[str, str, str], program: Future) -> Compilation:
    """What became of a program."""
    try:
        memory = program.result().memory_analysis()
    except NotImplementedError as reason:
        return Compilation(*key, "unsupported", str(reason))
    except Exception as raised:
        first, *_ = str(raised).splitlines() or [""]
        return Compilation(*key, "failed", f"{type(raised).__name__}: {first}")
    return Compilation(*key, "compiled", temporary_bytes=memory.temp_size_in_bytes if memory else 0)
