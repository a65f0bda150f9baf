"""ConvProblem: its relabellings are involutions, and are the oracle's adjoints."""

from dataclasses import FrozenInstanceError, replace
from itertools import product

import hypothesis
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import whole
from hypothesis import strategies

from jconv import ConvProblem
from jconv.testing import oracle

FLOAT32 = np.dtype("float32")
PLAIN = ConvProblem(
    batch=2,
    groups=1,
    c_in=3,
    c_out=5,
    input_size=(9,),
    window=(3,),
    output_size=(7,),
    stride=(1,),
    input_dilation=(1,),
    dilation=(1,),
    low=(0,),
    x_dtype=FLOAT32,
    w_dtype=FLOAT32,
    dtype=FLOAT32,
)


@strategies.composite
def problems(draw):
    """Any problem of up to three axes, with output sizes that its geometry implies, or not."""
    small, step = strategies.integers(1, 4), strategies.integers(1, 3)
    rank = draw(strategies.integers(0, 3))

    def per_axis(what):
        return tuple(draw(what) for _ in range(rank))

    return ConvProblem(
        batch=draw(small),
        groups=draw(small),
        c_in=draw(small),
        c_out=draw(small),
        input_size=per_axis(small),
        window=per_axis(small),
        output_size=per_axis(small),
        stride=per_axis(step),
        input_dilation=per_axis(step),
        dilation=per_axis(step),
        low=per_axis(strategies.integers(-3, 5)),
        x_dtype=np.dtype(draw(strategies.sampled_from(["float16", "float32"]))),
        w_dtype=FLOAT32,
        dtype=np.dtype(draw(strategies.sampled_from(["float32", "float64"]))),
        algorithm=draw(strategies.sampled_from(["auto", "lax"])),
    )


def walk_words(problem, *names):
    """The oracle's keywords for a problem."""
    return {name: getattr(problem, name) for name in ("stride", "input_dilation", "dilation", "low", *names)}


@hypothesis.given(problems())
@hypothesis.settings(max_examples=200)
def test_each_gradient_of_a_gradient_is_the_problem_itself(problem):
    assert problem.gradient_x().gradient_x() == problem
    assert problem.gradient_w().gradient_w() == problem


@hypothesis.given(problems())
@hypothesis.settings(max_examples=200)
def test_gradient_problems_solve_for_the_oracles_cotangents(problem):
    x, w, y = (whole(shape, seed) for seed, shape in enumerate((problem.x_shape, problem.w_shape, problem.y_shape)))

    of_x = problem.gradient_x()
    axes = tuple(range(problem.rank))
    flipped = np.flip(w, axes).swapaxes(-1, -2)
    assert of_x.x_shape == y.shape
    assert of_x.w_shape == flipped.shape
    got = oracle.value_by_patterns(y, flipped, **walk_words(of_x, "output_size"))
    np.testing.assert_array_equal(got, oracle.x_cotangent_by_patterns(y, w, **walk_words(problem, "input_size")))

    of_w = problem.gradient_w()
    x_swapped, y_moved = x.swapaxes(0, -1), np.moveaxis(y, 0, -2)
    assert of_w.x_shape == x_swapped.shape
    assert of_w.w_shape == y_moved.shape
    got = oracle.value_by_patterns(x_swapped, y_moved, **walk_words(of_w, "output_size"))
    want = oracle.w_cotangent_by_patterns(x, y, **walk_words(problem, "window"))
    np.testing.assert_array_equal(np.moveaxis(got, 0, -2), want)


@hypothesis.given(problems())
@hypothesis.settings(max_examples=200)
def test_gradients_keep_work_and_swap_the_dtypes(problem):
    for gradient in (problem.gradient_x(), problem.gradient_w()):
        assert gradient.groups == problem.groups
        assert gradient.algorithm == problem.algorithm
        assert gradient.precision == problem.precision
    assert problem.gradient_x().dtype == problem.x_dtype
    assert problem.gradient_x().x_dtype == problem.dtype
    assert problem.gradient_w().dtype == problem.w_dtype
    assert problem.gradient_w().w_dtype == problem.dtype


def test_high_is_the_least_padding_with_which_exactly_the_outputs_fit():
    for i, k, o, s, e, d, lo in product(*(range(1, n) for n in (6, 4, 5, 4, 4, 3)), range(-2, 4)):
        axis = dict(input_size=i, window=k, output_size=o, stride=s, input_dilation=e, dilation=d, low=lo)
        (high,) = replace(PLAIN, **{name: (value,) for name, value in axis.items()}).high
        last_tap = d * (k - 1)
        starts = [[p for p in range(0, lo + e * (i - 1) + 1 + hi - last_tap, s)] for hi in (high - 1, high)]
        assert [len(fit) for fit in starts] == [o - 1, o], axis


