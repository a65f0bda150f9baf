"""The algorithm `fft` against the oracle: lengths, tiles, steps, dtypes and transformations."""

from dataclasses import replace
from itertools import product
from math import prod

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
    operands,
    problem_of,
    truth,
)

from jconv._algorithms.fft import FFT, compute, tiles
from jconv._rewrites.axes import drop_idle_axes

PROBLEMS = {
    "same": problem_of([(11, 5, 11, 1, 1, 1, 2)]),
    "causal, as long as x": problem_of([(9, 9, 9, 1, 1, 1, 8)]),
    "full": problem_of([(7, 4, 10, 1, 1, 1, 3)]),
    "window longer than x": problem_of([(3, 8, 4, 1, 1, 1, 4)]),
    "windows within padding": problem_of([(3, 2, 11, 1, 1, 1, 5)]),
    "cropped on both sides": problem_of([(13, 3, 8, 1, 1, 1, -2)]),
    "cropped beyond x": problem_of([(4, 3, 5, 1, 1, 1, -6)]),
    "strided": problem_of([(14, 3, 5, 3, 1, 1, 1)]),
    "dilated": problem_of([(12, 3, 9, 1, 1, 2, 1)]),
    "transposed": problem_of([(5, 4, 10, 1, 2, 1, 2)]),
    "stride, dilation, input dilation": problem_of([(7, 3, 6, 2, 3, 2, 3)]),
    "depthwise": problem_of([(11, 4, 11, 1, 1, 1, 3)], groups=4, c_in=1, c_out=1),
    "groups, multiplier": problem_of([(11, 4, 9, 1, 1, 1, 1)], groups=2, c_in=1, c_out=3),
    "many channels": problem_of([(6, 3, 6, 1, 1, 1, 1)], c_in=17, c_out=19),
    "one tap": problem_of([(7, 1, 4, 2, 1, 1, 1)]),
    "2d": problem_of([(7, 3, 7, 1, 1, 1, 1), (6, 4, 8, 1, 1, 1, 3)]),
    "2d, all steps": problem_of([(4, 3, 6, 2, 3, 2, 3), (5, 2, 4, 1, 1, 3, 1)], groups=2),
    "2d, one tap along one axis": problem_of([(7, 1, 3, 3, 1, 1, 1), (9, 5, 9, 1, 1, 1, 2)]),
    "3d": problem_of([(4, 3, 4, 1, 1, 1, 1), (3, 2, 3, 1, 1, 1, 0), (5, 3, 5, 1, 1, 1, 1)]),
    "4d, two axes idle": problem_of([(3, 1, 3), (4, 2, 3), (3, 3, 1), (5, 3, 3)]),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_value_and_gradients(name):
    check(FFT, PROBLEMS[name])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "complex64"])
def test_dtypes(dtype):
    for name in ("same", "2d", "stride, dilation, input dilation"):
        problem = PROBLEMS[name]
        check(FFT, replace(problem, **dict.fromkeys(("x_dtype", "w_dtype", "dtype"), jnp.dtype(dtype))))


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_wide_dtypes(dtype, x64):
    check(FFT, replace(PROBLEMS["2d"], **dict.fromkeys(("x_dtype", "w_dtype", "dtype"), np.dtype(dtype))))
    check(FFT, TILED["of outputs"](dtype))


def test_operands_of_two_dtypes_give_the_dtype_asked_for():
    problem = replace(PROBLEMS["same"], x_dtype=jnp.dtype("bfloat16"))
    assert error_of(FFT, problem) <= FFT.error_bound


# ---- tiles

TILED = {
    "of outputs": lambda dtype: problem_of([(200, 4, 200, 1, 1, 1, 1)], dtype=dtype),
    "strided": lambda dtype: problem_of([(203, 3, 68, 3, 1, 2, 2)], dtype=dtype),
    "transposed": lambda dtype: problem_of([(67, 4, 200, 1, 3, 1, 2)], dtype=dtype),
    "first axis": lambda dtype: problem_of([(120, 3, 120, 1, 1, 1, 1), (4, 2, 4)], c_in=1, dtype=dtype),
    "last axis": lambda dtype: problem_of([(4, 2, 4), (120, 3, 120, 1, 1, 1, 1)], groups=2, dtype=dtype),
}


@pytest.mark.parametrize("name", TILED)
def test_long_inputs_are_cut_into_tiles(name):
    problem = TILED[name]("float32")
    found = {way: tiles.choose_tiling(drop_idle_axes(one)) for way, one in directions(problem).items()}
    assert all(found.values())
    assert found["w"].of_taps
    assert not found["value"].of_taps
    check(FFT, problem)


@pytest.mark.parametrize("at_once", [1, 5])
def test_large_batches_and_many_tiles_are_transformed_in_blocks(at_once, monkeypatch):
    problem = TILED["last axis"]("float32")
    part = tiles.tile(problem, tiles.choose_tiling(problem))
    example = 4 * part.groups * part.c_out * prod(tiles.transform_lengths(part))
    assert part.batch % 5  # the last block holds fewer
    monkeypatch.setattr(compute, "MAX_BYTES", 0)
    monkeypatch.setattr(compute, "BLOCK_BYTES", at_once * example)
    x, w = operands(problem)
    assert equations_of(jax.make_jaxpr(lambda x, w: FFT.compute(x, w, problem))(x, w).jaxpr, "scan")
    check(FFT, problem)


