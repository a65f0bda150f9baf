"""install: JAX's own convolutions give the same as before, by jconv's algorithms."""

from dataclasses import replace
from functools import partial

import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal
from configurations import cases
from jax import lax
from jax.sharding import PartitionSpec as P
from paths import collectives, convolutions, departures
from served import (
    DENSE,
    DENSE_NCHW,
    DEPTHWISE,
    assert_same,
    dense,
    dense_nchw,
    depthwise,
    is_served,
    value_and_gradients,
)

import jconv
from jconv._algorithms import ALGORITHMS
from jconv._algorithms._xla import OwnAxes
from jconv._programs.trace import equations, traced_problems


@pytest.fixture
def install():
    """Install for one test; some tests uninstall by themselves."""
    jconv.install()
    yield
    jconv.uninstall()


# ---- the same values and gradients


def check_case(case):
    f = partial(lax.conv_general_dilated, **case.keywords)
    assert_same(f, normal(case.x_shape), normal(case.kernel_shape, 1), served=False)  # some stay XLA's


def sweep(seed, count):
    """Check `count` configurations, the same ones for the same seed."""
    checked = hypothesis.given(cases())(check_case)
    hypothesis.seed(seed)(hypothesis.settings(max_examples=count)(checked))()


@pytest.mark.parametrize("part", range(4))
def test_60_random_configurations_and_their_gradients_agree(part):
    sweep(part, 15)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(20))
def test_2000_random_configurations_and_their_gradients_agree(part):
    sweep(1000 + part, 100)


def test_a_wrong_algorithm_would_be_noticed():
    def compute(x, w, problem):
        return 1.001 * ALGORITHMS["taps"].compute(x, w, problem)

    with jconv.use_algorithm(replace(ALGORITHMS["taps"], name="wrong", compute=compute)):
        with pytest.raises(AssertionError):
            assert_same(depthwise, *DEPTHWISE)


def test_the_first_layer_of_a_network_for_pictures_agrees():
    """Three channels, a wide window, a stride: in each direction the choice ends in another algorithm."""
    f = partial(
        lax.conv_general_dilated, window_strides=(2, 2), padding="SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    assert_same(f, normal((2, 33, 32, 3)), normal((7, 7, 3, 16), 1), served=False)


def test_an_empty_result_agrees():
    f = partial(lax.conv_general_dilated, window_strides=(1,), padding="VALID", rhs_dilation=(9,))
    assert_same(f, normal((2, 3, 5)), normal((4, 3, 2), 1))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "complex64"])
def test_half_types_and_complex_numbers_agree(dtype):
    dtype = jnp.dtype(dtype)
    x, w = (jnp.asarray(a, dtype) for a in DEPTHWISE)
    without = depthwise(x, w)
    with jconv.installed():
        assert is_served(depthwise, x, w)
        got = depthwise(x, w)
    assert got.dtype == without.dtype
    np.testing.assert_allclose(*(np.asarray(a, np.complex64) for a in (got, without)), atol=40 * jnp.finfo(dtype).eps)


def test_integers_are_equal_also_where_they_overflow():
    x, w = jnp.arange(60, dtype=jnp.int8).reshape(1, 20, 3), jnp.full((2, 3, 2), 117, jnp.int8)
    f = partial(lax.conv_general_dilated, window_strides=(1,), padding="SAME", dimension_numbers=("NWC", "WIO", "NWC"))
    for preferred in (None, jnp.int32):
        g = partial(f, preferred_element_type=preferred)
        without = g(x, w)
        with jconv.installed():
            np.testing.assert_array_equal(g(x, w), without, strict=True)


def test_float64(x64):
    assert_same(depthwise, *(a.astype(np.float64) for a in DEPTHWISE))


def test_programs_that_forbid_implicit_promotion(strict):
    assert_same(depthwise, *DEPTHWISE)


