"""`native` and the process: XLA's threads, memory over many calls and programs, the interpreter's end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
START = """
import hashlib, os, resource, sys
os.sched_setaffinity(0, set(list(os.sched_getaffinity(0))[: int(sys.argv[1])]))
import jax, numpy as np
import jconv
from functools import partial
from jconv._algorithms.native import planning
planning.TASK_WORK = 500  # many tasks, although the problems are small
conv = partial(jconv.conv, padding="SAME", algorithm="native")
draw = np.random.default_rng(0).standard_normal
x, kernel = (draw(shape).astype("float32") for shape in ((4, 23, 21, 19), (3, 3, 19, 21)))
def gradients(x, kernel):
    return jax.value_and_grad(lambda x, kernel: (conv(x, kernel) ** 2).sum(), argnums=(0, 1))(x, kernel)
step = jax.jit(gradients)
"""


def run(code: str, cores: int = 2) -> list[str]:
    """The words that a process of its own prints, on so many cores."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)]), "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", START + code, str(cores)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=1200)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_same_bits_on_one_core_and_on_two():
    code = """
print(*(hashlib.sha256(np.asarray(a)).hexdigest() for _ in range(3) for a in jax.tree.leaves(step(x, kernel))[1:]))
"""
    one, two = run(code, 1), run(code, 2)
    assert one == two
    assert one[:2] == one[2:4] == one[4:]


def test_the_interpreter_ends_while_xla_is_at_work():
    """XLA's own calls that nobody waits for. Python's daemon threads inside of XLA would end it by an abort."""
    code = """
results = [step(x, kernel) for _ in range(50)]
print("ended")
"""
    assert run(code) == ["ended"]


MEASURED = """
def megabytes():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 2**20
def grown(do, first, last):
    for n in range(first):
        do(n)
    before = megabytes()
    for n in range(first, last):
        do(n)
    print(megabytes() - before)
"""


def test_many_calls_take_no_memory():
    (grown,) = map(float, run(MEASURED + "grown(lambda n: jax.block_until_ready(step(x, kernel)), 100, 400)"))
    assert grown < 8


@pytest.mark.slow
def test_ten_thousand_calls_take_no_memory():
    (grown,) = map(float, run(MEASURED + "grown(lambda n: jax.block_until_ready(step(x, kernel)), 1000, 11000)"))
    assert grown < 8


@pytest.mark.slow
def test_a_thousand_programs_take_little_memory():
    """Machine code stays for as long as the process lives, as XLA holds on to its name: 0.2 MB each, as linked."""
    code = """
from jconv._algorithms.native import call
from problems import problem_of
grown(lambda n: call.target_of(problem_of([(9 + n, 3, 7 + n)], c_in=3, c_out=5)), 100, 1100)
"""
    (grown,) = map(float, run(MEASURED + code))
    assert grown < 400
