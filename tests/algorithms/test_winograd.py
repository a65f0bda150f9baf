"""The algorithms `winograd` and `winograd4`: exact matrices, the oracle, blocks, and what they are made of."""

from dataclasses import replace
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import error_in_eps
from paths import equations_of
from problems import (
    check,
    check_in_vmap_and_scan,
    compiled,
    directions,
    error_of,
    magnitude,
    operands,
    problem_of,
    truth,
)

from jconv._algorithms.winograd import WINOGRAD, WINOGRAD_4, plan
from jconv._algorithms.winograd.toom_cook import transforms

BOTH = pytest.mark.parametrize("algorithm", [WINOGRAD, WINOGRAD_4], ids=lambda a: a.name)
MOST = {WINOGRAD: 4, WINOGRAD_4: 6}


# ---- the matrices


@pytest.mark.parametrize("products", [2, 3, 4, 5, 6])
def test_the_matrices_are_exact_in_fractions(products):
    rng = np.random.default_rng(0)
    for taps in range(1, products + 1):
        x, w = ([Fraction(int(v)) for v in rng.integers(-99, 99, size)] for size in (products, taps))
        inputs, kernel, outputs = (np.array(matrix) for matrix in transforms(products, taps))
        made = outputs @ ((kernel @ w) * (inputs @ x))
        assert made.tolist() == [sum(x[o + k] * w[k] for k in range(taps)) for o in range(products + 1 - taps)]


def test_the_best_known_matrices():
    """F(2,3) is Winograd's own, up to signs; the points of F(4,3) are the second column of its taps."""
    half = Fraction(1, 2)
    assert transforms(4, 3).taps == ((-1, 0, 0), (half, half, half), (half, -half, half), (0, 0, 1))
    assert transforms(4, 3).outputs == ((1, 1, 1, 0), (0, 1, -1, 1))
    first, second, _ = zip(*transforms(6, 3).taps, strict=True)
    assert [b / a for a, b in zip(first[:-1], second[:-1], strict=True)] == [0, 1, -1, half, -2]


def test_transforms_of_inputs_and_outputs_have_no_rounded_constants():
    for matrix in (m for products in (4, 6) for m in (transforms(products, 3).inputs, transforms(products, 3).outputs)):
        for c in (c for row in matrix for c in row):
            assert Fraction(float(np.float32(float(c)))) == c


# ---- against the oracle

PROBLEMS = {
    "3 taps": problem_of([(9, 3, 9, 1, 1, 1, 1)]),
    "2 taps, cropped": problem_of([(9, 2, 5, 1, 1, 1, -1)]),
    "dilated": problem_of([(14, 3, 13, 1, 1, 3, 3)]),
    "padded beyond a window": problem_of([(5, 3, 12, 1, 1, 1, 5)]),
    "2d, odd": problem_of([(7, 3, 7, 1, 1, 1, 1), (6, 3, 5, 1, 1, 1, 0)]),
    "2d, groups": problem_of([(6, 3, 6, 1, 1, 1, 1), (5, 3, 5, 1, 1, 1, 1)], groups=3),
    "2d, depthwise": problem_of([(6, 3, 6, 1, 1, 1, 1), (5, 3, 5, 1, 1, 1, 1)], groups=4, c_in=1, c_out=1),
    "2d, dilated": problem_of([(9, 3, 9, 1, 1, 2, 2), (8, 3, 7, 1, 1, 3, 2)]),
    "2d, one tap and a stride along one axis": problem_of([(9, 1, 5, 2, 1, 1, 0), (8, 3, 8, 1, 1, 1, 1)]),
    "2d, as few outputs as taps": problem_of([(5, 3, 3), (4, 3, 2)]),
    "3d, two axes idle": problem_of([(3, 1, 3), (3, 3, 1), (5, 3, 3)]),
}
WIDER = {
    "5 taps": problem_of([(11, 5, 11, 1, 1, 1, 2)]),
    "4 by 2 taps": problem_of([(9, 4, 6), (9, 2, 8)]),
}


@BOTH
@pytest.mark.parametrize("name", PROBLEMS)
def test_value_and_gradients(algorithm, name):
    check(algorithm, PROBLEMS[name])


@pytest.mark.parametrize("name", WIDER)
def test_windows_of_more_taps(name):
    check(WINOGRAD_4, WIDER[name])
    assert WINOGRAD.unsupported(WIDER[name], "cpu")


def test_three_axes():
    axes = [(4, 3, 4, 1, 1, 1, 1), (3, 3, 3, 1, 1, 1, 1), (8, 3, 8, 1, 1, 1, 1)]
    assert error_of(WINOGRAD, problem_of(axes, batch=1, c_in=2, c_out=2)) <= WINOGRAD.error_bound
    found = plan.choose_axes(problem_of(axes), 6)
    assert [axis.products for axis in found] == [4, 4, 6]  # six on every axis would be 216 dots


@BOTH
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "complex64"])
def test_dtypes(algorithm, dtype):
    check(algorithm, replace(PROBLEMS["3 taps"], **dict.fromkeys(("x_dtype", "w_dtype", "dtype"), jnp.dtype(dtype))))


@BOTH
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_wide_dtypes(algorithm, dtype, x64):
    check(algorithm, replace(PROBLEMS["3 taps"], **dict.fromkeys(("x_dtype", "w_dtype", "dtype"), np.dtype(dtype))))


# ---- blocks


