"""mean IoU and mean average precision equal scikit-learn's and what is counted by hand."""

import numpy as np
import pytest
from sklearn.metrics import jaccard_score

from jconv.fit import mean_average_precision, mean_iou


def test_mean_iou_is_scikit_learns():
    rng = np.random.default_rng(0)
    predicted, true = rng.integers(0, 4, (2, 5, 6, 7))
    expected = jaccard_score(true.ravel(), predicted.ravel(), average="macro")
    assert mean_iou(predicted, true, classes=6) == pytest.approx(expected)  # classes 4 and 5 do not occur
    with pytest.raises(ValueError, match="mean_iou: predicted has shape"):
        mean_iou(predicted, true[0], classes=4)


def boxes(*corners):
    return np.array(corners, float)[None]


def test_average_precision_of_right_wrong_and_repeated_boxes():
    true, labels = boxes((0, 0, 4, 4), (10, 10, 14, 14)), np.array([[0, 0]])
    found = {
        "boxes": boxes((0, 0, 4, 4), (0, 0, 4, 4), (10, 10, 14, 13), (30, 30, 34, 34)),
        "labels": np.zeros((1, 4), int),
        "scores": np.array([[0.9, 0.8, 0.7, 0.6]]),
    }
    # Right, a repetition, right, wrong: precision 1 up to recall 1/2, then 2/3 up to 1.
    assert mean_average_precision(found, true, labels, classes=1) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_a_class_counts_for_itself_and_missing_objects_lower_it():
    true, labels = boxes((0, 0, 4, 4), (10, 10, 14, 14), (20, 20, 24, 24)), np.array([[0, 1, 1]])
    found = {"boxes": boxes((0, 0, 4, 4), (10, 10, 14, 14)), "labels": np.array([[0, 1]]), "scores": np.ones((1, 2))}
    assert mean_average_precision(found, true, labels, classes=3) == pytest.approx((1 + 0.5) / 2)
    assert mean_average_precision(found, true, np.full((1, 3), -1), classes=3) == 0
    shifted = found | {"boxes": found["boxes"] + 2.5}
    assert mean_average_precision(shifted, true, labels, classes=3) == 0