def test_high_of_an_empty_input_is_the_whole_extent():
    empty = replace(PLAIN, input_size=(0,), low=(2,), output_size=(3,))
    assert empty.high == (3,)


PLANE = replace(
    PLAIN,
    groups=4,
    input_size=(9, 8),
    window=(3, 2),
    output_size=(7, 7),
    **dict.fromkeys(("stride", "input_dilation", "dilation"), (1, 1)),
    low=(0, 0),
)


def test_shapes_are_the_canonical_ones_with_groups_explicit():
    assert PLANE.x_shape == (2, 9, 8, 4, 3)
    assert PLANE.w_shape == (3, 2, 4, 3, 5)
    assert PLANE.y_shape == (2, 7, 7, 4, 5)
    assert PLANE.rank == 2


def test_work_and_memory_are_counted_in_integers():
    assert PLANE.multiply_adds == 2 * 7 * 7 * 4 * 5 * 3 * 3 * 2
    assert PLANE.operand_bytes == 4 * (2 * 9 * 8 * 4 * 3 + 3 * 2 * 4 * 3 * 5 + 2 * 7 * 7 * 4 * 5)
    transposed = replace(PLAIN, input_dilation=(2,), window=(4,), output_size=(16,), low=(2,))
    assert transposed.multiply_adds == 2 * 5 * 3 * 16 * 2  # of four taps, two meet inputs and two the zeros between


@pytest.mark.parametrize("field", ["batch", "groups", "c_in", "c_out", "input_size", "window", "output_size"])
def test_a_problem_with_a_zero_anywhere_is_empty(field):
    assert not PLAIN.empty
    value = getattr(PLAIN, field)
    assert replace(PLAIN, **{field: (0,) if isinstance(value, tuple) else 0}).empty


def test_padded_is_false_only_where_every_window_lies_inside_the_input():
    assert not PLAIN.padded
    assert replace(PLAIN, low=(1,), output_size=(8,)).padded
    assert replace(PLAIN, low=(-1,), output_size=(6,)).padded
    assert replace(PLAIN, output_size=(8,)).padded
    assert replace(PLAIN, input_dilation=(2,), output_size=(15,)).padded


def test_problems_are_hashable_values_that_cannot_be_changed():
    again = replace(PLAIN)
    assert again is not PLAIN
    assert again == PLAIN
    assert {PLAIN: 1}[again] == 1
    assert replace(PLAIN, low=(1,)) != PLAIN
    with pytest.raises(FrozenInstanceError):
        PLAIN.batch = 3


DTYPES = {  # x, w, y -> compute, accumulator
    "float32": ("float32", "float32", "float32", "float32", "float32"),
    "half types accumulate in float32": ("bfloat16", "bfloat16", "bfloat16", "bfloat16", "float32"),
    "float16 too": ("float16", "float16", "float16", "float16", "float32"),
    "a wider result": ("float16", "float16", "float32", "float16", "float32"),
    "a narrower result": ("float32", "float32", "bfloat16", "float32", "float32"),
    "its gradient": ("bfloat16", "float32", "float32", "float32", "float32"),
    "the other half type": ("float16", "float16", "bfloat16", "float16", "float32"),
    "its gradient, too": ("bfloat16", "float16", "float16", "float32", "float32"),
    "doubles": ("float32", "float32", "float64", "float32", "float64"),
    "complex": ("complex64", "complex64", "complex128", "complex64", "complex128"),
    "small integers, wide sum": ("int8", "int8", "int32", "int8", "int32"),
    "integers, floating sum": ("int32", "int32", "float32", "int32", "float32"),
    "integers, half sum": ("int8", "int8", "bfloat16", "int8", "float32"),
    "unsigned": ("uint32", "uint32", "int32", "uint32", "int32"),
}


@pytest.mark.parametrize("name", DTYPES)
def test_arithmetic_is_done_in_a_dtype_that_jax_has_without_x64(name):
    x, w, y, compute, accumulator = map(jnp.dtype, DTYPES[name])
    problem = replace(PLAIN, x_dtype=x, w_dtype=w, dtype=y)
    assert problem.compute_dtype == compute
    assert problem.accumulator == accumulator
    swapped = replace(PLAIN, x_dtype=w, w_dtype=x, dtype=y)
    assert swapped.compute_dtype == compute
