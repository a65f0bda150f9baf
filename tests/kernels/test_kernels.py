"""The known kernels: values as in scipy.ndimage and scikit-image where those define the same filter."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from scipy import ndimage
from skimage import filters, morphology

from jconv import kernels

PICTURE = np.random.default_rng(0).random((41, 37))


def slide(picture, kernel):
    """Cross-correlate in float64 by SciPy, with its default border."""
    origin = [-(1 - size % 2) for size in kernel.shape]  # SciPy puts an even window's origin one tap later
    return ndimage.correlate(picture, np.asarray(kernel, np.float64), mode="reflect", origin=origin)


def skimage_middle(answer):
    """Leave out scikit-image's zeroed one-pixel border."""
    return answer[1:-1, 1:-1]


SCIPY = {
    "identity": (kernels.identity(5), lambda p: p),
    "box": (kernels.box(5), lambda p: ndimage.uniform_filter(p, 5)),
    "gaussian": (kernels.gaussian(1.3), lambda p: ndimage.gaussian_filter(p, 1.3)),
    "gaussian of two widths": (
        kernels.gaussian(jnp.array([0.7, 2.0]), size=17),
        lambda p: ndimage.gaussian_filter(p, (0.7, 2.0), radius=8),
    ),
    "gaussian, d/dx": (
        kernels.gaussian(1.3, order=(0, 1)),
        lambda p: ndimage.gaussian_filter(p, 1.3, (0, 1)),
    ),
    "gaussian, d2/dy2": (
        kernels.gaussian(1.3, order=(2, 0)),
        lambda p: ndimage.gaussian_filter(p, 1.3, (2, 0)),
    ),
    "sobel x": (kernels.sobel(), lambda p: ndimage.sobel(p, axis=-1)),
    "sobel y": (kernels.sobel(axis=0), lambda p: ndimage.sobel(p, axis=0)),
    "prewitt x": (kernels.prewitt(axis=1), lambda p: ndimage.prewitt(p, axis=1)),
    "prewitt y": (kernels.prewitt(axis=-2), lambda p: ndimage.prewitt(p, axis=0)),
    "laplacian": (kernels.laplacian(neighbors=4), ndimage.laplace),
    "laplacian of gaussian": (kernels.laplacian_of_gaussian(1.3), lambda p: ndimage.gaussian_laplace(p, 1.3)),
    "difference of gaussians": (
        kernels.difference_of_gaussians(1.0, 1.6),
        lambda p: ndimage.gaussian_filter(p, 1.0, radius=6) - ndimage.gaussian_filter(p, 1.6, radius=6),
    ),
}


@pytest.mark.parametrize("name", SCIPY)
def test_filtering_with_the_kernel_equals_scipy_ndimage(name):
    kernel, scipy_filter = SCIPY[name]
    np.testing.assert_allclose(slide(PICTURE, kernel), scipy_filter(PICTURE), rtol=0, atol=2e-6)


SKIMAGE = {
    "sobel": (2 * kernels.sobel(normalize=True), filters.sobel_v),
    "scharr": (2 * kernels.scharr(normalize=True), filters.scharr_v),
    "scharr y": (2 * kernels.scharr(axis=-2, normalize=True), filters.scharr_h),
    "prewitt": (2 * kernels.prewitt(normalize=True), filters.prewitt_v),
}


@pytest.mark.parametrize("name", SKIMAGE)
def test_normalised_derivatives_are_half_of_scikit_images(name):
    kernel, skimage_filter = SKIMAGE[name]
    middle = skimage_middle(slide(PICTURE, kernel))
    np.testing.assert_allclose(middle, skimage_middle(skimage_filter(PICTURE)), rtol=0, atol=2e-6)


@pytest.mark.parametrize("derivative", [kernels.sobel, kernels.scharr, kernels.prewitt])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_normalised_derivative_of_a_ramp_of_slope_one_is_one(derivative, axis):
    kernel = np.asarray(derivative(axis=axis, normalize=True, ndim=3))
    ramp = np.moveaxis(np.broadcast_to(np.arange(3.0), (3, 3, 3)), -1, axis)
    assert np.sum(kernel * ramp) == pytest.approx(1.0)


