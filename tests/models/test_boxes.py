"""CenterNet's targets, loss and decoding, against loops of NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from jconv.models import centernet_decode, centernet_loss, centernet_targets, focal_loss

BOXES = np.array([[[3, 5, 20, 40], [30, 8, 60, 21], [10, 40, 22, 60]], [[0, 0, 64, 64], [0, 0, 0, 0], [0, 0, 0, 0]]])
LABELS = np.array([[2, 0, 2], [1, -1, -1]])
TARGETS = centernet_targets(BOXES, LABELS, size=(64, 66), classes=3)


def overlap(a, b):
    """Intersection over union of boxes (top, left, bottom, right)."""
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    both = np.prod(np.maximum(high - low, 0))
    return both / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - both)


def radius(height, width):
    """The largest r by which two opposite corners may be off, by search."""
    box = np.array([0, 0, height, width])

    def least(r):
        moved = [np.array([r, r, height + r, width + r]), np.array([r, r, height - r, width - r])]
        return min(overlap(box, other) for other in [*moved, np.array([-r, -r, height + r, width + r])])

    low, high = 0.0, min(height, width) / 2
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if least(middle) >= 0.7 else (low, middle)
    return low


def test_targets():
    want = {"heatmap": np.zeros((2, 16, 17, 3)), "mask": np.zeros((2, 16, 17))}
    want |= {name: np.zeros((2, 16, 17, 2)) for name in ("size", "offset")}
    for n in range(2):
        for (top, left, bottom, right), label in zip(BOXES[n] / 4, LABELS[n], strict=True):
            if label < 0:
                continue
            centre = np.array([top + bottom, left + right]) / 2
            i, j = np.floor(centre).astype(int)
            sigma = (2 * radius(bottom - top, right - left) + 1) / 6
            y, x = np.mgrid[:16, :17]
            bump = np.exp(-((y - i) ** 2 + (x - j) ** 2) / (2 * sigma**2))
            want["heatmap"][n, :, :, label] = np.maximum(want["heatmap"][n, :, :, label], bump)
            want["mask"][n, i, j] = 1
            want["size"][n, i, j], want["offset"][n, i, j] = (bottom - top, right - left), centre - (i, j)
    assert TARGETS.keys() == want.keys()
    for name, value in want.items():
        np.testing.assert_allclose(TARGETS[name], value, rtol=1e-4, atol=1e-5, err_msg=name)


def outputs(seed=0):
    random = np.random.default_rng(seed)
    sizes = {"heatmap": 3, "size": 2, "offset": 2}
    return {name: jnp.asarray(random.standard_normal((2, 16, 17, c)), jnp.float32) for name, c in sizes.items()}


def test_loss():
    said, true = ({name: np.asarray(a, np.float64) for name, a in some.items()} for some in (outputs(), TARGETS))
    p, h = 1 / (1 + np.exp(-said["heatmap"])), true["heatmap"]
    focal = -np.where(h == 1, (1 - p) ** 2 * np.log(p), (1 - h) ** 4 * p**2 * np.log(1 - p)).sum()
    off = {name: (np.abs(said[name] - true[name]) * true["mask"][..., None]).sum() for name in ("size", "offset")}
    np.testing.assert_allclose(focal_loss(outputs()["heatmap"], TARGETS["heatmap"]), focal, rtol=1e-4)
    want = (focal + 0.5 * off["size"] + 2 * off["offset"]) / 4
    np.testing.assert_allclose(centernet_loss(outputs(), TARGETS, size_weight=0.5, offset_weight=2.0), want, rtol=1e-4)


def test_loss_of_pictures_without_objects_and_of_sure_answers_is_finite():
    empty = centernet_targets(np.zeros((2, 1, 4)), -np.ones((2, 1), int), size=(64, 66), classes=3)
    for factor in (1.0, 1e4):
        said = {name: factor * a for name, a in outputs().items()}
        for targets in (empty, TARGETS):
            loss, gradients = jax.value_and_grad(centernet_loss)(said, targets)
            assert np.isfinite(loss)
            assert all(np.isfinite(g).all() for g in jax.tree.leaves(gradients))


def test_derivatives_of_the_focal_loss(x64):
    heatmap = np.array([1.0, 0.5, 0.0])
    check_grads(lambda z: focal_loss(z, heatmap), (np.array([0.3, -0.2, 0.1]),), order=2)


@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit])
def test_decoding_undoes_the_targets(wrap):
    said = TARGETS | {"heatmap": 20 * (2 * TARGETS["heatmap"] - 1)}
    found = wrap(centernet_decode)(said)
    assert found["boxes"].shape == (2, 50, 4)
    assert (np.diff(found["scores"]) <= 0).all()
    for n in range(2):
        believed = np.asarray(found["scores"][n]) > 0.5
        assert believed.sum() == (LABELS[n] >= 0).sum()
        got = sorted(zip(found["labels"][n][believed].tolist(), found["boxes"][n][believed].tolist(), strict=True))
        want = sorted(zip(LABELS[n].tolist(), BOXES[n].astype(float).tolist(), strict=True))
        for (label, box), (true_label, true_box) in zip(got, want[-len(got) :], strict=True):
            assert label == true_label
            np.testing.assert_allclose(box, true_box, atol=1e-3)


def test_peaks_beside_higher_ones_are_left_out():
    heatmap = jnp.full((1, 4, 4, 1), -9.0).at[0, 1, 1].set(3.0).at[0, 1, 2].set(2.0).at[0, 3, 3].set(1.0)
    zeros = jnp.zeros((1, 4, 4, 2))
    found = centernet_decode({"heatmap": heatmap, "size": zeros + 1, "offset": zeros + 0.5}, most=3, stride=1)
    np.testing.assert_array_equal(found["boxes"][0, :2], [[1, 1, 2, 2], [3, 3, 4, 4]])
    assert found["scores"][0, 2] < 0.01
