"""The choice on TPU, which follows its compiler's estimates: a pure function of the problem."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from problems import problem_of

from jconv import choose_algorithm

SAME = (32, 3, 32, 1, 1, 1, 1)
PER_SAMPLE = problem_of([SAME] * 2, batch=1, groups=8, c_in=16, c_out=16)
LAX = {
    "several examples": replace(PER_SAMPLE, batch=8),
    "few channels": replace(PER_SAMPLE, c_in=4, c_out=4),
    "many channels": replace(PER_SAMPLE, c_in=64, c_out=64),
    "one group": replace(PER_SAMPLE, groups=1),
    "depthwise": replace(PER_SAMPLE, groups=128, c_in=1, c_out=1),
    "strided": problem_of([(32, 3, 16, 2, 1, 1, 1)] * 2, batch=1, groups=8, c_in=16, c_out=16),
    "large window": problem_of([(32, 7, 32, 1, 1, 1, 3)] * 2, batch=1, groups=8, c_in=16, c_out=16),
    "kernel gradient": PER_SAMPLE.gradient_w(),
}


def chosen(problem, **options):
    return choose_algorithm(problem, "tpu", **options).name


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_examples_with_kernels_of_their_own_are_products_tap_by_tap(dtype):
    kind = np.dtype(jax.numpy.dtype(dtype))
    problem = replace(PER_SAMPLE, x_dtype=kind, w_dtype=kind, dtype=kind)
    assert chosen(problem) == chosen(problem.gradient_x()) == chosen(replace(problem, algorithm="direct")) == "taps"


@pytest.mark.parametrize("size, batch", [(512, 1), (128, 8)])
def test_small_filters_of_one_channel_are_taps_in_every_direction(size, batch):
    problem = problem_of([(size, 3, size, 1, 1, 1, 1)] * 2, batch=batch, groups=1, c_in=1, c_out=1)
    assert {chosen(one) for one in (problem, problem.gradient_x(), problem.gradient_w())} == {"taps"}
    wide = replace(problem, c_out=16)
    assert {chosen(one) for one in (wide, wide.gradient_x(), wide.gradient_w())} == {"lax"}


@pytest.mark.parametrize("name", LAX)
def test_all_else_is_left_to_the_compiler(name):
    assert chosen(LAX[name]) == "lax"


def test_a_named_algorithm_a_measured_one_and_a_partitioned_program_go_first():
    assert chosen(replace(PER_SAMPLE, algorithm="lax")) == "lax"
    assert chosen(PER_SAMPLE, tuned={PER_SAMPLE: "lax"}) == "lax"
    assert chosen(PER_SAMPLE, partitioned=True) == "lax"


@pytest.mark.parametrize("platform", ["cuda", "rocm", "gpu"])
def test_it_is_tpus_alone(platform):
    assert choose_algorithm(PER_SAMPLE, platform).name == "lax"
