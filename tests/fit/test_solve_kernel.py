"""solve_kernel is the least-squares kernel: NumPy's over the matrix of windows, and the truth where there is one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal

import jconv
from jconv.fit import solve_kernel

CASES = {
    "plain": ((2, 9, 8, 3), (3, 2), 4, dict()),
    "strided, padded": ((2, 9, 8, 3), (3, 2), 4, dict(stride=2, padding="SAME")),
    "a boundary that repeats": ((1, 20, 2), (5,), 3, dict(padding="SAME", padding_mode="reflect")),
    "groups": ((2, 9, 8, 4), (3, 3), 6, dict(groups=2)),
    "dilated": ((3, 30, 2), (4,), 2, dict(dilation=2)),
}


def by_lstsq(x, y, window, groups, options, ridge=0.0, weights=None):
    """The kernel by NumPy's least squares over the matrix of the map, column by column, group by group."""
    c_in, c_out = x.shape[-1] // groups, y.shape[-1] // groups
    found = []
    for g in range(groups):
        x_g, y_g = x[..., g * c_in : (g + 1) * c_in], y[..., g * c_out : (g + 1) * c_out].reshape(-1, c_out)
        n = int(np.prod(window)) * c_in
        basis = np.eye(n).reshape(n, *window, c_in, 1)
        a = np.stack([np.asarray(jconv.conv(x_g, one, **options)).ravel() for one in basis], axis=-1)
        root = np.ones(len(y_g)) if weights is None else np.sqrt(np.asarray(weights).ravel())
        a, y_g = root[:, None] * a, root[:, None] * y_g
        rows = np.vstack([a, np.sqrt(ridge) * np.eye(n)])
        found.append(np.linalg.lstsq(rows, np.vstack([y_g, np.zeros((n, c_out))]))[0].reshape(*window, c_in, c_out))
    return np.concatenate(found, axis=-1)


@pytest.mark.parametrize("name", CASES)
def test_it_is_numpys_least_squares(name, x64):
    shape, window, c_out, options = CASES[name]
    options = dict(options)
    groups = options.pop("groups", 1)
    x = np.random.default_rng(0).standard_normal(shape)
    kernel = np.random.default_rng(1).standard_normal((*window, shape[-1] // groups, c_out))
    y = np.asarray(jconv.conv(x, kernel, groups=groups, **options))
    y = y + 0.1 * np.random.default_rng(2).standard_normal(y.shape)  # so that no kernel fits exactly
    weights = np.random.default_rng(3).random((*y.shape[:-1], 1))
    for ridge, w in ((0.0, None), (0.5, weights)):
        got = solve_kernel(x, y, window=window, groups=groups, ridge=ridge, weights=w, **options)
        np.testing.assert_allclose(got, by_lstsq(x, y, window, groups, options, ridge, w), rtol=1e-8, atol=1e-10)


def test_the_true_kernel_is_found_and_its_gradient_vanishes():
    x, kernel = normal((1, 32, 32, 1)), normal((3, 3, 1, 2), 1)
    y = jconv.conv(x, kernel)
    got = solve_kernel(x, y, window=(3, 3))
    np.testing.assert_allclose(got, kernel, atol=1e-4)
    gradient = jax.grad(lambda k: ((jconv.conv(x, k) - y) ** 2).mean())(got)
    assert float(jnp.abs(gradient).max()) < 1e-4


def test_it_is_jitted_and_differentiable():
    x, y = normal((2, 30, 2)), normal((2, 28, 3), 1)
    solve = jax.jit(lambda y: solve_kernel(x, y, window=(3,), ridge=0.1))
    tangent = normal(y.shape, 2)
    _, moved = jax.jvp(solve, (y,), (tangent,))
    np.testing.assert_allclose(moved, solve(tangent), rtol=1e-3, atol=1e-5)  # it is linear in y


REFUSED = {
    "a window that is no tuple": (dict(window=3), TypeError, r"window=3 must be a tuple"),
    "a negative ridge": (dict(window=(3,), ridge=-1.0), ValueError, r"ridge=-1.0 must be 0 or more"),
    "groups that do not divide": (dict(window=(3,), groups=2), ValueError, r"groups=2 must divide c_in=3 and c_out=3"),
    "a y of another shape": (dict(window=(4,)), ValueError, r"y has shape \(8, 3\), and conv of x makes \(7, 3\)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    options, kind, message = REFUSED[name]
    with pytest.raises(kind, match=f"solve_kernel: {message}"):
        solve_kernel(normal((10, 3)), normal((8, 3)), **options)
