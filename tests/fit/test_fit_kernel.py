"""fit_kernel: steps end where the closed form is; parametrised kernels are learned by their parameters."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jconv import conv, kernels
from jconv.fit import fit_kernel, solve_kernel

X = jax.random.normal(jax.random.key(0), (2, 24, 20, 2))


def test_the_learned_kernel_is_the_solved_one():
    kernel = jax.random.normal(jax.random.key(1), (3, 2, 2, 4))
    y = conv(X, kernel, padding="SAME") + 0.1 * jax.random.normal(jax.random.key(2), (2, 24, 20, 4))
    start = jnp.zeros_like(kernel)
    found, progress = fit_kernel(X, y, start, optimizer=optax.sgd(1.5), steps=200, padding="SAME")
    solved = solve_kernel(X, y, window=(3, 2), padding="SAME")
    np.testing.assert_allclose(found, solved, atol=2e-5)
    assert progress.losses[-1] < 0.011 < progress.losses[0]


def test_weights_leave_outputs_out():
    kernel = jnp.array([1.0, -2.0, 1.0])[:, None, None]
    x = X[0, :, :, :1]
    y = conv(x, kernel)
    spoiled, weights = y.at[:, 3].set(99), jnp.ones_like(y).at[:, 3].set(0)
    found, _ = fit_kernel(x, spoiled, jnp.zeros((3, 1, 1)), optimizer=optax.adam(0.1), steps=300, weights=weights)
    np.testing.assert_allclose(found, kernel, atol=1e-3)


def test_a_gaussians_width_is_learned():
    build = lambda sigma: kernels.gaussian(sigma, size=9)[:, :, None, None]  # noqa: E731
    x = X[..., :1]
    found, _ = fit_kernel(x, conv(x, build(1.3)), jnp.asarray(0.7), optimizer=optax.adam(0.05), steps=200, build=build)
    assert float(found) == pytest.approx(1.3, abs=2e-3)


def test_shapes_that_do_not_fit_are_told():
    with pytest.raises(ValueError, match="the model gives shape"):
        fit_kernel(X, X, jnp.zeros((3, 3, 2, 2)), optimizer=optax.sgd(0.1), steps=1)
