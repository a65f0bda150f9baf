"""Scores of segmentation and of detection: mean IoU and mean average precision."""

from collections.abc import Mapping

import numpy as np

from jconv._typing import ArrayLike


def mean_iou(predicted: ArrayLike, true: ArrayLike, *, classes: int) -> float:
    """Take the mean over classes of what predicted and true pixels of the class share.

    IoU(c) = |predicted = c and true = c| / |predicted = c or true = c|, over all pixels of all pictures together.

    Args:
        predicted: integers of any shape.
        true: of the same shape.
        classes: how many there are, from 0.

    Returns:
        The mean over the classes that occur in either.

    Raises:
        ValueError: other shapes.

    Examples:
        >>> mean_iou(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), classes=3)
        0.5833333333333333

    References:
        Everingham et al. (2010), "The Pascal visual object classes (VOC) challenge".
    """
    predicted, true = np.asarray(predicted), np.asarray(true)
    if predicted.shape != true.shape:
        raise ValueError(f"mean_iou: predicted has shape {predicted.shape} and true {true.shape}; they must be equal.")
    pairs = np.bincount((true.ravel().astype(np.int64) * classes + predicted.ravel()), minlength=classes**2)
    table = pairs.reshape(classes, classes)
    either = table.sum(0) + table.sum(1) - table.diagonal()
    occurs = either > 0
    return float(np.mean(table.diagonal()[occurs] / either[occurs]))


def mean_average_precision(
    found: Mapping[str, ArrayLike], boxes: ArrayLike, labels: ArrayLike, *, classes: int, overlap: float = 0.5
) -> float:
    """Take the mean over classes of the area under precision over recall.

    Found boxes of a class are taken by falling score. Each is right if it overlaps a true box of its picture and class,
    not taken yet, by IoU >= overlap. The area is under the precision made falling, as in VOC since 2010.

    Args:
        found: "boxes" (n, k, 4), "labels" (n, k) and "scores" (n, k) of n pictures.
        boxes: (n, objects, 4), the true boxes in the same order of corners.
        labels: (n, objects), below 0 where there is none.
        classes: how many there are.
        overlap: least intersection over union.

    Returns:
        The mean over the classes that occur among the true boxes; 0 if none does.

    Examples:
        >>> box = np.array([[[0.0, 0.0, 4.0, 4.0]]])
        >>> found = {"boxes": box, "labels": np.array([[1]]), "scores": np.array([[0.9]])}
        >>> mean_average_precision(found, box, np.array([[1]]), classes=2)
        1.0

    References:
        Everingham et al. (2010), "The Pascal visual object classes (VOC) challenge", section 4.2.
    """
    given = {name: np.asarray(found[name]) for name in ("boxes", "labels", "scores")}
    boxes, labels = np.asarray(boxes), np.asarray(labels)
    values = [_average_precision(given, boxes, labels, c, overlap) for c in range(classes) if np.any(labels == c)]
    return float(np.mean(values)) if values else 0.0


def _average_precision(found: Mapping[str, np.ndarray], boxes, labels, chosen: int, overlap: float) -> float:
    """The area of one class."""
    picture, place = np.nonzero(found["labels"] == chosen)
    order = np.argsort(-found["scores"][picture, place], kind="stable")
    free = labels == chosen
    total, right = int(free.sum()), np.zeros(len(order), bool)
    for rank, i in enumerate(order):
        n = picture[i]
        if not free[n].any():
            continue
        shared = np.where(free[n], _iou(found["boxes"][n, place[i]], boxes[n]), 0)
        best = int(shared.argmax())
        if shared[best] >= overlap:
            right[rank], free[n, best] = True, False
    hits = np.cumsum(right)
    recall = np.concatenate([[0], hits / total])
    precision = hits / np.arange(1, len(order) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall) * falling))


def _iou(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of a box (4,) and others (n, 4)."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), -1)
    areas = np.prod(np.maximum(others[:, 2:] - others[:, :2], 0), -1)
    return shared / np.maximum(np.prod(np.maximum(box[2:] - box[:2], 0)) + areas - shared, 1e-9)
