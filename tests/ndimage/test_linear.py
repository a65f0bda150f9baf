"""The linear filters: their adjoints, their derivatives, and what the transforms of JAX make of them."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.ndimage
from jax.test_util import check_grads

from jconv import ndimage

MODES = ("reflect", "constant", "nearest", "mirror", "wrap")
RNG = np.random.default_rng(0)
WINDOW = RNG.normal(size=(3, 4))
LINEAR = {
    "correlate": {"weights": WINDOW, "origin": (1, -1)},
    "convolve": {"weights": WINDOW, "origin": (0, 1)},
    "correlate1d": {"weights": WINDOW[0], "axis": 0, "origin": 1},
    "convolve1d": {"weights": WINDOW[0], "axis": 1},
    "gaussian_filter": {"sigma": (0.8, 2.0), "order": (0, 1)},
    "gaussian_filter1d": {"sigma": 1.1, "order": 2, "axis": 0},
    "uniform_filter": {"size": (4, 11)},
    "uniform_filter1d": {"size": 5, "origin": -2},
    "sobel": {"axis": 0},
    "prewitt": {},
    "laplace": {},
    "gaussian_laplace": {"sigma": 0.7},
}
SHAPE = (4, 5)


@pytest.mark.parametrize("name", LINEAR)
def test_the_transpose_is_that_of_scipys_matrix_in_every_mode(name, x64):
    """<f(x), y> = <x, f^T(y)>, where the columns of f are SciPy's results for the unit images."""
    units = np.eye(np.prod(SHAPE)).reshape(-1, *SHAPE)
    y = RNG.normal(size=SHAPE)

    def adjoints(y):
        filters = [partial(getattr(ndimage, name), mode=mode, **LINEAR[name]) for mode in MODES]
        return [jax.linear_transpose(f, jnp.zeros(SHAPE))(y)[0] for f in filters]

    for mode, found in zip(MODES, jax.jit(adjoints)(y), strict=True):
        rows = [getattr(scipy.ndimage, name)(unit, mode=mode, **LINEAR[name]).ravel() for unit in units]
        np.testing.assert_allclose(found.ravel(), np.stack(rows) @ y.ravel(), rtol=0, atol=1e-13, err_msg=mode)


def test_derivatives_by_weights_and_by_cval_are_right_to_the_second_order(x64):
    x = jnp.asarray(RNG.normal(size=(3, 4)))

    def both(x, window, weights, cval):
        y = ndimage.correlate(x, window, mode="constant", cval=cval)
        return ndimage.convolve1d(y, weights, 0, mode="mirror") ** 2

    arguments = x, jnp.asarray(RNG.normal(size=(2, 3))), jnp.asarray(RNG.normal(size=3)), jnp.asarray(0.5)
    check_grads(jax.jit(both), arguments, order=2, modes=("fwd", "rev"))


def test_derivatives_by_sigma_are_right_to_the_second_order(x64):
    x = jnp.asarray(RNG.normal(size=(3, 4)))

    def blurred(x, sigma, other):
        y = ndimage.gaussian_filter(x, (sigma, other), order=(0, 2), radius=3)
        return y + ndimage.gaussian_filter1d(x, sigma, 0, order=3, radius=2)

    check_grads(jax.jit(blurred), (x, jnp.asarray(0.9), jnp.asarray(1.4)), order=2, modes=("fwd", "rev"))


def test_a_traced_sigma_gives_scipys_values_at_the_same_radius(x64):
    x = RNG.normal(size=(5, 6))
    for order in range(4):
        found = jax.jit(partial(ndimage.gaussian_filter1d, order=order, radius=4))(x, 1.3)
        expected = scipy.ndimage.gaussian_filter1d(x, 1.3, order=order, radius=4)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


def test_a_differentiated_sigma_needs_a_radius():
    slope = jax.grad(lambda sigma: ndimage.gaussian_filter1d(jnp.eye(5), sigma, radius=4)[2, 2])(1.0)
    assert slope < 0
    with pytest.raises(ValueError, match=r"sigma is traced, .* Give radius="):
        jax.grad(lambda sigma: ndimage.gaussian_filter1d(jnp.eye(5), sigma)[2, 2])(1.0)


def test_the_gradient_magnitude_is_differentiable_to_the_second_order(x64):
    x = jnp.asarray(RNG.normal(size=(3, 4)))
    check_grads(jax.jit(partial(ndimage.gaussian_gradient_magnitude, sigma=0.8)), (x,), order=2, modes=("fwd", "rev"))


def test_where_nothing_changes_the_gradient_magnitude_has_a_gradient_of_zero():
    x = jnp.ones((4, 4))
    gradient = jax.grad(lambda x: ndimage.generic_gradient_magnitude(x, ndimage.sobel).sum())(x)
    np.testing.assert_array_equal(gradient, np.zeros((4, 4)))


def test_a_batch_is_filtered_by_vmap_and_under_jit_as_one_by_one():
    batch, windows = RNG.normal(size=(3, 4, 5)).astype("float32"), RNG.normal(size=(3, 2, 3)).astype("float32")
    found = jax.jit(jax.vmap(ndimage.correlate))(batch, windows)
    expected = [scipy.ndimage.correlate(x, w) for x, w in zip(batch, windows, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    sigmas = jnp.array([0.5, 1.0, 2.0])
    blurred = jax.vmap(partial(ndimage.gaussian_filter, radius=2))(batch, sigmas)
    expected = [scipy.ndimage.gaussian_filter(x, s, radius=2) for x, s in zip(batch, sigmas.tolist(), strict=True)]
    np.testing.assert_allclose(blurred, expected, atol=1e-5)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_types_are_summed_in_float32_and_come_back_rounded_once(dtype):
    x = jnp.asarray(RNG.normal(size=(6, 7)), dtype)
    found = ndimage.correlate(x, WINDOW)
    wide = scipy.ndimage.correlate(np.asarray(x, "float32"), WINDOW)
    assert found.dtype == x.dtype
    np.testing.assert_array_equal(found, jnp.asarray(wide).astype(dtype))
    assert jax.grad(lambda x: ndimage.gaussian_filter(x, 1.0).sum())(x).dtype == x.dtype


def test_without_x64_integers_with_whole_weights_are_exact():
    x = RNG.integers(-(2**27), 2**27, (5, 6)).astype("int32")
    for name in ("sobel", "laplace"):
        np.testing.assert_array_equal(getattr(ndimage, name)(x), getattr(scipy.ndimage, name)(x))
    np.testing.assert_array_equal(ndimage.correlate1d(x, [1.0, 5.0, -2.0]), scipy.ndimage.correlate1d(x, [1, 5, -2]))


OTHERS = {
    "gaussian_gradient_magnitude": {"sigma": 1.0},
    "maximum_filter": {"footprint": [[1, 0, 1]]},
    "minimum_filter": {"size": 4},
    "median_filter": {"size": 3},
    "grey_dilation": {"structure": np.ones((2, 3))},
    "bilateral_filter": {"win_size": 3},
}


def test_nothing_is_promoted_by_the_way(strict):
    x = jnp.asarray(RNG.normal(size=(4, 5)), "float32")
    for name, keywords in (LINEAR | OTHERS).items():
        assert getattr(ndimage, name)(x, mode="constant", cval=1, **keywords).dtype == x.dtype, name
    assert ndimage.guided_filter(x, jnp.stack([x, x], -1), 1, channel_axis=-1).dtype == x.dtype
    assert ndimage.normalized_convolve(x, np.ones((3, 3))).dtype == x.dtype
