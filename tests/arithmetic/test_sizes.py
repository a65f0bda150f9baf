"""Sizes against the shapes of what is computed, and the effective receptive field against theory."""

import jax.numpy as jnp
import numpy as np
import pytest

from jconv import conv, conv_transpose
from jconv.arithmetic import effective_receptive_field, output_size, receptive_field, same_padding, transposed_size


@pytest.mark.parametrize("padding", ("SAME", "VALID", "FULL", 2, ((1, 3), (-1, 2))))
def test_output_size(padding):
    options = dict(stride=(2, 3), padding=padding, dilation=(1, 2))
    y = conv(np.ones((11, 12, 1)), np.ones((3, 2, 1, 1)), **options)
    assert output_size((11, 12), (3, 2), **options) == y.shape[:2]
    back = conv_transpose(y, np.ones((3, 2, 1, 1)), **options)
    assert transposed_size(y.shape[:2], (3, 2), **options) == back.shape[:2]


def test_an_int_goes_for_all_axes_and_errors_are_convs():
    assert output_size((9, 9), 3) == (7, 7) and output_size(9, (3, 3), padding=1) == (9, 9)
    with pytest.raises(ValueError, match="does not fit"):
        output_size(2, 3)
    with pytest.raises(ValueError, match=r"size=\(5, 5\) has 2 axes and window=\(3, 3, 3\) has 3"):
        same_padding((5, 5), (3, 3, 3))


@pytest.mark.parametrize("lower, word", ((False, "SAME"), (True, "SAME_LOWER")))
def test_same_padding_is_what_the_words_mean(lower, word):
    x, kernel = np.arange(9.0)[:, None], np.ones((4, 1, 1))
    pairs = same_padding(9, 4, stride=2, dilation=2, lower=lower)
    options = dict(stride=2, dilation=2)
    np.testing.assert_array_equal(conv(x, kernel, padding=pairs, **options), conv(x, kernel, padding=word, **options))


def test_the_effective_field_is_narrower_than_the_receptive_field():
    """A stack of box filters: the variances of its layers add up, and the field is nearly a Gaussian."""
    box, depth = jnp.ones((5, 1, 1)) / 5, 6

    def stack(x):
        for _ in range(depth):
            x = conv(x, box, padding="SAME")
        return x

    x = np.ones((2, 61, 1), np.float32)
    field = effective_receptive_field(stack, x)
    assert receptive_field(stack, x).size == (4 * depth + 1,)
    np.testing.assert_allclose(field.deviation, np.sqrt(depth * 2.0), rtol=1e-5)  # a box of 5 has variance 2
    np.testing.assert_allclose(field.centre, 30, rtol=1e-5)
    assert np.count_nonzero(field.weight) == 4 * depth + 1
    moved = effective_receptive_field(stack, x, position=(20,))
    np.testing.assert_allclose(moved.weight, np.roll(field.weight, -10), atol=1e-6)
    with pytest.raises(ValueError, match="none of the result's"):
        effective_receptive_field(stack, x, position=(61,))
