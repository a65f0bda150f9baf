"""jconv.conv_transpose is the adjoint of jconv.conv: <conv(x), y> = <x, conv_transpose(y)>, exactly."""

from functools import partial
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import EVERYWHERE, whole
from jax import lax

import jconv

MODES = ("zeros", "reflect", "symmetric", "edge", "wrap")
WORDS = ("VALID", "SAME", "SAME_LOWER", "FULL", "CAUSAL", "CIRCULAR", "REFLECT")
FLAX_MODES = {"CIRCULAR": "wrap", "REFLECT": "reflect"}


def check_adjoint(cases):
    """Each case: outputs, kernel shape, channels of x, options of both verbs, options of conv_transpose.

    In one program, for x of the size that conv_transpose answers with, both verbs are applied.
    """
    ys, kernels, xs = [], [], []
    for i, (outputs, kernel_shape, c_in, options, extra) in enumerate(cases):
        ys.append(whole((2, *outputs, kernel_shape[-1]), 3 * i))
        kernels.append(whole(kernel_shape, 3 * i + 1))
        back = partial(jconv.conv_transpose, **options, **extra)
        shape = jax.eval_shape(back, ys[-1], kernels[-1]).shape
        assert shape[-1] == c_in
        xs.append(whole(shape, 3 * i + 2))

    @jax.jit
    def both(xs, ys, kernels):
        return [
            (jconv.conv(x, k, **options), jconv.conv_transpose(y, k, **options, **extra))
            for x, y, k, (_, _, _, options, extra) in zip(xs, ys, kernels, cases, strict=True)
        ]

    for x, y, case, (forward, back) in zip(xs, ys, cases, both(xs, ys, kernels), strict=True):
        assert forward.shape == y.shape, case
        assert np.sum(np.asarray(forward) * y) == np.sum(x * np.asarray(back)), case
        assert np.any(back), case


@pytest.mark.parametrize("mode", MODES)
def test_adjoint_for_every_word_stride_and_output_padding(mode):
    words = [word for word in WORDS if mode == FLAX_MODES.get(word, mode)]
    if mode != "zeros":  # which has nothing to fill there, and is refused
        words.remove("VALID")
    cases = []
    for word, stride in product(words, (1, 2, 3)):
        extras = range(stride) if word in ("VALID", "FULL") else range(1 - stride, 1)
        for extra in extras:
            options = dict(padding=word, stride=stride, padding_mode=mode)
            cases.append(((5,), (3, 2, 3), 2, options, dict(output_padding=extra)))
    check_adjoint(cases)


@pytest.mark.parametrize("mode", MODES)
def test_adjoint_for_amounts_windows_and_dilations(mode):
    cases = []
    pairs = ((0, 0), (1, 2), (3, 0), (-1, 1), (-1, -2))
    if mode != "zeros":  # which a padding that adds no positions is refused with
        pairs = tuple(pair for pair in pairs if max(pair) > 0)
    for window, stride, dilation, pair in product((1, 2, 4), (1, 2), (1, 3), pairs):
        options = dict(padding=(pair,), stride=stride, dilation=dilation, padding_mode=mode)
        if stride * 4 + dilation * (window - 1) + 1 - sum(pair) > 0:
            cases.append(((5,), (window, 1, 2), 1, options, {}))
    check_adjoint(cases)
    assert len(cases) > (50 if mode == "zeros" else 30)


def test_adjoint_on_several_axes_with_groups_and_a_mode_each():
    uneven = dict(stride=(2, 1), padding=((1, 2), (0, 1)), groups=2)
    cases = [
        ((3, 4), (3, 2, 2, 6), 4, uneven | dict(padding_mode=modes), dict(output_padding=(1, 0)))
        for modes in product(MODES, MODES)
    ]
    depthwise = dict(stride=2, padding="SAME", groups=4, padding_mode=("wrap", "zeros", "edge"))
    cases.append(((2, 3, 2), (2, 3, 2, 1, 4), 4, depthwise, {}))
    cases.append(((2, 2, 2, 2), (2, 1, 2, 2, 2, 2), 2, dict(stride=(1, 2, 1, 2), padding="FULL"), {}))
    check_adjoint(cases)


@pytest.mark.parametrize("algorithm", EVERYWHERE)
def test_adjoint_by_every_algorithm(algorithm):
    options = dict(stride=3, padding=((2, 1),), dilation=2, groups=2, algorithm=algorithm)
    check_adjoint([((5,), (3, 2, 6), 4, options, dict(output_padding=extra)) for extra in (0, 2)])