def test_tiles_take_less_work():
    problem = problem_of([(2**20, 511, 2**20, 1, 1, 1, 255)], batch=1, c_in=1, c_out=1)
    whole, tiled = tiles.work_of(problem), FFT.cost(problem, "cpu").multiply_adds
    assert tiled < 0.7 * whole
    assert FFT.cost(problem.gradient_w(), "cpu").multiply_adds == tiled


def test_a_window_as_long_as_the_input_is_not_cut():
    assert tiles.choose_tiling(problem_of([(8192, 8192, 8192, 1, 1, 1, 8191)])) is None


# ---- lengths


def test_the_least_circular_length_is_enough(monkeypatch):
    """With lengths no longer than needed, whatever wraps around must miss every wanted output."""
    monkeypatch.setattr(tiles, "fast_length", lambda n, *, even: n)
    with jax.disable_jit():
        for i, k, o, lo in product((1, 6), (2, 5), (2, 9), (-3, 0, 6)):
            problem = problem_of([(i, k, o, 1, 1, 1, lo)], batch=1, c_in=1, c_out=1)
            x, w = operands(problem)
            got = FFT.compute(jnp.asarray(x), jnp.asarray(w), problem)
            assert error_in_eps(got, truth(problem, x, w), truth(problem, abs(x), abs(w))) <= FFT.error_bound, (
                problem.axes
            )


@pytest.mark.parametrize("even", [False, True])
def test_fast_lengths_are_the_next_with_small_factors(even):
    smooth = {2**a * 3**b * 5**c * 7**d for a, b, c, d in product(range(10), range(6), range(4), range(4))}
    for n in range(2, 500):
        assert tiles.fast_length(n, even=even) == min(m for m in smooth if m >= n and not (even and m % 2))


# ---- what it is made of


def test_windows_that_meet_nothing_give_zeros_exactly():
    problem = problem_of([(6, 5, 2, 1, 1, 1, 7)])
    np.testing.assert_array_equal(compiled(FFT, problem)(*operands(problem)), np.zeros(problem.y_shape))


def test_three_transforms_and_no_convolution():
    for problem in directions(PROBLEMS["2d"]).values():
        jaxpr = jax.make_jaxpr(lambda x, w, p=problem: FFT.compute(x, w, p))(*operands(problem)).jaxpr
        assert len(equations_of(jaxpr, "fft")) == 3
        assert not equations_of(jaxpr, "conv_general_dilated")


def test_axes_with_one_tap_or_one_output_take_no_part():
    problem = problem_of([(9, 1, 5, 2, 1, 1, 1), (8, 8, 1), (12, 3, 10)])
    jaxpr = jax.make_jaxpr(lambda x, w: FFT.compute(x, w, problem))(*operands(problem)).jaxpr
    lengths = {equation.params["fft_lengths"] for equation in equations_of(jaxpr, "fft")}
    assert lengths == {(12,)}


def test_unsupported():
    integers = problem_of([(5, 3, 3)], dtype="int32")
    assert FFT.unsupported(integers, "cpu") == ("it computes with fractions, and int32 holds none",)
    four_axes = problem_of([(5, 3, 3)] * 4)
    assert FFT.unsupported(four_axes, "cpu") == ("4 spatial axes are more than the 3 of a transform",)
    for problem in PROBLEMS.values():
        assert FFT.unsupported(problem, "cpu") == ()


def test_the_cost_of_nothing_is_nothing():
    assert FFT.cost(problem_of([(0, 3, 5)]), "cpu").multiply_adds == 0


def test_empty_problems_give_zeros():
    problem = problem_of([(0, 3, 5)])
    np.testing.assert_array_equal(FFT.compute(*operands(problem), problem), np.zeros(problem.y_shape))


# ---- inside transformations


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("name", ["same", "2d, all steps", "many channels", "one tap"])
def test_with_strict_promotion(name):
    check(FFT, PROBLEMS[name])


def test_in_vmap_and_scan():
    check_in_vmap_and_scan(FFT, PROBLEMS["2d"])


# ---- the promised error


def test_the_error_bound_is_tight():
    """A spike in x spreads the kernel's norm over all outputs: what a transform is worst at."""
    size = 4096
    problem = problem_of([(size, size, size, 1, 1, 1, size - 1)], batch=1, c_in=1, c_out=1)
    x = np.zeros(problem.x_shape, np.float32)
    x[:, 0] = 1
    w = np.random.default_rng(0).choice(np.array([-1, 1], np.float32), problem.w_shape)
    got = compiled(FFT, problem)(x, w)
    error = error_in_eps(got, w[::-1].reshape(problem.y_shape), np.ones(problem.y_shape))
    assert FFT.error_bound / 4 <= error <= FFT.error_bound
