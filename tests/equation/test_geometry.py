"""Sizes, padding words and the walk, against lax and against counting."""

from itertools import product

import pytest
from jax import lax

from jconv._equation.geometry import dilated_size, output_size, walk, word_padding

AXES = list(product(range(1, 8), range(1, 5), range(1, 5), range(1, 5)))  # (size, window, stride, dilation)


@pytest.mark.parametrize("word", ["VALID", "SAME", "SAME_LOWER"])
def test_padding_words_are_those_of_lax_for_even_windows_and_dilation_too(word):
    for size, window, stride, dilation in AXES:
        span = dilated_size(window, dilation)
        want = lax.padtype_to_pads((size,), (span,), (stride,), word)
        assert list(word_padding(word, (size,), (span,), (stride,))) == list(map(tuple, want)), (
            size,
            span,
            stride,
        )


def test_same_gives_ceil_of_size_over_stride_with_the_odd_one_on_its_side():
    for size, window, stride, dilation in AXES:
        span = dilated_size(window, dilation)
        ((low, high),) = word_padding("SAME", (size,), (span,), (stride,))
        assert output_size(size + low + high, span, stride) == -(-size // stride)
        assert high - low in (0, 1)
        assert word_padding("SAME_LOWER", (size,), (span,), (stride,)) == ((high, low),)


def test_full_holds_every_window_that_touches_the_input_and_no_other():
    for size, window, _, dilation in AXES:
        span = dilated_size(window, dilation)
        ((low, high),) = word_padding("FULL", (size,), (span,), (1,))
        touching = [start for start in range(-20, 20) if start < size and start + span > 0]
        assert touching == list(range(-low, size + high - span + 1))


def test_causal_reads_no_later_input():
    for size, window, stride, dilation in AXES:
        span = dilated_size(window, dilation)
        ((low, high),) = word_padding("CAUSAL", (size,), (span,), (stride,))
        outputs = output_size(size + low + high, span, stride)
        assert outputs == -(-size // stride)
        last_read = [stride * o - low + dilation * (window - 1) for o in range(outputs)]
        assert last_read == [stride * o for o in range(outputs)]


def test_each_axis_is_padded_by_its_own_numbers():
    assert word_padding("SAME", (5, 8), (3, 4), (2, 1)) == ((1, 1), (1, 2))


def test_output_size_counts_the_windows_that_fit():
    for padded, span, stride in product(range(10), range(1, 7), range(1, 5)):
        starts = [p for p in range(0, padded, stride) if p + span <= padded]
        assert output_size(padded, span, stride) == len(starts)


def test_dilated_size_is_the_extent_of_the_positions():
    for size, dilation in product(range(1, 6), range(1, 6)):
        assert dilated_size(size, dilation) == max(dilation * i for i in range(size)) + 1
    assert dilated_size(0, 3) == 0


@pytest.mark.parametrize("a_scale", range(1, 7))
def test_walk_yields_exactly_the_solutions_of_its_equation(a_scale):
    found = 0
    for a_size, b_scale, b_size, offset in product(range(6), range(1, 7), range(6), range(-13, 14)):
        steps = walk(a_scale, a_size, b_scale, b_size, offset)
        pairs = [(steps.a + t * steps.a_step, steps.b + t * steps.b_step) for t in range(steps.count)]
        want = [(a, b) for a in range(a_size) for b in range(b_size) if a_scale * a == b_scale * b + offset]
        assert pairs == want, (a_scale, a_size, b_scale, b_size, offset)
        assert steps.a >= 0
        assert steps.b >= 0  # also of an empty walk: these start slices
        found += len(want)
    assert found > 1000