def test_transformations_of_jax_reach_it(install):
    x, w = DEPTHWISE
    step = jax.jit(jax.vmap(jax.checkpoint(jax.grad(lambda x, w: jnp.sum(depthwise(x, w) ** 2), (0, 1))), (0, None)))
    hessian = jax.jit(lambda x, w, dx: jax.jvp(jax.grad(lambda x: jnp.sum(depthwise(x, w) ** 2)), (x,), (dx,))[1])
    got = [step(x[:, None], w), hessian(x, w, x)]
    assert is_served(step, x[:, None], w)
    assert is_served(hessian, x, w, x)
    jconv.uninstall()
    want = [step(x[:, None], w), hessian(x, w, x)]
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-4), got, want)


# ---- what is computed how


def test_every_convolution_of_a_step_is_served(install):
    step = partial(value_and_gradients, depthwise, depthwise(*DEPTHWISE))
    with jconv.use_algorithm("taps"):
        assert not convolutions(jax.jit(step).lower(*DEPTHWISE))
        jconv.uninstall()
        assert len(convolutions(jax.jit(step).lower(*DEPTHWISE))) == 3


def test_in_a_loop_xla_gets_its_own_convolution_in_the_form_it_computes_fast(install):
    """JAX writes the gradient's convolutions in other layouts, which XLA:CPU runs as scalar code in loops."""
    x, w = normal((1, 20, 6, 6)), normal((20, 20, 3, 3), 1)

    def loop(x, w):
        return lax.scan(lambda x, _: (dense_nchw(x, w), None), x, None, length=2)[0]

    step = jax.jit(partial(value_and_gradients, loop, np.ones_like(x)))
    with jconv.use_algorithm("lax"):
        written = convolutions(step.lower(x, w))
    assert len(written) >= 3
    assert [departures(one) for one in written] == [[]] * len(written)
    jconv.uninstall()
    assert any(departures(one) for one in convolutions(step.lower(x, w)))


def test_where_xla_has_the_fast_form_already_the_program_stays_jaxs_own(install):
    with jconv.use_algorithm("lax"):
        lowered = jax.jit(dense).lower(*DENSE).as_text()
    jconv.uninstall()
    assert jax.jit(dense).lower(*DENSE).as_text() == lowered


@pytest.mark.parametrize("platform", ["cuda", "rocm", "tpu"])
def test_elsewhere_than_on_cpu_the_choice_lax_is_jaxs_own_program(platform, install):
    step = jax.jit(partial(value_and_gradients, dense_nchw, dense_nchw(*DENSE_NCHW)))
    with jconv.use_algorithm("lax"):
        lowered = step.trace(*DENSE_NCHW).lower(lowering_platforms=(platform,)).as_text()
    jconv.uninstall()
    assert step.trace(*DENSE_NCHW).lower(lowering_platforms=(platform,)).as_text() == lowered


def test_jaxprs_stay_as_they_are(install):
    step = partial(value_and_gradients, depthwise, depthwise(*DEPTHWISE))
    with_jconv = str(jax.make_jaxpr(step)(*DEPTHWISE))
    jconv.uninstall()
    assert str(jax.make_jaxpr(step)(*DEPTHWISE)) == with_jconv


def test_jconvs_own_call_of_xlas_convolution_is_not_served(install):
    """Even beside one with the same parameters that is: JAX lowers equal equations of a program once."""

    def both(x, w):
        return dense(x, w), jconv.conv(x, w, algorithm="lax"), dense(x + 1, w)

    with jconv.use_algorithm("taps"):
        assert len(convolutions(jax.jit(both).lower(*DENSE))) == 1


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_marks_its_calls_of_xlas_convolution(name):
    for problem in (*traced_problems(depthwise, *DEPTHWISE), *traced_problems(dense, *DENSE)):
        if not ALGORITHMS[name].unsupported(problem, "cpu"):
            compute = partial(ALGORITHMS[name].compute, problem=problem)
            jaxpr = jax.make_jaxpr(compute)(jnp.zeros(problem.x_shape), jnp.zeros(problem.w_shape))
            calls = [e for e in equations(jaxpr) if e.primitive is lax.conv_general_dilated_p]
            assert all(isinstance(e.params["dimension_numbers"].rhs_spec, OwnAxes) for e in calls)


