"""Convolution of data with gaps agrees with astropy's, directly and by FFT."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from jconv import ndimage

QUICK, ALL = 6, 200


def random_case(k):
    """Arguments that astropy takes too."""
    rng = np.random.default_rng(k)
    ndim = int(rng.integers(1, 4))
    shape = tuple(rng.integers(5, 9, ndim))
    array = rng.normal(size=shape).astype(rng.choice(["float32", "float64"]))
    if k % 5:
        array[rng.random(shape) < rng.choice([0.1, 0.5])] = np.nan
    kernel = rng.random(rng.choice([1, 3, 5], ndim)) + 0.1
    keywords = {
        "boundary": ("fill", "extend", "wrap", None)[k % 4],
        "fill_value": float(rng.choice([0.0, 1.5])),
        "nan_treatment": ("interpolate", "fill")[k // 4 % 2],
        "normalize_kernel": bool(rng.random() < 0.6),
        "preserve_nan": bool(rng.random() < 0.3),
        "mask": rng.random(shape) < 0.2 if rng.random() < 0.3 else None,
    }
    if k % 11 == 8 and keywords["boundary"] == "fill" and keywords["nan_treatment"] == "interpolate":
        keywords["fill_value"] = np.nan
    return array, kernel, keywords


@pytest.mark.filterwarnings("ignore:nan_treatment='interpolate', however")
def agree(k, method):
    convolve = pytest.importorskip("astropy.convolution").convolve
    array, kernel, keywords = random_case(k)
    expected = convolve(array, kernel, **keywords)
    found = ndimage.normalized_convolve(array, kernel, **keywords, method=method)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected), err_msg=str(k))
    eps = np.finfo(expected.dtype).eps * np.nanmax(np.abs(expected), initial=1) * max(kernel.sum(), 1)
    weakest = kernel.min() / kernel.sum() if method == "fft" else 1  # what is left of the weights divides the errors
    np.testing.assert_allclose(found, expected, rtol=0, atol=30 * eps / weakest, err_msg=str(k))


@pytest.mark.filterwarnings("ignore:nan_treatment='interpolate', however")
@pytest.mark.parametrize("method", ["direct", "fft"])
@pytest.mark.parametrize("k", range(QUICK))
def test_it_agrees_with_astropy(k, method, x64):
    agree(k, method)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:nan_treatment='interpolate', however")
@pytest.mark.parametrize("method", ["direct", "fft"])
def test_it_agrees_with_astropy_in_all_cases(method, x64):
    for k in range(QUICK, ALL):
        agree(k, method)


@pytest.mark.parametrize("boundary", ["fill", "wrap"])
def test_by_fft_it_agrees_with_astropys_fft(boundary, x64):
    convolve_fft = pytest.importorskip("astropy.convolution").convolve_fft
    array, kernel = np.random.default_rng(0).normal(size=(8, 9)), np.random.default_rng(1).random((3, 5))
    array[2, 3:5] = np.nan
    found = ndimage.normalized_convolve(array, kernel, boundary=boundary, method="fft")
    np.testing.assert_allclose(found, convolve_fft(array, kernel, boundary=boundary), rtol=0, atol=1e-13)


def test_without_gaps_it_is_a_convolution():
    x, kernel = np.random.default_rng(0).normal(size=(6, 7)).astype("float32"), np.float32([[1, 2, 3]])
    found = ndimage.normalized_convolve(x, kernel, boundary="extend", normalize_kernel=False)
    np.testing.assert_allclose(found, ndimage.convolve(x, kernel, mode="nearest"), atol=1e-5)


@pytest.mark.parametrize("method", ["direct", "fft"])
def test_derivatives_are_right_to_the_second_order_and_gaps_have_none(method, x64):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 5))
    gaps = np.zeros((4, 5), bool)
    gaps[1, 2] = gaps[3, 3] = True

    def smooth(x, kernel, fill):
        return ndimage.normalized_convolve(x, kernel, fill_value=fill, mask=gaps, method=method)

    arguments = jnp.asarray(x), jnp.asarray(rng.random((3, 3)) + 0.2), jnp.asarray(0.5)
    check_grads(jax.jit(smooth), arguments, order=2, modes=("fwd", "rev"))
    gradient = jax.grad(lambda x: ndimage.normalized_convolve(x, np.ones((3, 3))).sum())(jnp.where(gaps, jnp.nan, x))
    assert np.isfinite(gradient).all()
    assert (gradient[gaps] == 0).all()
    assert (gradient[~gaps] > 0).all()


def test_what_cannot_be_normalised_is_refused():
    for keywords in ({}, {"normalize_kernel": False}, {"nan_treatment": "fill"}):
        with pytest.raises(ValueError, match="sums to 0"):
            ndimage.normalized_convolve(np.ones(5), np.array([-1.0, 0.0, 1.0]), **keywords)
    ndimage.normalized_convolve(np.ones(5), [-1.0, 0.0, 1.0], normalize_kernel=False, nan_treatment="fill")
    with pytest.raises(ValueError, match="must be odd in all axes"):
        ndimage.normalized_convolve(np.ones(5), np.ones(4))
    with pytest.raises(ValueError, match="boundary=None"):
        ndimage.normalized_convolve(np.ones(2), np.ones(3), boundary=None)
