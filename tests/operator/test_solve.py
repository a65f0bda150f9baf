"""solve, inverse and frequency_response against NumPy."""

import jax
import numpy as np
import pytest
from agreement import normal
from operators import true_matrix

from jconv.operator import ConvOperator


def least_squares(operator, y, damping=0.0):
    matrix = true_matrix(operator)
    ridge = np.sqrt(damping) * np.eye(matrix.shape[1])
    target = np.concatenate([np.asarray(y, float).ravel(), np.zeros(len(ridge))])
    return np.linalg.lstsq(np.concatenate([matrix, ridge]), target)[0].reshape(operator.input_shape)


@pytest.mark.parametrize("damping", (None, 0.3))
@pytest.mark.parametrize(
    "operator",
    (
        ConvOperator(normal((3, 2, 2)), (6, 2), 1, "SAME", "wrap"),
        ConvOperator(normal((3, 2, 2, 6)), (4, 4, 4), 2, "SAME", "wrap", groups=2),
        ConvOperator(normal((3, 2, 3), 4), (8, 2), 1, 1, "reflect"),
    ),
    ids=("square", "strided", "by conjugate gradients"),
)
def test_solve_is_least_squares(operator, damping, x64):
    y = normal(operator.output_shape, 1, np.float64)
    operator = jax.tree.map(lambda k: k.astype(np.float64), operator)
    x = operator.solve(y, damping=damping, tolerance=1e-12)
    np.testing.assert_allclose(x, least_squares(operator, y, damping or 0.0), atol=1e-7)


def test_solve_takes_batches_and_is_differentiable():
    operator = ConvOperator(normal((3, 1, 1)), (6, 1), 1, 1)
    y = normal((2, 3, *operator.output_shape))

    def loss(operator, y):
        return operator.solve(y, damping=1.0).sum()

    by_kernel, by_y = jax.jit(jax.grad(loss, (0, 1)))(operator, y)
    matrix = true_matrix(operator)
    inverse = np.linalg.inv(matrix.T @ matrix + np.eye(6))
    np.testing.assert_allclose(by_y, np.broadcast_to((matrix @ inverse.sum(0))[:, None], y.shape), rtol=1e-4)
    step = 1e-2
    moved = [loss(jax.tree.map(lambda k, d=d: k.at[0].add(d), operator), y) for d in (step, -step)]
    np.testing.assert_allclose(by_kernel.kernel[0].item(), (moved[0] - moved[1]) / (2 * step), rtol=1e-2)


def test_the_inverse_of_a_circular_operator_is_one():
    operator = ConvOperator(normal((3, 2, 2, 4)), (3, 4, 4), 1, "SAME", "wrap", groups=2)
    x = normal((2, *operator.input_shape), 1)
    inverse = operator.inverse()
    assert isinstance(inverse, ConvOperator) and inverse.form.circular
    np.testing.assert_allclose(inverse.mv(operator.mv(x)), x, atol=1e-4)
    np.testing.assert_allclose(true_matrix(inverse) @ true_matrix(operator), np.eye(48), atol=1e-4)


def test_the_frequency_response_is_what_becomes_of_waves():
    operator = ConvOperator(normal((3, 2, 2, 4)), (5, 4, 4), 1, ((3, 1), (0, 1)), "wrap", (2, 1), groups=2)
    assert operator.form.circular
    x = normal(operator.input_shape)
    y = (true_matrix(operator) @ x.ravel()).reshape(operator.output_shape)
    response = operator.frequency_response().reshape(5, 4, 2, 2, 2)  # [*frequencies, c, groups, m]
    waves = np.fft.fftn(x, axes=(0, 1)).reshape(5, 4, 2, 2)  # [*frequencies, groups, c]
    made = np.einsum("xygc,xycgm->xygm", waves, response).reshape(y.shape)
    np.testing.assert_allclose(np.fft.fftn(y, axes=(0, 1)), made, atol=1e-4)


def test_the_frequency_response_on_other_sizes():
    """At n frequencies the response of a difference is 1 - e^(i f), whatever the input's size."""
    difference = np.array([1.0, -1.0], np.float32)[:, None, None]
    response = ConvOperator(difference, (5, 1)).frequency_response(8)
    np.testing.assert_allclose(response[:, 0, 0], 1 - np.exp(2j * np.pi * np.arange(8) / 8), atol=1e-6)