def test_roberts_is_scikit_images_on_both_diagonals():
    # scikit-image takes absolute values nowhere here; its 2x2 window ends at the pixel, so it lags by one.
    for diagonal, skimage_filter in [(0, filters.roberts_pos_diag), (1, filters.roberts_neg_diag)]:
        ours = slide(PICTURE, kernels.roberts(diagonal=diagonal))
        theirs = skimage_filter(PICTURE)
        close = [
            np.allclose(sign * ours[1:-2, 1:-2], theirs[1 + lag : -2 + lag, 1 + lag : -2 + lag], atol=2e-6)
            for sign in (1, -1)
            for lag in (0, 1)
        ]
        assert any(close)


def test_unsharp_is_scikit_images_unsharp_mask():
    theirs = filters.unsharp_mask(PICTURE, radius=1.5, amount=0.7, preserve_range=True)
    ours = slide(PICTURE, kernels.unsharp(1.5, amount=0.7))
    np.testing.assert_allclose(np.clip(ours, 0, 1), np.clip(theirs, 0, 1), rtol=0, atol=2e-6)


@pytest.mark.parametrize("radius", [0, 1, 2, 3, 5])
def test_disk_has_scikit_images_shape_and_sums_to_one(radius):
    shape = morphology.disk(radius)
    np.testing.assert_allclose(kernels.disk(radius), shape / shape.sum(), rtol=1e-6)


