"""The guided filter is the mean of ridge regressions over the windows, as its authors define it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from jconv import ndimage

QUICK, ALL = 6, 200


def regressed(p, guide, radius, eps):
    """p [*S] by guide [*S, C]: a ridge regression in every window, and at every pixel the mean of its planes."""
    total, count = np.zeros(p.shape), np.zeros(p.shape)
    for centre in np.ndindex(*p.shape):
        window = tuple(slice(max(c - radius, 0), c + radius + 1) for c in centre)
        colours, values = guide[window].reshape(-1, guide.shape[-1]), p[window].ravel()
        n, c = colours.shape
        rows = np.hstack([colours, np.ones((n, 1))])
        ridge = np.hstack([np.sqrt(n * eps) * np.eye(c), np.zeros((c, 1))])
        plane, *_ = np.linalg.lstsq(np.vstack([rows, ridge]), np.append(values, np.zeros(c)), rcond=None)
        total[window] += (rows @ plane).reshape(total[window].shape)
        count[window] += 1
    return total / count


def agree(k):
    rng = np.random.default_rng(k)
    shape = tuple(rng.integers(3, 7, (2, 1, 2, 3)[k % 4]))
    radius, eps = int(rng.integers(0, 4)), float(10 ** rng.uniform(-3, 0))
    p, guide = rng.normal(size=shape), rng.normal(size=(*shape, (1, 3)[k % 2]))
    if k % 3 == 0:  # self-guided, grey or colour
        colours = guide[..., 0] if k % 2 == 0 else guide
        found = ndimage.guided_filter(colours, None, radius, eps, channel_axis=None if k % 2 == 0 else -1)
        expected = np.stack([regressed(guide[..., c], guide, radius, eps) for c in range(guide.shape[-1])], -1)
        expected = expected[..., 0] if k % 2 == 0 else expected
    elif k % 2 == 0:
        found, expected = ndimage.guided_filter(p, guide[..., 0], radius, eps), regressed(p, guide, radius, eps)
    else:
        found = ndimage.guided_filter(p, np.moveaxis(guide, -1, 0), radius, eps, channel_axis=0)
        expected = regressed(p, guide, radius, eps)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10 / min(eps, 0.1), err_msg=str(k))


@pytest.mark.parametrize("k", range(QUICK))
def test_it_is_the_mean_of_the_windows_regressions(k, x64):
    agree(k)


@pytest.mark.slow
def test_it_is_the_mean_of_the_windows_regressions_in_all_cases(x64):
    for k in range(QUICK, ALL):
        agree(k)


def test_a_grey_guide_filters_every_channel_of_a_colour_input(x64):
    rng = np.random.default_rng(0)
    picture, guide = rng.normal(size=(5, 6, 3)), rng.normal(size=(5, 6))
    found = ndimage.guided_filter(picture, guide, 1, channel_axis=-1)
    expected = [ndimage.guided_filter(picture[..., c], guide, 1) for c in range(3)]
    np.testing.assert_allclose(found, np.stack(expected, -1), rtol=0, atol=1e-13)


def test_derivatives_are_right_to_the_second_order(x64):
    rng = np.random.default_rng(0)

    def smooth(p, guide, eps):
        return ndimage.guided_filter(p, guide, 1, eps, channel_axis=-1)

    arguments = jnp.asarray(rng.normal(size=(3, 4))), jnp.asarray(rng.normal(size=(3, 4, 2))), jnp.asarray(0.3)
    check_grads(jax.jit(smooth), arguments, order=2, modes=("fwd", "rev"))


def test_a_bright_guide_loses_no_digits_in_float32():
    rng = np.random.default_rng(0)
    p, guide = rng.normal(size=(8, 9)), rng.normal(size=(8, 9)) + 1000
    found = ndimage.guided_filter(p.astype("float32"), guide.astype("float32"), 2, 0.1)
    np.testing.assert_allclose(found, regressed(p, guide[..., None], 2, 0.1), rtol=0, atol=1e-3)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="the same spatial shape"):
        ndimage.guided_filter(np.ones((3, 4)), np.ones((3, 5)))
    with pytest.raises(ValueError, match="at least 0"):
        ndimage.guided_filter(np.ones((3, 4)), radius=-1)
