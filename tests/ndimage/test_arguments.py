"""What the filters say of arguments that they cannot take, and what they make of those at the edge."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jconv import ndimage

X = np.arange(12.0, dtype="float32").reshape(3, 4)
REFUSED = {
    "correlate: origin=2 is an invalid origin": lambda: ndimage.correlate(X, np.ones((3, 3)), origin=2),
    "correlate: mode='mirrored' is not one of": lambda: ndimage.correlate(X, np.ones((3, 3)), mode="mirrored"),
    "Did you mean 'mirror'": lambda: ndimage.correlate(X, np.ones((3, 3)), mode="mirrored"),
    "A sequence of modes is taken by": lambda: ndimage.correlate(X, np.ones((3, 3)), mode=["wrap", "wrap"]),
    r"weights.ndim \(1\) must match len\(axes\) \(2\)": lambda: ndimage.convolve(X, np.ones(3)),
    "axes must be unique": lambda: ndimage.gaussian_filter(X, 1.0, axes=(1, -1)),
    "2 is out of range": lambda: ndimage.uniform_filter(X, axes=(0, 2)),
    "axis=2 is out of range": lambda: ndimage.sobel(X, axis=2),
    r"sigma=\(1, 1, 1\): a sequence argument must have length": lambda: ndimage.gaussian_filter(X, (1, 1, 1)),
    "sigma is traced, .* Give radius": lambda: jax.jit(ndimage.gaussian_filter)(X, 1.0),
    "sigma=0.0 must be positive": lambda: ndimage.gaussian_filter1d(X, 0.0),
    "order=-1 must be non-negative": lambda: ndimage.gaussian_filter(X, 1.0, -1),
    "Radius must be a nonnegative integer": lambda: ndimage.gaussian_filter1d(X, 1.0, radius=1.5),
    "must have complex dtype": lambda: ndimage.correlate(X * 1j, np.ones((1, 1)), output="float32"),
    "complex-valued cval": lambda: ndimage.correlate(X, np.ones((1, 1)), mode="constant", cval=1j),
    "no filter weights given": lambda: ndimage.correlate1d(X, np.ones((1, 1))),
    "incorrect filter size": lambda: ndimage.uniform_filter1d(X, 0),
    "no footprint provided": lambda: ndimage.maximum_filter(X),
    "All-zero footprint": lambda: ndimage.maximum_filter(X, footprint=np.zeros((2, 2))),
    "rank not within filter footprint size, which is 4": lambda: ndimage.rank_filter(X, 4, 2),
    "invalid percentile": lambda: ndimage.percentile_filter(X, 101, 2),
    "structure array has incorrect shape": lambda: ndimage.grey_erosion(X, structure=np.ones(3)),
    "size, footprint, or structure must be": lambda: ndimage.grey_dilation(X),
}


@pytest.mark.parametrize("message", REFUSED)
def test_bad_values_are_refused_in_words(message):
    with pytest.raises(ValueError, match=message):
        REFUSED[message]()


def test_wrong_kinds_are_refused_in_words():
    with pytest.raises(TypeError, match="output must be a dtype, not an array"):
        ndimage.sobel(X, output=np.zeros_like(X))
    with pytest.raises(TypeError, match="complex numbers have no order"):
        ndimage.median_filter(X * 1j, 3)
    with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
        ndimage.laplace(X, axes=(0.5,))
    with pytest.raises(TypeError):
        ndimage.rank_filter(X, 0.5, 3)


def test_scipys_warnings_are_given():
    with pytest.warns(UserWarning, match="promoting specified output dtype to complex"):
        assert ndimage.correlate(X * 1j, np.ones((1, 1)), output=np.float32).dtype == "complex64"
    with pytest.warns(UserWarning, match="ignoring size because footprint is set"):
        ndimage.maximum_filter(X, 2, np.ones((1, 1)))


EMPTY = {
    "correlate": {"weights": np.ones((2, 2))},
    "gaussian_filter": {"sigma": 1.0},
    "uniform_filter": {"size": 2},
    "maximum_filter": {"size": 2},
    "median_filter": {"size": 3},
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_image_stays_empty(name):
    filtered = jax.jit(partial(getattr(ndimage, name), **EMPTY[name]))
    assert filtered(jnp.zeros((0, 3), "int16")).shape == (0, 3)


def test_a_window_far_larger_than_the_image_reaches_round_it_again_and_again():
    np.testing.assert_array_equal(ndimage.maximum_filter(jnp.array([[3, 1]]), 9, mode="mirror"), [[3, 3]])
    np.testing.assert_array_equal(ndimage.correlate1d(jnp.ones(1), np.ones(9), mode="mirror"), [9])
