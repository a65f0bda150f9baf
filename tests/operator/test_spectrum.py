"""Singular values, norms and their bounds against NumPy's SVD in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal
from operators import random_circular, random_operator, true_matrix

from jconv.operator import ConvOperator, _bound, _conv_operator


def true_values(operator):
    return np.linalg.svd(true_matrix(operator), compute_uv=False)


@pytest.fixture
def without_matrices(monkeypatch):
    """Treat small operators as large ones are: no dense matrix is made."""
    jax.clear_caches()
    monkeypatch.setattr(_bound, "DENSE_ENTRIES", 0)
    monkeypatch.setattr(_conv_operator, "DENSE_ENTRIES", 0)
    yield
    jax.clear_caches()


def spectrum_agrees(operator, relative=1e-5):
    truth = true_values(operator)
    np.testing.assert_allclose(operator.singular_values(), truth, atol=relative * truth[0], rtol=0)


def norm_agrees(operator):
    truth = true_values(operator)[0]
    assert abs(float(operator.norm()) - truth) <= 1e-4 * truth


def bound_holds(operator, factor=1.3):
    truth, bound = true_values(operator)[0], float(operator.norm_bound())
    assert truth <= bound <= max(factor * truth, 1e-18), f"{operator}: {bound / truth}"


@pytest.mark.parametrize("seed", (3, 5, 8))
def test_circular_spectra_are_numpys(seed):
    operator = random_circular(seed)
    assert operator.form.circular
    spectrum_agrees(operator)


@pytest.mark.parametrize("seed", (1, 2))
def test_other_spectra_are_numpys(seed):
    spectrum_agrees(random_operator(seed))


@pytest.mark.parametrize("seed", (0, 1, 6))
def test_the_norm_is_the_largest_singular_value(seed):
    norm_agrees(random_operator(seed))


@pytest.mark.parametrize("seed", (0, 1, 6))
def test_the_bound_holds_and_is_tight(seed):
    bound_holds(random_operator(seed))


def test_the_bound_of_a_circular_operator_is_tight():
    bound_holds(random_circular(1), factor=1.02)


def test_the_bound_without_a_matrix_holds_and_is_tight(without_matrices):
    kernel = normal((3, 3, 4, 6))
    bound_holds(ConvOperator(kernel, (10, 9, 8), stride=(2, 1), padding=1, groups=2), factor=1.1)


def test_the_bound_of_taps_of_one_sign_is_tight_even_where_the_window_is_wide(without_matrices):
    bound_holds(ConvOperator(np.ones((7, 7, 1, 1), np.float32), (7, 7, 1), padding=3), factor=1.01)


def test_the_k_largest_without_a_matrix(without_matrices):
    operator = ConvOperator(normal((3, 2, 3)), (14, 2), stride=2, padding=1, padding_mode="edge")
    np.testing.assert_allclose(operator.singular_values(3), true_values(operator)[:3], rtol=1e-5)


def test_twin_values_and_zero_values():
    """A wave and its opposite have one singular value; a kernel of zeros has norm 0 and bound 0."""
    operator = ConvOperator(np.array([1.0, 0.0, -1.0], np.float32)[:, None, None], (8, 1), 1, "SAME", "wrap")
    np.testing.assert_allclose(operator.norm(), 2, rtol=1e-5)
    nothing = jax.tree.map(jnp.zeros_like, operator)
    assert nothing.norm() == 0 and 0 <= nothing.norm_bound() < 1e-18


def test_the_condition_number_by_matrix_and_by_iteration(without_matrices, monkeypatch):
    wide = ConvOperator(normal((3, 3, 1)), (30, 3), padding=1)  # more columns than rows
    truth = np.linalg.cond(true_matrix(wide))
    np.testing.assert_allclose(wide.condition_number(), truth, rtol=1e-3)
    assert np.isnan(wide.condition_number(max_iterations=1))
    monkeypatch.setattr(_conv_operator, "DENSE_ENTRIES", 2**20)
    np.testing.assert_allclose(wide.condition_number(), truth, rtol=1e-4)


@pytest.mark.parametrize("kind", (np.float64, pytest.param(np.complex128, marks=pytest.mark.slow)))
def test_the_norm_has_the_derivatives_of_the_largest_singular_value(kind, x64):
    kernel, direction = (normal((3, 1, 4), i) + 1j * normal((3, 1, 4), i + 2) for i in (0, 1))
    if kind is np.float64:
        kernel, direction = kernel.real, direction.real
    operator = ConvOperator(kernel.astype(kind), (5, 2), 2, padding=1, groups=2)

    def along(measure):
        return lambda t: measure(jax.tree.map(lambda k: k + t * direction.astype(kind), operator))

    ours = along(lambda operator: operator.norm(tolerance=1e-12))
    bound = along(lambda operator: operator.norm_bound(iterations=12))

    def truth(t):
        return true_values(jax.tree.map(lambda k: np.asarray(k) + t * direction.astype(kind), operator))[0]

    step = 1e-4
    before, now, after = (truth(t) for t in (-step, 0.0, step))
    first, second = (after - before) / (2 * step), (after - 2 * now + before) / step**2

    @jax.jit
    def derivatives(t):
        (value, by_reverse), (by_forward, forward_over_reverse) = jax.jvp(jax.value_and_grad(ours), (t,), (1.0,))
        return value, by_reverse, by_forward, forward_over_reverse, jax.grad(jax.grad(ours))(t), jax.grad(bound)(t)

    got = derivatives(0.0)
    np.testing.assert_allclose(got[:3], (now, first, first), rtol=1e-7)
    np.testing.assert_allclose(got[3:5], (second, second), rtol=1e-5)
    np.testing.assert_allclose(got[5], first, rtol=0.01)


# ---- sweeps


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_norm_and_bound_and_spectrum_of_any_operator(seed):
    operator = random_operator(seed)
    norm_agrees(operator)
    bound_holds(operator)
    with jax.enable_x64(True):
        spectrum_agrees(random_operator(seed, dtype=np.float64), relative=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_circular_spectra_and_bounds(seed):
    operator = random_circular(seed)
    assert operator.form.circular
    spectrum_agrees(operator)
    bound_holds(operator)
    with jax.enable_x64(True):
        spectrum_agrees(random_circular(seed, dtype=np.float64), relative=1e-12)


@pytest.mark.slow
def test_bounds_without_a_matrix_are_never_below(without_matrices):
    """However small the input: then zeros beyond the border may make the norm much smaller than on a torus."""
    for seed in range(200):
        bound_holds(random_operator(seed), factor=10)
