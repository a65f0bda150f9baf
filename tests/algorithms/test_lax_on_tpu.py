"""`lax` on TPU: JAX's own words for values and gradients, held to the truth here, where XLA takes them too."""

from dataclasses import replace
from functools import partial

import jax
import pytest
from paths import equations_of
from problems import operands, problem_of

import jconv
from jconv import choose_algorithm
from jconv._algorithms import ALGORITHMS
from jconv._algorithms.lax import LAX, compute_on_tpu, groups_in_batch
from jconv.testing import CASES, QUICK, check_conv

ON_TPU = replace(LAX, name="lax on TPU", compute=compute_on_tpu)
SAME = (56, 3, 56, 1, 1, 1, 1)
DEPTHWISE = problem_of([SAME] * 2, batch=8, groups=128, c_in=1, c_out=1)
LAYERS = {
    "depthwise": DEPTHWISE,
    "in groups": replace(DEPTHWISE, groups=32, c_in=4, c_out=4),
    "causal": problem_of([(2048, 4, 2048, 1, 1, 1, 3)], batch=4, groups=256, c_in=1, c_out=1),
    "wide": replace(DEPTHWISE.with_axes([DEPTHWISE.axes[0]._replace(window=31, low=15)] * 2), groups=64),
}


def test_it_agrees_with_the_truth_in_every_quantity():
    check_conv(partial(jconv.conv_general_dilated, algorithm=ON_TPU), cases=QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["bfloat16", "float32", "float64", "complex64", "int32"])
def test_it_agrees_with_the_truth_in_every_case(dtype):
    check_conv(partial(jconv.conv_general_dilated, algorithm=ON_TPU), cases=CASES, dtypes=[dtype])


def convolution(problem):
    """The parameters of the one convolution that it asks XLA for; nothing is padded before."""
    jaxpr = jax.make_jaxpr(partial(compute_on_tpu, problem=problem))(*operands(problem))
    assert not equations_of(jaxpr, "pad")
    (one,) = equations_of(jaxpr, "conv_general_dilated")
    return one.params


@pytest.mark.parametrize("layer", LAYERS)
def test_groups_are_in_the_batch_in_kernel_gradients_alone(layer):
    """The other way round each takes TPU's compiler's general path: 100 to 300 times the cycles, by its estimate."""
    problem = LAYERS[layer]
    for one in (problem, problem.gradient_x()):
        assert not groups_in_batch(one)
        assert convolution(one)["feature_group_count"] == problem.groups
    assert groups_in_batch(problem.gradient_w())
    assert convolution(problem.gradient_w())["batch_group_count"] == problem.groups
    assert convolution(problem.gradient_w())["feature_group_count"] == 1


FULL = problem_of([(300, 300, 300, 1, 1, 1, 299)], batch=2, groups=8, c_in=1, c_out=1)
LONG = problem_of([(300, 203, 98, 1, 1, 1, 0)], batch=2, groups=8, c_in=1, c_out=1)
ONE = replace(LAYERS["in groups"], batch=1)


@pytest.mark.parametrize("problem, in_batch", [(FULL, False), (LONG, False), (ONE, True)])
def test_a_group_of_one_channel_is_in_the_features_and_one_example_in_the_batch(problem, in_batch):
    """Whichever has more positions: a long kernel's gradient takes 14 times as long in the features."""
    assert groups_in_batch(problem) is in_batch
    assert groups_in_batch(problem.gradient_w()) is not in_batch


def test_padding_and_input_dilation_are_left_to_xla():
    problem = problem_of([(28, 4, 56, 1, 2, 1, 2)] * 2, c_in=64, c_out=64)
    assert convolution(problem)["lhs_dilation"] == (2, 2)
    assert convolution(problem)["padding"] == ((2, 2), (2, 2))


@pytest.mark.parametrize("layer", LAYERS)
def test_auto_takes_it_on_tpu_in_every_direction(layer):
    problem = LAYERS[layer]
    for one in (problem, problem.gradient_x(), problem.gradient_w()):
        chosen = choose_algorithm(one, "tpu")
        assert chosen is LAX
        assert chosen.on("tpu").compute is compute_on_tpu


def test_other_platforms_and_algorithms_keep_their_one_form():
    assert all(LAX.on(platform) is LAX for platform in ("cpu", "gpu", "cuda", "rocm"))
    assert all(one.on("tpu") is one for one in ALGORITHMS.values() if one is not LAX)


def test_what_is_lowered_for_tpu_has_it_and_for_others_has_not():
    x, kernel = jax.numpy.ones((2, 8, 8, 6)), jax.numpy.ones((3, 3, 1, 6))

    def gradient(kernel):
        return jax.grad(lambda kernel: jconv.conv(x, kernel, groups=6, algorithm="lax").sum())(kernel)

    traced = jax.jit(gradient).trace(kernel)
    assert "batch_group_count = 6" in traced.lower(lowering_platforms=("tpu",)).as_text()
    for platform in ("cpu", "cuda"):
        assert "batch_group_count = 6" not in traced.lower(lowering_platforms=(platform,)).as_text()
