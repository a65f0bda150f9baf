"""The kernels of `native`, held to the oracle on guarded memory; and where it says that it cannot."""

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from native_kernels import MACHINES, check_kernels, computed, random_problem
from problems import check, check_in_vmap_and_scan, directions, operands, problem_of

import jconv
from jconv._algorithms.native import NATIVE, call, planning, toolchain
from jconv._algorithms.native.header import UnknownInterfaceError, interface, read_interface
from jconv._algorithms.native.plan import ChannelsTile, GroupsTile, OutputsTile, SumsTile

TESTS = Path(__file__).parents[1]
# Every nest, in each direction: the tiles that value, gradient of x and gradient of the kernel have.
PROBLEMS = {
    "dense": (problem_of([(9, 3, 9, 1, 1, 1, 1)] * 2, c_in=17, c_out=37), (OutputsTile, OutputsTile, SumsTile)),
    "strided": (problem_of([(11, 3, 5, 2), (9, 2, 9, 1, 1, 3, 1)], c_in=8, c_out=16), (OutputsTile,) * 2 + (SumsTile,)),
    "few features": (problem_of([(9, 3, 17, 1, 2, 1, 1)], c_in=33, c_out=3), (ChannelsTile, OutputsTile, SumsTile)),
    "depthwise": (problem_of([(9, 3, 9, 1, 1, 1, 1)] * 2, groups=37, c_in=1, c_out=1), (GroupsTile,) * 3),
    "multiplier": (problem_of([(20, 13, 20, 1, 1, 1, 6)], groups=5, c_in=1, c_out=3), (GroupsTile,) * 3),
    "groups": (problem_of([(9, 3, 5, 2, 1, 1, 1)] * 2, groups=6, c_in=4, c_out=4), (GroupsTile,) * 3),
    "volume": (
        problem_of([(5, 3, 5, 1, 1, 1, 1)] * 3, groups=2, c_in=9, c_out=5),
        (OutputsTile, OutputsTile, SumsTile),
    ),
    "no axis": (problem_of([], groups=3, c_in=5, c_out=7), (OutputsTile,) * 3),
}


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: f"{machine.vector_bytes}x{machine.registers}")
@pytest.mark.parametrize("name", PROBLEMS)
def test_kernels_touch_nothing_beside_their_arrays_and_are_right(name, machine, monkeypatch):
    monkeypatch.setattr(planning, "TASK_WORK", 500)
    problem, tiles = PROBLEMS[name]
    if machine == MACHINES[0]:
        plans = [planning.plan_of(one, machine) for one in directions(problem).values()]
        assert [type(plan.tile) for plan in plans] == list(tiles)
    check_kernels(problem, machine)


@pytest.mark.parametrize("seed", range(12))
def test_random_problems(seed, monkeypatch):
    monkeypatch.setattr(planning, "TASK_WORK", 500)
    check_kernels(random_problem(seed), MACHINES[seed % len(MACHINES)], seed)


@pytest.mark.slow
def test_many_random_problems():
    script = [sys.executable, str(TESTS / "native_kernels.py"), "1000", "3000"]
    subprocess.run(script, check=True, env=os.environ | {"PYTHONPATH": str(TESTS)})


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_result_depends_on_neither_the_number_of_threads_nor_the_order_of_tasks(name, monkeypatch):
    monkeypatch.setattr(planning, "TASK_WORK", 500)
    for problem in directions(PROBLEMS[name][0]).values():
        x, w = operands(problem)
        one, many = (planning.plan_of(problem, MACHINES[0]._replace(threads=n)) for n in (1, 7))
        want = computed(one, x, w)
        np.testing.assert_array_equal(computed(many, x, w, order=lambda tasks: reversed(range(tasks))), want)


@pytest.mark.parametrize("name", PROBLEMS)
def test_within_xla(name):
    check(NATIVE, PROBLEMS[name][0])


def test_float64(x64):
    check(NATIVE, problem_of([(9, 3, 9, 1, 1, 1, 1)] * 2, c_in=5, c_out=19, dtype="float64"))


def test_in_vmap_and_scan():
    check_in_vmap_and_scan(NATIVE, problem_of([(9, 3, 9, 1, 1, 1, 1)], c_in=3, c_out=5))


@pytest.mark.parametrize("empty", [{"batch": 0}, {"c_in": 0}, {"c_out": 0}, {"groups": 0}])
def test_empty_arrays(empty):
    check(NATIVE, problem_of([(9, 3, 7)], **empty))


def test_positions_that_meet_nothing():
    check(NATIVE, problem_of([(4, 2, 5, 3, 3, 3, 1)]))
    check(NATIVE, problem_of([(4, 2, 30, 1, 1, 1, 9)], c_in=5, c_out=16))


# ---- where it cannot