@pytest.mark.parametrize("theta", [0.0, 0.4, math.pi / 2, 2.5])
def test_gabor_is_scikit_images_gabor_kernel(theta):
    theirs = filters.gabor_kernel(0.2, theta=theta, sigma_x=2.0, sigma_y=1.5, offset=0.3)
    ours = np.asarray(kernels.gabor(0.2, theta=theta, sigma_x=2.0, sigma_y=1.5, offset=0.3))
    margins = [(a - b) // 2 for a, b in zip(ours.shape, theirs.shape, strict=True)]
    middle = ours[tuple(slice(m, size - m) for m, size in zip(margins, ours.shape, strict=True))]
    np.testing.assert_allclose(middle, theirs, rtol=0, atol=2e-7)
    default = np.asarray(kernels.gabor(0.2))
    np.testing.assert_allclose(default, filters.gabor_kernel(0.2), rtol=0, atol=2e-7)


def test_binomial_blurs_compose_to_a_binomial_blur():
    from_two = np.convolve(kernels.binomial(3, ndim=1), kernels.binomial(5, ndim=1))
    np.testing.assert_allclose(from_two, kernels.binomial(7, ndim=1), rtol=1e-6)
    np.testing.assert_allclose(np.asarray(kernels.binomial(5, ndim=1)) * 16, [1, 4, 6, 4, 1])


def test_motion_by_hand():
    np.testing.assert_allclose(kernels.motion(5)[2], np.full(5, 0.2), rtol=1e-6)
    np.testing.assert_allclose(kernels.motion(5, angle=math.pi / 2)[:, 2], np.full(5, 0.2), atol=1e-6)
    rising = np.asarray(kernels.motion(5, angle=math.pi / 4))
    # Half the path, 2 pixels, ends 0.83 short of the corner tap, which lies 2.83 away.
    np.testing.assert_allclose(rising[0, -1] / rising[2, 2], 3 - 2 * math.sqrt(2), rtol=1e-5)
    assert rising[1, 3] == pytest.approx(rising[2, 2]) and rising[1, 1] == 0
    np.testing.assert_allclose(rising, rising[::-1, ::-1], atol=1e-6)
    np.testing.assert_allclose(kernels.motion(1), [[1.0]])


ONE = {
    "identity": kernels.identity(4),
    "box": kernels.box(4),
    "binomial": kernels.binomial(6),
    "gaussian": kernels.gaussian(0.8, ndim=3),
    "disk": kernels.disk(2.5),
    "motion": kernels.motion(6.5, angle=0.7),
    "sharpen": kernels.sharpen(amount=0.7, neighbors=8),
    "unsharp": kernels.unsharp(1.1, amount=2.0),
    "emboss": kernels.emboss(),
}
ZERO = {
    "sobel": kernels.sobel(),
    "scharr": kernels.scharr(),
    "prewitt": kernels.prewitt(),
    "roberts": kernels.roberts(),
    "laplacian 4": kernels.laplacian(neighbors=4),
    "laplacian 8": kernels.laplacian(neighbors=8),
    "difference of gaussians": kernels.difference_of_gaussians(1.0, 2.0),
}


@pytest.mark.parametrize("name", ONE)
def test_smoothing_and_sharpening_keep_the_brightness(name):
    assert float(jnp.sum(ONE[name])) == pytest.approx(1.0, abs=2e-6)


@pytest.mark.parametrize("name", ZERO)
def test_derivatives_of_a_flat_picture_are_zero(name):
    assert float(jnp.sum(ZERO[name])) == pytest.approx(0.0, abs=2e-6)


DIFFERENTIABLE = {
    "gaussian": lambda t: kernels.gaussian(t, size=7),
    "gaussian, derivative": lambda t: kernels.gaussian(t, size=7, order=(1, 2)),
    "laplacian_of_gaussian": lambda t: kernels.laplacian_of_gaussian(t, size=9),
    "difference_of_gaussians": lambda t: kernels.difference_of_gaussians(t, 1.6 * t, size=9),
    "unsharp": lambda t: kernels.unsharp(t, amount=t, size=7),
    "sharpen": lambda t: kernels.sharpen(amount=t),
    "motion's angle": lambda t: kernels.motion(5, angle=t),
    "gabor": lambda t: kernels.gabor(0.2 * t, theta=t, sigma_x=2 * t, sigma_y=t, offset=t, size=7).real,
}


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients_in_the_parameters_agree_with_differences(name):
    check_grads(jax.jit(DIFFERENTIABLE[name]), (1.15,), order=1, modes=["fwd", "rev"], rtol=2e-2, atol=2e-2, eps=1e-3)


def test_motion_has_a_finite_gradient_where_the_path_is_a_row():
    gradient = jax.jit(jax.jacobian(lambda angle: kernels.motion(5, angle=angle)))(0.0)
    assert bool(jnp.all(jnp.isfinite(gradient)))


def test_a_gaussians_width_is_learned_from_a_blurred_picture():
    """What a differentiable sigma is for: Newton's method finds the width of a blur it only sees."""
    seen = kernels.gaussian(1.7, size=13)
    blur = jax.jit(lambda s: kernels.gaussian(s, size=13))
    sigma = jnp.asarray(1.2)
    for _ in range(15):
        blurred, slope = jax.jvp(blur, (sigma,), (jnp.ones(()),))
        sigma -= jnp.sum(slope * (blurred - seen)) / jnp.sum(slope**2)
    assert float(sigma) == pytest.approx(1.7, abs=1e-4)


WRONG = {
    "size=0 must be at least 1": lambda: kernels.box(0),
    "size=2.5 must be an int": lambda: kernels.identity(2.5),
    "its width must be positive": lambda: kernels.gaussian(0.0),
    "its width is traced": lambda: jax.jit(kernels.gaussian)(1.0),
    "order=3 must be 0, 1 or 2": lambda: kernels.gaussian(1.0, order=3),
    "axis=2 must lie in": lambda: kernels.sobel(axis=2),
    "diagonal=2 must be": lambda: kernels.roberts(diagonal=2),
    "neighbors=6 must be": lambda: kernels.laplacian(neighbors=6),
    "radius=-1 must not": lambda: kernels.disk(-1),
    "length=0 must be": lambda: kernels.motion(0),
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_argument_is_named_with_its_rule(message):
    with pytest.raises((ValueError, TypeError), match=message):
        WRONG[message]()
