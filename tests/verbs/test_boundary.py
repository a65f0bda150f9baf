"""Padding modes are NumPy's, and folding is their exact adjoint."""

import jax
import numpy as np
import pytest
from agreement import numpy_pad, whole

from jconv._verbs.boundary import fold_boundary, pad_boundary

MODES = ("zeros", "reflect", "symmetric", "edge", "wrap")
# (size, (low, high)): within the input, beyond it more than once, one-sided, cropping, both, nothing.
AMOUNTS = [
    (size, pair)
    for size in (1, 2, 3, 5)
    for pair in ((0, 0), (1, 2), (0, 3), (4, 0), (7, 6), (-1, 0), (-1, 3), (2, -1), (0, -1))
    if sum(pair) + size > 0
]


def truth(x, pairs, modes):
    """np.pad of x [N, *I, G, C]."""
    padded = numpy_pad(x.reshape(*x.shape[:-2], -1), pairs, modes)
    return padded.reshape(*padded.shape[:-1], *x.shape[-2:])


def check(cases):
    """pad(x) is NumPy's, and <pad(x), y> = <x, fold(y)>, exactly: all are whole numbers."""
    xs = [whole((2, *sizes, 2, 1), i) for i, (sizes, _, _) in enumerate(cases)]
    want = [truth(x, pairs, modes) for x, (_, pairs, modes) in zip(xs, cases, strict=True)]
    ys = [whole(a.shape, 99 + i) for i, a in enumerate(want)]

    @jax.jit
    def both(xs, ys):
        return [
            (pad_boundary(x, pairs, modes), fold_boundary(y, pairs, modes))
            for x, y, (_, pairs, modes) in zip(xs, ys, cases, strict=True)
        ]

    for case, x, y, padded, (got, folded) in zip(cases, xs, ys, want, both(xs, ys), strict=True):
        np.testing.assert_array_equal(got, padded, str(case))
        assert folded.shape == x.shape, case
        assert np.sum(padded * y) == np.sum(x * np.asarray(folded)), case


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_is_numpys_and_is_folded_by_its_adjoint(mode):
    check([((size,), (pair,), (mode,)) for size, pair in AMOUNTS])


def test_modes_of_several_axes_are_independent():
    check(
        [((3, 4), ((1, 2), (2, 0)), (first, second)) for first in MODES for second in MODES]
        + [((2, 3, 4), ((2, 1), (-1, 2), (0, 3)), ("wrap", "reflect", "edge"))]
    )


def test_folding_is_the_transpose_of_padding_in_second_order_too():
    """Both are linear: the derivative of fold is fold, and of its transpose is pad."""
    x, pairs, modes = whole((1, 4, 1, 1)), ((3, 2),), ("symmetric",)
    y = whole((1, 9, 1, 1), 1)
    _, transposed = jax.vjp(lambda y: fold_boundary(y, pairs, modes), y)
    np.testing.assert_array_equal(transposed(x)[0], truth(x, pairs, modes))
