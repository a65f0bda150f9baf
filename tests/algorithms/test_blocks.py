"""Blocks that do not divide what they cover: nothing is left out, nothing is counted twice, and they stay large."""

from functools import partial

import pytest
from problems import check, compiled, directions, error_of, problem_of

from jconv._algorithms import patches, planar, rows
from jconv._algorithms.patches import PATCHES
from jconv._algorithms.planar import PLANAR
from jconv._algorithms.rows import ROWS
from jconv._algorithms.winograd import WINOGRAD, plan
from jconv._equation.geometry import cut

PRIME = [(13, 3, 13, 1, 1, 1, 1), (7, 3, 7, 1, 1, 1, 1)]
STRIDED = [(26, 3, 13, 2, 1, 2, 2), (7, 3, 7, 1, 1, 1, 1)]
DEPTHWISE = {"batch": 3, "groups": 4, "c_in": 1, "c_out": 1}


def test_cut_covers_everything_with_little_surplus():
    for n in range(1, 60):
        for most in range(1, 70):
            size, count = cut(n, most)
            assert size <= most
            assert (count - 1) * size < n <= count * size
            assert size > min(n, most) // 2 or count * size == n


@pytest.mark.parametrize("axes", [PRIME, STRIDED])
@pytest.mark.parametrize("direction", ["value", "x", "w"])
def test_patches_of_a_prime_number_of_rows(axes, direction, monkeypatch):
    problem = directions(problem_of(axes, groups=2, c_in=2, c_out=3))[direction]
    monkeypatch.setattr(patches, "BLOCK_BYTES", 4000)
    if max(problem.input_dilation) == 1:  # else each phase has blocks of its own
        at_once, blocks, surplus = patches._blocks(problem)
        assert at_once > 1
        assert surplus > 0
        assert len(blocks) > 1
    assert error_of(PATCHES, problem) <= PATCHES.error_bound


def test_patches_of_one_output_are_the_input_and_need_no_blocks(monkeypatch):
    problem = problem_of([(13, 1, 13), (7, 1, 7)]).gradient_w()
    monkeypatch.setattr(patches, "BLOCK_BYTES", 1)
    assert "while" not in compiled(PATCHES, problem).as_text()
    assert error_of(PATCHES, problem) <= PATCHES.error_bound


@pytest.mark.parametrize("direction", ["value", "w"])
def test_winograd_of_a_prime_number_of_tiles(direction, monkeypatch):
    problem = directions(problem_of([(26, 3, 26, 1, 1, 1, 1), (6, 3, 6, 1, 1, 1, 1)], c_in=2, c_out=2))[direction]
    monkeypatch.setattr(plan, "MAX_BYTES", 0)
    monkeypatch.setattr(plan, "BLOCK_BYTES", 2500)
    axes = plan.choose_axes(problem, 4)
    blocks = plan.cut_blocks(problem, axes)
    assert blocks.axes[0].tiles > 1
    assert blocks.whole[0].tiles > axes[0].tiles
    assert error_of(WINOGRAD, problem) <= WINOGRAD.error_bound


@pytest.mark.parametrize("axes", [PRIME, STRIDED, [(11, 4, 11, 1, 1, 1, 2)], [(5, 3, 5, 1, 1, 1, 1)] * 3])
def test_planar_of_groups_in_a_loop(axes, monkeypatch):
    problem = problem_of(axes, groups=3)
    monkeypatch.setattr(planar, "MAX_UNROLLED_GROUPS", 2)
    assert "while" in compiled(PLANAR, problem).as_text()
    check(PLANAR, problem)


@pytest.mark.parametrize("most", [1, 4, 9, 1000])
@pytest.mark.parametrize("axes", [PRIME, STRIDED, *([(26, 4, 26 // s, s, 1, d, 2)] for s in (1, 2, 3) for d in (1, 2))])
def test_rows_sums_some_outputs_at_a_time(axes, most, monkeypatch):
    problem = problem_of(axes, **DEPTHWISE).gradient_w()
    monkeypatch.setattr(rows, "MAX_TERMS", most)
    assert error_of(ROWS, problem) <= ROWS.error_bound


@pytest.mark.parametrize("axes", [PRIME, STRIDED, STRIDED[::-1], [(29, 3, 9, 3, 1, 2, 1)], [(5, 3, 5, 1, 1, 1, 1)] * 3])
@pytest.mark.parametrize("groups", [{}, {"groups": 2, "c_in": 3, "c_out": 2}])
def test_rows_in_pieces(axes, groups, monkeypatch):
    problem = problem_of(axes, **DEPTHWISE | groups).gradient_w()
    monkeypatch.setattr(rows, "ROW_ELEMENTS", 4 * problem.groups * problem.c_out)
    assert rows._piece(problem)[1] > 1
    assert error_of(ROWS, problem) <= ROWS.error_bound


def test_rows_writes_out_few_products(monkeypatch):
    """A 7x7 kernel's gradient took XLA 0.6 s to compile when all its 49 sums stood side by side."""
    problem = problem_of([(12, 7, 12, 1, 1, 1, 3)] * 2, **DEPTHWISE).gradient_w()
    text = partial(_text_of, problem)
    one_by_one = text()
    monkeypatch.setattr(rows, "MAX_TERMS", 10**6)
    assert 3 * len(one_by_one) < len(text())


def _text_of(problem) -> str:
    return compiled(ROWS, problem).as_text()
