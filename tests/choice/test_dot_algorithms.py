"""Dot algorithms that the platform lacks: what multiplies matrices says so, and `auto` takes what can."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import QUICK_COMPILE, normal, numpy_conv
from jax import lax
from problems import directions, problem_of

import jconv
from jconv._algorithms import ALGORITHMS
from jconv._rewrites.products import CPU_DOTS

PRESETS = list(lax.DotAlgorithmPreset)
LACKING = [preset for preset in PRESETS if preset.name not in CPU_DOTS]
NHWC = ("NHWC", "HWIO", "NHWC")


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_the_dots_that_a_cpu_has_are_those_that_jax_lowers(preset):
    dot = jax.jit(lambda a: lax.dot_general(a, a, (((1,), (0,)), ((), ())), precision=preset))
    try:
        dot.lower(jnp.ones((2, 2)))
    except ValueError:
        assert preset in LACKING
    else:
        assert preset not in LACKING


def test_a_dot_algorithm_that_the_cpu_lacks_is_no_end():
    x, kernel = normal((1, 8, 8, 4)), normal((3, 3, 4, 4), 1)
    want = numpy_conv(x, kernel, stride=(1, 1), pairs=((1, 1),) * 2, dilation=(1, 1))
    for preset in ("TF32_TF32_F32", "F16_F16_F32", "TF32_TF32_F32_X3"):
        got = jconv.conv(x, kernel, padding="SAME", precision=preset)
        np.testing.assert_allclose(got, want, atol=1e-5)


KINDS = {  # dense, deep, grouped, depthwise, transposed, a plain product, whole numbers
    "few channels": problem_of([(8, 3, 8, 1, 1, 1, 1)] * 2, c_in=4, c_out=4),
    "dense": problem_of([(16, 3, 16, 1, 1, 1, 1)] * 2, c_in=64, c_out=64, batch=8),
    "groups": problem_of([(16, 3, 16, 1, 1, 1, 1)] * 2, groups=8, c_in=8, c_out=8),
    "depthwise": problem_of([(16, 7, 16, 1, 1, 1, 3)] * 2, groups=64, c_in=1, c_out=1),
    "transposed": problem_of([(8, 4, 16, 1, 2, 1, 2)] * 2, c_in=16, c_out=2),
    "four axes": problem_of([(4, 3, 2)] * 4, c_in=8, c_out=8),
    "pointwise": problem_of([(8, 1, 8)], c_in=32, c_out=32),
    "whole numbers": problem_of([(8, 3, 6)], c_in=8, c_out=8, dtype="int32"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_can_compute_it_lowers_and_auto_is_among_it(kind):
    for problem in directions(KINDS[kind]).values():
        problem = replace(problem, precision=lax.DotAlgorithmPreset.TF32_TF32_F32)
        able = [a for a in ALGORITHMS.values() if not a.unsupported(problem, "cpu")]
        shapes = (
            jax.ShapeDtypeStruct(problem.x_shape, problem.x_dtype),
            jax.ShapeDtypeStruct(problem.w_shape, problem.w_dtype),
        )
        for algorithm in able:
            jax.jit(lambda x, w, a=algorithm, p=problem: a.compute(x, w, p)).lower(*shapes)
        for partitioned in (False, True):
            assert jconv.choose_algorithm(problem, "cpu", partitioned=partitioned) in able


def test_what_multiplies_matrices_says_why_not():
    problem = problem_of([(8, 3, 8, 1, 1, 1, 1)], c_in=8, c_out=8)
    problem = replace(problem, precision=lax.DotAlgorithmPreset.TF32_TF32_F32)
    reason = ("precision=TF32_TF32_F32 is a dot algorithm that XLA does not have on CPU",)
    for name in ("taps", "patches"):
        assert ALGORITHMS[name].unsupported(problem, "cpu") == reason
        assert ALGORITHMS[name].unsupported(problem, "cuda") == ()
    assert ALGORITHMS["lax"].unsupported(problem, "cpu") == ()
    assert ALGORITHMS["lax"].unsupported(problem, "cuda")
    with pytest.raises(NotImplementedError, match="does not have on CPU"):
        jconv.conv(jnp.ones((8, 8)), jnp.ones((3, 8, 8)), algorithm="taps", precision="TF32_TF32_F32")


def test_jaxs_own_programs_run_under_install_as_before():
    x, kernel = normal((1, 8, 8, 4)), normal((3, 3, 4, 4), 1)

    def loss(x, kernel):
        y = lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=NHWC, precision="TF32_TF32_F32")
        return jnp.sum(y**2)

    gradients = jax.jit(jax.value_and_grad(loss, (0, 1)))
    want = gradients.lower(x, kernel).compile(QUICK_COMPILE)(x, kernel)
    with jconv.installed():
        got = gradients.lower(x, kernel).compile(QUICK_COMPILE)(x, kernel)
    for one, other in zip(jax.tree.leaves(want), jax.tree.leaves(got), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-3)
