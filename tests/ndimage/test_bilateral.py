"""The bilateral filter agrees with scikit-image's, whose tables are set right; it is differentiable and batched."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from jconv import ndimage

QUICK, ALL = 4, 200
WORDS = {"constant": "constant", "nearest": "edge", "reflect": "symmetric", "mirror": "reflect", "wrap": "wrap"}


def table_of_places(win_size, sigma, *, dtype=float):
    """The Gaussian of each place in the window; scikit-image 0.26 makes a table of another width for odd windows."""
    places = np.arange(win_size) - win_size // 2
    return np.exp(-0.5 * (places[:, None] ** 2 + places**2) / sigma**2).astype(dtype).ravel()


def agree(k, monkeypatch):
    denoise = pytest.importorskip("skimage.restoration._denoise")
    monkeypatch.setattr(denoise, "_compute_spatial_lut", table_of_places)
    rng = np.random.default_rng(k)
    channels = (None, 3)[k % 2]
    image = rng.random((*rng.integers(4, 9, 2), *(() if channels is None else (channels,))))
    mode = list(WORDS)[k % 5]
    size = (None, 3, 5)[k // 5 % 3]
    color, spatial, cval = (float(v) for v in rng.uniform((0.1, 0.6, 0), (1, 1.5, 1)))
    color = None if k % 7 == 3 else color
    expected_color = (color or image.std()) / (channels or 1)  # scikit-image divides distances of colours by channels
    keywords = {"sigma_spatial": spatial, "cval": cval, "channel_axis": None if channels is None else -1}
    expected = denoise.denoise_bilateral(image, size, expected_color, bins=10**6, mode=WORDS[mode], **keywords)
    found = ndimage.bilateral_filter(image, size, color, mode=mode, **keywords)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5, err_msg=str(k))  # a bin is a millionth of the range


@pytest.mark.parametrize("k", range(QUICK))
def test_it_agrees_with_scikit_image(k, x64, monkeypatch):
    agree(k, monkeypatch)


@pytest.mark.slow
def test_it_agrees_with_scikit_image_in_all_cases(x64, monkeypatch):
    for k in range(QUICK, ALL):
        agree(k, monkeypatch)


def test_derivatives_are_right_to_the_second_order(x64):
    def smooth(image, color, spatial):
        return ndimage.bilateral_filter(image, 3, color, spatial, mode="reflect")

    image = jnp.asarray(np.random.default_rng(0).normal(size=(3, 4)))
    check_grads(jax.jit(smooth), (image, jnp.asarray(0.8), jnp.asarray(1.1)), order=2, modes=("fwd", "rev"))


def test_large_windows_run_as_a_loop_with_the_same_result(x64):
    image = np.random.default_rng(0).normal(size=(7, 8))
    places = np.arange(9) - 4
    padded = np.pad(image, 4, mode="edge")
    view = np.lib.stride_tricks.sliding_window_view(padded, (9, 9))
    weights = np.exp(-0.5 * (places[:, None] ** 2 + places**2) / 4) * np.exp(
        -0.5 * (view - image[..., None, None]) ** 2
    )
    expected = (weights * view).sum((2, 3)) / weights.sum((2, 3))
    found = ndimage.bilateral_filter(image, 9, 1.0, 2.0, mode="nearest")
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)
    assert np.isfinite(jax.grad(lambda x: ndimage.bilateral_filter(x, 9, 1.0, 2.0).sum())(image)).all()


def test_a_batch_a_volume_and_an_even_image():
    batch = np.random.default_rng(0).random((2, 4, 5)).astype("float32")
    smooth = partial(ndimage.bilateral_filter, win_size=3, sigma_color=0.3)
    np.testing.assert_allclose(jax.vmap(smooth)(batch), [smooth(x) for x in batch], atol=1e-6)
    assert smooth(batch).shape == batch.shape  # as a volume
    np.testing.assert_array_equal(ndimage.bilateral_filter(jnp.ones((4, 5)), 3, mode="nearest"), np.ones((4, 5)))


def test_bad_arguments_are_refused():
    with pytest.raises(TypeError, match="give floats"):
        ndimage.bilateral_filter(np.ones((3, 3), int))
    with pytest.raises(ValueError, match="must be odd"):
        ndimage.bilateral_filter(np.ones((3, 3)), 4)
    with pytest.raises(ValueError, match="give win_size"):
        jax.jit(lambda s: ndimage.bilateral_filter(jnp.ones((3, 3)), sigma_spatial=s))(1.0)