@pytest.mark.parametrize(("block", "examples", "rows"), [(20_000, 2, 6), (10_000, 1, 6), (3_500, 1, 2), (1, 1, 1)])
def test_large_problems_are_solved_in_blocks(block, examples, rows, monkeypatch):
    monkeypatch.setattr(plan, "MAX_BYTES", 0)
    monkeypatch.setattr(plan, "BLOCK_BYTES", block)
    problem = problem_of([(12, 3, 12, 1, 1, 1, 1), (6, 3, 6, 1, 1, 1, 1)], batch=4, c_in=4, c_out=4)
    blocks = plan.cut_blocks(problem, plan.choose_axes(problem, 4))
    assert (blocks.examples, blocks.axes[0].tiles) == (examples, rows)
    assert len(blocks.starts) == 4 // examples * 6 // rows
    check(WINOGRAD, problem)


def test_blocks_of_dilated_problems_hold_all_phases(monkeypatch):
    monkeypatch.setattr(plan, "MAX_BYTES", 0)
    monkeypatch.setattr(plan, "BLOCK_BYTES", 1)
    problem = PROBLEMS["2d, dilated"]
    assert len(plan.cut_blocks(problem, plan.choose_axes(problem, 4)).starts) > problem.batch
    check(WINOGRAD, problem)


# ---- what they are made of


@BOTH
def test_a_dot_for_each_product_never_of_rounded_operands(algorithm):
    problem = problem_of([(8, 3, 8, 1, 1, 1, 1)] * 2)
    highest = (jax.lax.Precision.HIGHEST,) * 2
    for way, one in directions(problem).items():
        with jax.default_matmul_precision("bfloat16"):
            jaxpr = jax.make_jaxpr(lambda x, w, p=one: algorithm.compute(x, w, p))(*operands(one)).jaxpr
        dots = equations_of(jaxpr, "dot_general")
        assert len(dots) == MOST[algorithm] ** 2 + (way != "w")  # beside the products, the kernel's transform
        assert all(dot.params["precision"] == highest for dot in dots)
        assert not equations_of(jaxpr, "gather")
        assert not equations_of(jaxpr, "conv_general_dilated")


def test_fewer_products_than_the_direct_form():
    problem = problem_of([(56, 3, 56, 1, 1, 1, 1)] * 2, batch=8, c_in=64, c_out=64)
    for most, saved in ((4, 9 / 4), (6, 4)):
        for one in directions(problem).values():
            pairs = one.batch * one.groups * one.c_in * one.c_out
            assert one.multiply_adds == saved * pairs * plan.points(plan.choose_axes(one, most))


def test_a_short_output_takes_small_tiles():
    axes = plan.choose_axes(problem_of([(4, 3, 2), (9, 3, 8, 1, 1, 1, 1)]), 6)
    assert [axis.step for axis in axes] == [2, 4]


@BOTH
def test_unsupported(algorithm):
    def reasons(*axes, **more):
        return algorithm.unsupported(problem_of(axes, **more), "cpu")

    assert reasons((5, 3, 5, 1, 1, 1, 1), dtype="int32") == ("it computes with fractions, and int32 holds none",)
    assert reasons(*[(5, 3, 3)] * 4) == ("4 spatial axes are more than 3",)
    product = "no axis has both several taps and several outputs: it is a plain product of matrices"
    assert reasons((5, 1, 5), (4, 1, 4)) == reasons((5, 5, 1)) == (product,)
    most = MOST[algorithm] - 1
    assert reasons(*[(19, 3, 9, 2, 1, 1, 0)] * 2) == (
        "an axis has 3 taps, 9 outputs, stride 2, dilation 1 and input dilation 1",
        f"it takes 2 to {most} taps at stride 1 on every axis, or 2 to {most} outputs at dilation 1 on every axis, "
        "and no input dilation",
    )
    assert len(reasons((9, 3, 15, 1, 2, 1, 0), (5, 3, 3))) == 3
    assert reasons((40, 7, 34))
    for problem in PROBLEMS.values():
        assert all(algorithm.unsupported(one, "cpu") == () for one in directions(problem).values())


@BOTH
def test_empty_problems_give_zeros(algorithm):
    problem = problem_of([(0, 3, 5)])
    np.testing.assert_array_equal(algorithm.compute(*operands(problem), problem), np.zeros(problem.y_shape))
    assert algorithm.cost(problem, "cpu").multiply_adds == 0


# ---- inside transformations


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("name", ["dilated", "2d, groups", "3d, two axes idle"])
def test_with_strict_promotion(name):
    check(WINOGRAD, PROBLEMS[name])


@BOTH
def test_in_vmap_and_scan(algorithm):
    check_in_vmap_and_scan(algorithm, PROBLEMS["3 taps"])


# ---- the promised error


@BOTH
def test_the_error_bound_is_tight(algorithm):
    """Signs and spikes are what the transforms are worst at; the worst of many draws is within the bound, but near."""
    problem = problem_of([(12, 3, 12, 1, 1, 1, 1)] * 2, batch=1, c_in=1, c_out=1)
    convolve, worst = compiled(algorithm, problem), 0.0
    rng = np.random.default_rng(0)
    for _ in range(200):
        x, w = operands(problem, int(rng.integers(2**32)))
        signs = rng.choice([-1, 1], problem.x_shape).astype(np.float32)
        spike = (np.arange(x.size) == rng.integers(x.size)).reshape(x.shape)
        for one, kernel in ((x, w), (signs, np.sign(w)), (x * spike, w)):
            scale = truth(problem, magnitude(one), magnitude(kernel))
            worst = max(worst, error_in_eps(convolve(one, kernel), truth(problem, one, kernel), scale))
    assert algorithm.error_bound / 4 <= worst <= algorithm.error_bound
