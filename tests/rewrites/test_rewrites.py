"""Rewrites change the form of a problem, not its solution."""

from dataclasses import replace
from functools import partial
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import whole
from problems import problem_of

from jconv._rewrites.axes import fold_first_axis, lift_rank, without_idle_axes
from jconv._rewrites.padding import pad_input
from jconv._rewrites.phases import in_phases
from jconv._rewrites.swap import swap_operands
from jconv.testing import oracle

grouped = partial(problem_of, groups=2, c_in=1, c_out=2)


def solve(x, w, problem):
    """The oracle as an algorithm's `compute`."""
    assert x.shape == problem.x_shape
    assert w.shape == problem.w_shape
    steps = ("stride", "input_dilation", "dilation", "low", "output_size")
    return oracle.value_by_patterns(x, w, **{name: getattr(problem, name) for name in steps}).astype(np.float32)


PADDINGS = {
    "none": [(7, 3, 5, 1, 1, 1, 0)],
    "both sides": [(7, 3, 7, 1, 1, 1, 1)],
    "cropped low": [(7, 2, 4, 1, 1, 1, -2)],
    "cropped high": [(7, 2, 3, 1, 1, 1, 0)],
    "between": [(4, 3, 9, 1, 3, 1, 2)],
    "between and cropped": [(4, 2, 5, 1, 3, 1, -2)],
    "strided, dilated": [(9, 3, 4, 2, 1, 2, 1)],
    "two axes": [(5, 3, 5, 1, 1, 1, 1), (4, 2, 6, 1, 2, 1, 0)],
}


@pytest.mark.parametrize("name", PADDINGS)
def test_padding_first_puts_every_window_inside_the_input(name):
    problem = grouped(PADDINGS[name])
    x, w = whole(problem.x_shape), whole(problem.w_shape, 1)
    padded = np.asarray(pad_input(jnp.asarray(x), problem))
    plain = replace(problem, input_size=padded.shape[1:-2], input_dilation=(1,) * problem.rank, low=(0,) * problem.rank)
    assert plain.high == (0,) * problem.rank
    np.testing.assert_array_equal(solve(padded, w, plain), solve(x, w, problem))


def test_padding_copies_nothing_where_nothing_is_padded():
    problem = grouped(PADDINGS["none"])
    x = jnp.zeros(problem.x_shape)
    assert pad_input(x, problem) is x


def check_phases(problem):
    """Solve in phases by the oracle; return how many phases there were."""
    seen = []

    def compute(x, w, part):
        assert part.input_dilation == (1,) * part.rank
        assert not part.empty
        seen.append(part)
        return solve(x, w, part)

    x, w = whole(problem.x_shape), whole(problem.w_shape, 1)
    got = in_phases(compute, x, w, problem)
    np.testing.assert_array_equal(got, solve(x, w, problem))
    return seen


@pytest.mark.parametrize("e", [2, 3, 4])
@pytest.mark.parametrize("s", [1, 2, 3, 4])
def test_phases_interleave_to_the_solution(s, e):
    # Without jit each step runs at once; only the sizes would compile anew.
    with jax.disable_jit():
        for d, k, lo in product((1, 2, 3), (1, 4), (-3, 2)):
            parts = check_phases(grouped([(4, k, 7, s, e, d, lo)]))
            assert {part.stride for part in parts} <= {(s // np.gcd(s, e),)}


def test_phases_of_two_axes_interleave_axis_by_axis():
    parts = check_phases(grouped([(3, 3, 6, 1, 2, 1, 1), (4, 4, 8, 2, 3, 2, 2)]))
    assert len(parts) == 2 * 3


def test_phases_with_many_features_do_only_the_useful_work():
    """Stride-2 transposed convolution by 4 taps: each output meets 2 of them, none of the zeros between."""
    problem = grouped([(8, 4, 16, 1, 2, 1, 2)], c_out=64)
    parts = check_phases(problem)
    assert len(parts) == 2
    assert sum(part.multiply_adds for part in parts) == problem.multiply_adds == 2 * 2 * 64 * 16 * 2


def test_a_phase_that_meets_no_tap_is_zero():
    parts = check_phases(grouped([(4, 1, 8, 1, 2, 1, 0)], c_out=64))
    assert len(parts) == 1  # the odd outputs lie between the inputs: no tap reaches them


def test_phases_that_meet_no_tap_are_no_features_of_the_others():
    """Of 2 x 2 phases only two meet taps, as the dilation skips every other output of one axis."""
    (part,) = check_phases(grouped([(4, 3, 8, 1, 2, 2, 2), (4, 3, 8, 1, 2, 1, 1)], c_out=2))
    assert part.c_out == 2 * 2


def test_phases_that_all_meet_no_tap_are_zero():
    assert check_phases(grouped([(4, 2, 8, 2, 2, 2, 1)])) == []  # odd positions only, and no input there


# (I, K, O, s, e, d, lo) per axis
AXIS, WIDE, DILATED = (7, 3, 4, 2, 1, 1, 1), (9, 2, 5, 1, 1, 3, -1), (4, 3, 5, 2, 3, 2, 3)
ONE_TAP, ONE_OUTPUT = (7, 1, 3, 2, 2, 1, 1), (5, 4, 1, 1, 2, 3, 2)
TURNS = {  # rewrite, axes, and the axes of the problem that is left
    "lift the rank": (lift_rank, [AXIS], 2),
    "lift the rank of a dilated one": (lift_rank, [DILATED], 2),
    "fold the first axis": (fold_first_axis, [AXIS, WIDE], 1),
    "fold the first of three": (fold_first_axis, [WIDE, AXIS, WIDE], 2),
    "fold the only one": (fold_first_axis, [WIDE], 0),
    "swap operands": (swap_operands, [AXIS], 1),
    "swap operands of a dilated one": (swap_operands, [DILATED, WIDE], 2),
    "leave out an axis with one tap": (without_idle_axes, [ONE_TAP, AXIS], 1),
    "leave out an axis with one output": (without_idle_axes, [AXIS, ONE_OUTPUT], 1),
    "leave out both kinds": (without_idle_axes, [ONE_OUTPUT, WIDE, ONE_TAP], 1),
    "leave out all": (without_idle_axes, [ONE_TAP, ONE_OUTPUT], 0),
    "leave out none": (without_idle_axes, [AXIS, DILATED], 2),
}


@pytest.mark.parametrize("name", TURNS)
def test_a_rewrite_solves_one_problem_of_another_form_and_gives_the_solution(name):
    rewrite, axes, rank = TURNS[name]
    problem = grouped(axes, c_in=2, c_out=3)
    seen = []

    def compute(x, w, part):
        seen.append(part)
        return jnp.asarray(solve(x, w, part))

    x, w = whole(problem.x_shape), whole(problem.w_shape, 1)
    np.testing.assert_array_equal(rewrite(compute, jnp.asarray(x), jnp.asarray(w), problem), solve(x, w, problem))
    assert [part.rank for part in seen] == [rank]
