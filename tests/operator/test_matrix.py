"""mv, rmv and the matrices against the matrix that NumPy makes, in every padding mode."""

import jax
import numpy as np
import pytest
from agreement import normal, whole
from operators import MODES, random_circular, random_operator, true_matrix

from jconv.operator import ConvOperator


@jax.jit
def everything(operator, x, y):
    return operator.matrix(), operator.matrix(sparse=True).todense(), operator.mv(x), operator.rmv(y)


def agree_exactly(operator, seed):
    """On whole numbers all four are exact, so that A and its adjoint are the matrix's to the bit."""
    truth = true_matrix(operator)
    x, y = whole((2, *operator.input_shape), seed), whole(operator.output_shape, seed + 1)
    dense, sparse, forward, back = everything(operator, x, y)
    assert operator.shape == truth.shape
    np.testing.assert_array_equal(dense, truth)
    np.testing.assert_array_equal(sparse, truth)
    np.testing.assert_array_equal(forward.reshape(2, -1), x.reshape(2, -1) @ truth.T)
    np.testing.assert_array_equal(back.ravel(), y.ravel() @ truth)


@pytest.mark.parametrize("mode", MODES)
def test_everything_agrees_with_numpys_matrix_in_each_mode(mode):
    agree_exactly(random_operator(MODES.index(mode), mode=mode, draw=whole), 0)


def test_an_input_that_the_stride_does_not_use_up_has_an_adjoint_of_its_own_size():
    operator = ConvOperator(whole((3, 2, 2)), (12, 2), stride=4, padding=((-1, 1),), dilation=2)
    assert operator.form.output_padding == (3,)
    agree_exactly(operator, 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_everything_agrees_with_numpys_matrix(seed):
    agree_exactly(random_operator(seed, draw=whole), seed)


def test_the_adjoint_of_a_complex_operator_is_conjugate():
    kernel = normal((2, 2, 3), dtype=np.complex64) + 1j * normal((2, 2, 3), 1)
    operator = ConvOperator(kernel.astype(np.complex64), (7, 2), stride=2, padding=1, padding_mode="reflect")
    x = normal(operator.input_shape, 2) + 1j * normal(operator.input_shape, 3)
    y = normal(operator.output_shape, 4) + 1j * normal(operator.output_shape, 5)
    left, right = np.vdot(y, operator.mv(x)), np.vdot(operator.rmv(y), x)
    assert abs(left - right) < 1e-5 * abs(left)


def test_the_sparse_matrix_holds_an_entry_per_product():
    operator = ConvOperator(whole((3, 2, 4)), (5, 4), padding="SAME", groups=2)
    assert operator.matrix(sparse=True).nse == (3 * 5 - 2) * 2 * 2 * 2


@pytest.mark.parametrize("seed", range(60))
def test_circular_is_said_of_operators_that_commute_with_turning(seed):
    """By the truth: turning x by a stride turns y by one, along each axis."""
    operator = random_circular(seed) if seed % 2 else random_operator(seed, mode="wrap")
    truth, form = true_matrix(operator).reshape(*operator.output_shape, *operator.input_shape), operator.form
    turned = truth
    commutes = form.sizes == tuple(s * o for s, o in zip(form.stride, form.outputs, strict=True))
    for axis, s in enumerate(form.stride):
        turned = np.roll(truth, (1, s), (axis, axis + form.rank + 1))
        commutes &= np.allclose(turned, truth)
    assert form.circular == commutes
    assert form.circular or not seed % 2