def test_its_own_derivatives_are_conv_and_the_kernels_gradient():
    y, kernel = whole((2, 4, 3)), whole((3, 2, 3), 1)
    options = dict(stride=2, padding="SAME", padding_mode="wrap")
    back, pullback = jax.vjp(lambda y, k: jconv.conv_transpose(y, k, **options), y, kernel)
    c = whole(back.shape, 2)
    of_y, of_kernel = pullback(c)
    np.testing.assert_array_equal(of_y, jconv.conv(c, kernel, **options))
    _, of_forward = jax.vjp(lambda k: jconv.conv(c, k, **options), kernel)
    np.testing.assert_array_equal(of_kernel, of_forward(y)[0])


# ---- sizes


def test_the_result_is_the_smallest_input_that_conv_takes_to_y():
    """Of all sizes with as many outputs; for "SAME" and its like, stride * outputs: the largest."""
    kernel = np.ones((3, 1, 1), np.float32)
    for word, stride, outputs in product(WORDS, (1, 2, 3), (3, 4)):
        options = dict(padding=word, stride=stride)
        fitting = []
        for size in range(1, 30):
            x = jax.ShapeDtypeStruct((size, 1), np.float32)
            try:
                y = jax.eval_shape(lambda x, o=options: jconv.conv(x, kernel, **o), x)
            except ValueError:  # the window does not fit
                continue
            if y.shape[0] == outputs:
                fitting.append(size)
        got = jax.eval_shape(lambda y, o=options: jconv.conv_transpose(y, kernel, **o), np.ones((outputs, 1)))
        assert len(fitting) == stride
        assert got.shape[0] == (fitting[0] if word in ("VALID", "FULL") else fitting[-1]), (
            word,
            stride,
            outputs,
        )


def test_output_padding_adds_to_the_size_on_the_high_side():
    y, kernel = whole((4, 1)), whole((3, 1, 1), 1)
    plain = jconv.conv_transpose(y, kernel, stride=3)
    for extra in (0, 1, 2):
        longer = jconv.conv_transpose(y, kernel, stride=3, output_padding=extra)
        np.testing.assert_array_equal(longer, np.pad(plain, ((0, extra), (0, 0))))


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_it_equals_laxs_transposed_convolution(padding):
    y, kernel = whole((2, 4, 5, 3)), whole((3, 4, 2, 3), 1)
    got = jconv.conv_transpose(y, kernel, stride=(2, 3), padding=padding)
    want = lax.conv_transpose(y, kernel, (2, 3), padding, transpose_kernel=True)
    np.testing.assert_array_equal(got, want)


def test_it_equals_the_sum_of_shifted_kernels():
    """The definition by hand: every y puts down a kernel of its own, stride apart."""
    y, kernel = whole((5,)), whole((4,), 1)
    want = np.zeros(3 * 4 + 4)
    for o in range(5):
        want[3 * o : 3 * o + 4] += y[o] * kernel
    np.testing.assert_array_equal(jconv.conv_transpose(y[:, None], kernel[:, None, None], stride=3)[:, 0], want)


def test_no_examples_give_none():
    kernel = np.ones((3, 2, 4), np.float32)
    assert jconv.conv_transpose(np.zeros((0, 5, 4), np.float32), kernel).shape == (0, 7, 2)


# ---- dtypes


@pytest.mark.parametrize("preferred", [None, "float32", "bfloat16"])
def test_dtypes_are_those_of_the_arguments_or_the_preferred_one(preferred):
    y, kernel = jnp.ones((4, 3), "bfloat16"), jnp.ones((3, 2, 3), "bfloat16")
    x, pullback = jax.vjp(
        lambda y, k: jconv.conv_transpose(y, k, stride=2, preferred_element_type=preferred), y, kernel
    )
    assert x.dtype == (preferred or "bfloat16")
    assert [a.dtype for a in pullback(x)] == ["bfloat16", "bfloat16"]
    want = jconv.conv_transpose(np.ones((4, 3)), np.ones((3, 2, 3)), stride=2)
    np.testing.assert_array_equal(np.asarray(x, np.float32), want)


def test_complex_numbers_are_not_conjugated():
    """As JAX's transposes: the map is bilinear, not sesquilinear."""
    x, y, kernel = (whole(s, i) + 1j * whole(s, 9 + i) for i, s in enumerate([(5, 1), (3, 1), (3, 1, 1)]))
    x, y, kernel = (a.astype("complex64") for a in (x, y, kernel))
    forward, back = jconv.conv(x, kernel), jconv.conv_transpose(y, kernel)
    assert np.sum(np.asarray(forward) * y) == np.sum(x * np.asarray(back))
    assert np.sum(np.asarray(forward) * y.conj()) != np.sum(x.conj() * np.asarray(back))
