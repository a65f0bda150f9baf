"""The temporaries that `cost` predicts against those that XLA's compiler allots."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from problems import directions, problem_of

import jconv
from jconv._algorithms import ALGORITHMS
from jconv._choice.choose import choose_algorithm
from jconv._choice.limits import MEMORY_BYTES, MEMORY_FACTOR, why_not_auto

PROBLEMS = {
    "dense": problem_of([(56, 3, 56, 1, 1, 1, 1)] * 2, batch=8, c_in=32, c_out=64),
    "depthwise": problem_of([(56, 7, 56, 1, 1, 1, 3)] * 2, batch=4, groups=64, c_in=1, c_out=1),
    "grouped": problem_of([(28, 3, 28, 1, 1, 1, 1)] * 2, batch=8, groups=16, c_in=8, c_out=8),
    "grouped, strided": problem_of([(56, 3, 28, 2, 1, 1, 1)] * 2, batch=8, groups=32, c_in=16, c_out=16),
    "grouped, few": problem_of([(28, 9, 56, 1, 2, 1, 4)] * 2, batch=8, groups=64, c_in=1, c_out=3),
    "depthwise, transposed": problem_of([(28, 13, 112, 1, 4, 1, 6)] * 2, batch=4, groups=64, c_in=1, c_out=1),
    "strided, few channels": problem_of([(112, 7, 56, 2, 1, 1, 3)] * 2, batch=4, c_in=3, c_out=64),
    "transposed": problem_of([(28, 4, 56, 1, 2, 1, 2)] * 2, batch=8, c_in=64, c_out=32),
    "pointwise": problem_of([(56, 1, 56)] * 2, batch=8, c_in=128, c_out=128),
    "pointwise, grouped": problem_of([(56, 1, 56)] * 2, batch=8, groups=16, c_in=8, c_out=8),
    "volume": problem_of([(24, 3, 24, 1, 1, 1, 1)] * 3, batch=2, c_in=16, c_out=16),
    "long": problem_of([(8192, 5, 8192, 1, 1, 1, 4)], batch=8, c_in=32, c_out=32),
    "long window": problem_of([(4096, 511, 4096, 1, 1, 1, 510)], batch=2, groups=16, c_in=1, c_out=1),
}


def allotted(algorithm, problem):
    """Bytes of temporaries of the compiled program, which takes and gives images as users have them."""
    if algorithm.compute_lying and problem.more_taps_than_outputs:
        return allotted_lying(algorithm, problem)

    def convolve(x, w):
        y = algorithm.compute(x.reshape(problem.x_shape), w, problem)
        return y.reshape(*y.shape[:-2], -1)  # else XLA would copy y: it cannot give out an array reshaped

    x = jax.ShapeDtypeStruct((*problem.x_shape[:-2], problem.groups * problem.c_in), problem.x_dtype)
    w = jax.ShapeDtypeStruct(problem.w_shape, problem.w_dtype)
    return jax.jit(convolve).lower(x, w).compile().memory_analysis().temp_size_in_bytes


def allotted_lying(algorithm, problem):
    """The same of a kernel gradient, where x and the cotangent of y are images that are read as they lie."""
    last = problem.rank + 2
    x_order, w_order = (last, *range(1, last), 0), (*range(1, last), 0, last)
    x_shape = [problem.x_shape[x_order.index(a)] for a in range(last + 1)]
    w_shape = [problem.w_shape[w_order.index(a)] for a in range(last + 1)]

    def convolve(x, w):
        return algorithm.on_lying(x.reshape(x_shape), w.reshape(w_shape), problem, x_order, w_order).reshape(-1)

    flat = (jax.ShapeDtypeStruct((*s[:-2], s[-2] * s[-1]), problem.dtype) for s in (x_shape, w_shape))
    return jax.jit(convolve).lower(*flat).compile().memory_analysis().temp_size_in_bytes


@pytest.mark.parametrize("name", PROBLEMS)
def test_no_more_is_allotted_than_predicted(name):
    """Up to half as much again, and 2 MB: XLA lays its buffers out as it likes. Nor is far less."""
    for direction, problem in directions(PROBLEMS[name]).items():
        for algorithm in ALGORITHMS.values():
            if not algorithm.unsupported(problem, "cpu"):
                predicted, found = algorithm.cost(problem, "cpu").extra_bytes, allotted(algorithm, problem)
                assert found <= 1.5 * predicted + 2 * 2**20, (direction, algorithm.name, predicted, found)
                assert predicted <= 12 * found + 32 * 2**20, (direction, algorithm.name, predicted, found)


@pytest.mark.parametrize("name", PROBLEMS)
def test_auto_keeps_its_word(name):
    """What is chosen needs no more than twice the operands and 64 MB."""
    for problem in directions(PROBLEMS[name]).values():
        most = MEMORY_FACTOR * problem.operand_bytes + MEMORY_BYTES
        assert allotted(choose_algorithm(problem, "cpu"), problem) <= most


def test_what_is_too_large_is_seen():
    """Else the tests above could not fail: a product per tap, of a large output, keeps all of them."""
    problem = replace(PROBLEMS["strided, few channels"], batch=16)
    taps = ALGORITHMS["taps"]
    most = MEMORY_FACTOR * problem.operand_bytes + MEMORY_BYTES
    assert allotted(taps, problem) > most
    assert taps.cost(problem, "cpu").extra_bytes > most
    assert why_not_auto(problem, "cpu", taps)


def test_one_tap_of_groups_is_multiplied_without_copies():
    """x was repeated beforehand for each feature of its group."""
    problem = problem_of([(56, 1, 56)] * 2, batch=8, groups=32, c_in=1, c_out=4)
    assert allotted(ALGORITHMS["taps"], problem) < 2**16 < problem.x_bytes


@pytest.mark.parametrize("algorithm", ["planar", "lax"])
def test_a_convolution_in_one_dimension_copies_nothing(algorithm):
    """XLA copied x, whose single group is an axis of length 1, where the lowered function began."""
    x, kernel = jax.ShapeDtypeStruct((4, 4096, 64), np.float32), jax.ShapeDtypeStruct((8, 64, 64), np.float32)
    program = jax.jit(lambda x, kernel: jconv.conv(x, kernel, stride=8, algorithm=algorithm))
    assert program.lower(x, kernel).compile().memory_analysis().temp_size_in_bytes < 2**16