def test_it_says_which_dtypes_platforms_and_sizes_it_does_not_take():
    problem = problem_of([(9, 3, 7)])
    assert NATIVE.unsupported(problem, "cpu") == ()
    for dtype in ("bfloat16", "int32", "complex64"):
        assert dtype in " ".join(NATIVE.unsupported(problem_of([(9, 3, 7)], dtype=dtype), "cpu"))
    assert NATIVE.unsupported(replace(problem, dtype=np.dtype("float64")), "cpu")
    assert "tpu" in " ".join(NATIVE.unsupported(problem, "tpu"))
    (size,) = jax.export.symbolic_shape("b")
    assert "known sizes" in " ".join(NATIVE.unsupported(replace(problem, batch=size), "cpu"))


@pytest.fixture
def asked_anew():
    """Whether machine code can be made here is found out once; here, each time."""
    call.why_not_here.cache_clear()
    interface.cache_clear()
    yield
    call.why_not_here.cache_clear()
    interface.cache_clear()


def test_without_llvmlite_it_names_the_extra(monkeypatch, asked_anew):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "jconv[native]" in " ".join(NATIVE.unsupported(problem_of([(9, 3, 7)]), "cpu"))


def test_an_old_llvmlite_is_not_used(monkeypatch, asked_anew):
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.45.1")
    assert "0.45.1 is too old" in " ".join(NATIVE.unsupported(problem_of([(9, 3, 7)]), "cpu"))
    assert call._OLDEST_LLVMLITE == [0, 46]
    assert '"llvmlite>=0.46"' in (TESTS.parent / "pyproject.toml").read_text()


def test_where_memory_may_not_hold_code_it_says_so(monkeypatch, asked_anew):
    def refuse(*arguments):
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(call.mmap, "mmap", refuse)
    assert "not permitted" in " ".join(NATIVE.unsupported(problem_of([(9, 3, 7)]), "cpu"))
    assert jconv.choose_algorithm(problem_of([(9, 3, 7)]), "cpu") is not NATIVE


def test_without_a_header_that_it_knows_it_says_so(monkeypatch, asked_anew, tmp_path):
    monkeypatch.setattr(jax.ffi, "include_dir", lambda: str(tmp_path))
    assert "c_api.h" in " ".join(NATIVE.unsupported(problem_of([(9, 3, 7)]), "cpu"))


def test_on_other_processors_it_says_so(monkeypatch, asked_anew):
    monkeypatch.setattr(toolchain, "missing_instructions", lambda: "fma")
    assert "no fma" in " ".join(NATIVE.unsupported(problem_of([(9, 3, 7)]), "cpu"))
    call.why_not_here.cache_clear()
    monkeypatch.setattr(call.system, "machine", lambda: "riscv64")
    assert "x86-64" in " ".join(NATIVE.unsupported(problem_of([(9, 3, 7)]), "cpu"))


HEADER = Path(jax.ffi.include_dir()) / "xla" / "ffi" / "api" / "c_api.h"


def test_the_version_and_the_table_are_read_from_the_header():
    found = read_interface(HEADER.read_text())
    assert found.major == 0
    assert len({found.schedule, found.thread_count, found.destroy}) == 3
    moved = HEADER.read_text().replace(
        "XLA_FFI_API_STRUCT_FIELD(XLA_FFI_Stream_Get);", "XLA_FFI_API_STRUCT_FIELD(A);", 1
    )
    assert read_interface(moved) == found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  void* data;\n  int64_t rank;", "  int64_t rank;\n  void* data;"),
        ("  XLA_FFI_Args args;\n", ""),
        ("_XLA_FFI_API_STRUCT_FIELD(XLA_FFI_ThreadPool_Schedule);", ""),
        ("#define XLA_FFI_API_MINOR", "#define SOMETHING_ELSE"),
        ("const XLA_FFI_InternalApi* internal_api;", ""),
    ],
)
def test_another_header_is_refused(old, new):
    text = HEADER.read_text()
    assert old in text
    with pytest.raises(UnknownInterfaceError):
        read_interface(text.replace(old, new))


def test_a_forked_process_has_the_code_and_makes_more():
    code = (
        "import os, numpy as np; from native_kernels import *; from problems import *\n"
        "check_kernels(random_problem(3), MACHINES[0])\n"
        "child = os.fork()\n"
        "check_kernels(random_problem(3), MACHINES[0]); check_kernels(random_problem(5), MACHINES[0])\n"
        "if not child: os._exit(0)\n"
        "print(os.waitpid(child, 0)[1])\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120)
    assert run.stdout.split() == ["0"], run.stderr


def test_half_types_are_left_to_others():
    problem = problem_of([(9, 3, 7)], dtype="bfloat16")
    assert jnp.dtype(problem.dtype).name in NATIVE.unsupported(problem, "cpu")[0]