def test_an_algorithm_that_asks_for_a_convolution_without_the_mark_comes_to_an_end(install):
    def compute(x, w, problem):
        y = dense(x.reshape(*x.shape[:-2], -1), w.reshape(*problem.window, *w.shape[-2:]))
        return y.reshape(problem.y_shape)

    with jconv.use_algorithm(replace(ALGORITHMS["lax"], name="unmarked", compute=compute)):
        assert len(convolutions(jax.jit(dense).lower(*DENSE))) == 1


@pytest.mark.parametrize("dtype", ["bool", "float8_e4m3fn", "int4"])
def test_dtypes_that_a_problem_does_not_have_are_left_to_jax(dtype, install):
    assert not is_served(depthwise, *(jnp.asarray(a, dtype) for a in DEPTHWISE))


def test_export_with_a_symbolic_batch_is_left_to_jax(install):
    (size,) = jax.export.symbolic_shape("b")
    shape = jax.ShapeDtypeStruct((size, *DEPTHWISE[0].shape[1:]), jnp.float32)
    exported = jax.export.export(jax.jit(depthwise))(shape, DEPTHWISE[1])
    np.testing.assert_allclose(exported.call(*DEPTHWISE), depthwise(*DEPTHWISE), atol=1e-5)


def test_export_for_several_platforms_holds_each_ones_choice(install):
    exported = jax.export.export(jax.jit(depthwise), platforms=("cpu", "cuda", "tpu"))(*DEPTHWISE)
    text = str(exported.mlir_module())
    assert "stablehlo.case" in text
    assert text.count("stablehlo.convolution") == 2  # cuda's and tpu's
    np.testing.assert_allclose(exported.call(*DEPTHWISE), depthwise(*DEPTHWISE), atol=1e-5)


# ---- devices


@pytest.mark.parametrize("check", [True, False])
def test_inside_shard_map(check, install):
    x, w = normal((8, 5, 6, 7)), DEPTHWISE[1]
    mesh = jax.make_mesh((8,), ("batch",), axis_types=(jax.sharding.AxisType.Auto,))
    f = jax.shard_map(depthwise, mesh=mesh, in_specs=(P("batch"), P()), out_specs=P("batch"), check_vma=check)
    step = jax.jit(partial(value_and_gradients, f, np.ones(jax.eval_shape(f, x, w).shape, np.float32)))
    assert is_served(step, x, w)
    got = step(x, w)
    jconv.uninstall()
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-4), got, step(x, w))


def test_an_explicit_sharding_is_left_to_jax(install):
    x, w = normal((8, 5, 6, 7)), DEPTHWISE[1]
    mesh = jax.make_mesh((8,), ("batch",), axis_types=(jax.sharding.AxisType.Explicit,))
    with jax.set_mesh(mesh):
        x = jax.device_put(x, P("batch"))
        y = jax.jit(depthwise)(x, w)
        assert jax.typeof(y).sharding.spec[0] == "batch"
        assert not is_served(depthwise, x, w)


def test_a_sharded_batch_stays_sharded(install):
    x, w = normal((8, 5, 6, 7)), DEPTHWISE[1]
    mesh = jax.make_mesh((8,), ("batch",), axis_types=(jax.sharding.AxisType.Auto,))
    x = jax.device_put(x, jax.NamedSharding(mesh, P("batch")))
    w = jax.device_put(w, jax.NamedSharding(mesh, P()))
    compiled = jax.jit(depthwise).lower(x, w).compile()
    assert collectives(compiled) == []
    assert compiled(x, w).sharding.spec[0] == "batch"
