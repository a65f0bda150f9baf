"""lineax's and optimistix's solvers take a ConvOperator's view."""

import jax
import numpy as np
import pytest
from agreement import normal
from operators import true_matrix

from jconv.operator import ConvOperator

lineax = pytest.importorskip("lineax")
as_lineax = pytest.importorskip("jconv.operator.lineax").as_lineax


def test_the_view_has_the_operators_matrix_and_transpose():
    operator = ConvOperator(normal((2, 1, 2)), (5, 1), 2)
    view = as_lineax(operator)
    np.testing.assert_allclose(view.as_matrix(), true_matrix(operator), rtol=1e-6)
    np.testing.assert_allclose(view.T.as_matrix(), true_matrix(operator).T, rtol=1e-6)


def test_a_lineax_solver_solves_with_it_and_differentiates():
    kernel, y = np.array([1.0, 3.0, 1.0], np.float32)[:, None, None], normal((5, 1))

    def total(operator):
        view = as_lineax(operator, tags=lineax.positive_semidefinite_tag)
        return lineax.linear_solve(view, y, lineax.CG(1e-6, 1e-6)).value.sum()

    operator = ConvOperator(kernel, (5, 1), padding="SAME")
    value, gradient = jax.jit(jax.value_and_grad(total))(operator)
    inverse = np.linalg.inv(true_matrix(operator))
    np.testing.assert_allclose(value, (inverse @ y).sum(), rtol=1e-4)
    np.testing.assert_allclose(gradient.kernel[1].item(), -inverse.sum(0) @ (inverse @ y).ravel(), rtol=1e-4)


def test_an_optimistix_solver_runs_through_it():
    optimistix = pytest.importorskip("optimistix")
    operator = ConvOperator(np.array([1.0, 3.0, 1.0], np.float32)[:, None, None], (5, 1), padding="SAME")
    x = normal((5, 1))

    def residual(guess, y):
        return operator.mv(guess) - y

    solver = optimistix.LevenbergMarquardt(1e-6, 1e-6)
    found = optimistix.least_squares(residual, solver, np.zeros_like(x), args=operator.mv(x)).value
    np.testing.assert_allclose(found, x, atol=1e-4)
