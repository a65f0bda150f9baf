"""What CenterNet is trained on, by, and how boxes come out of it: pure functions of arrays.

A box is (top, left, bottom, right) in pixels: y, x, y, x. Pixel i reaches from i to i + 1.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from jconv._typing import Array, ArrayLike, Ints
from jconv.ops._max_pool import max_pool

# A centre so near that the box, moved there, still overlaps the true one by so much is only half a mistake.
OVERLAP = 0.7


def centernet_targets(
    boxes: ArrayLike, labels: ArrayLike, *, size: Ints, classes: int, stride: int = 4
) -> dict[str, Array]:
    """Make what `CenterNet` should say of a picture.

    heatmap[y, x, c] = max over the objects of class c of  exp(-((y - cy)^2 + (x - cx)^2) / (2 sigma^2)), where
    (cy, cx) is the cell of the centre and 6 sigma = 2 r + 1, with the largest r by which two opposite corners may be
    moved while the boxes overlap by 0.7.

    Args:
        boxes: (*batch, objects, 4), (top, left, bottom, right) in pixels.
        labels: (*batch, objects), the classes; below 0 where there is no object, so that all pictures have as many.
        size: (height, width) of the pictures in pixels.
        classes: kinds of objects.
        stride: pixels per cell.

    Returns:
        heatmap (*batch, *grid, classes); size and offset (*batch, *grid, 2), as `CenterNet` gives them; mask
        (*batch, *grid), 1 in the cells of centres. Of objects whose centres share a cell one is kept in size and
        offset.

    Examples:
        >>> targets = centernet_targets([[8, 8, 24, 16]], [1], size=(32, 32), classes=3)
        >>> targets["heatmap"].shape, targets["size"][4, 3], targets["offset"][4, 3]
        ((8, 8, 3), Array([4., 2.], dtype=float32), Array([0., 0.], dtype=float32))

    References:
        Zhou, Wang and Krahenbuhl, "Objects as points", arXiv:1904.07850; Law and Deng, "CornerNet", arXiv:1808.01244.
    """
    boxes, labels = jnp.asarray(boxes, float), jnp.asarray(labels)
    grid = tuple(-(-n // stride) for n in size)

    def one(boxes: Array, labels: Array) -> dict[str, Array]:
        corners = boxes.reshape(-1, 2, 2) / stride
        centres, sides = corners.mean(1), jnp.maximum(corners[:, 1] - corners[:, 0], 1e-3)
        last = jnp.asarray(grid)[None] - 1
        cells = jnp.clip(jnp.floor(centres).astype(int), 0, last)
        y, x = (jnp.arange(n)[None] - cells[:, axis, None] for axis, n in enumerate(grid))  # [objects, n]
        sigma = ((2 * _radius(sides) + 1) / 6)[:, None, None]
        bumps = jnp.exp(-((y[:, :, None] ** 2 + x[:, None, :] ** 2) / (2 * sigma**2)))
        of_class = labels[:, None] == jnp.arange(classes)[None]
        heatmap = jnp.max(jnp.where(of_class[:, None, None, :], bumps[..., None], 0), 0, initial=0)
        at = tuple(jnp.where(labels >= 0, cells[:, axis], n) for axis, n in enumerate(grid))  # beyond: dropped
        zeros = jnp.zeros((*grid, 2), boxes.dtype)
        return {
            "heatmap": heatmap,
            "mask": jnp.zeros(grid, boxes.dtype).at[at].set(1, mode="drop"),
            "offset": zeros.at[at].set(centres - cells, mode="drop"),
            "size": zeros.at[at].set(sides, mode="drop"),
        }

    for _ in range(labels.ndim - 1):
        one = jax.vmap(one)
    return one(boxes, labels)


def _radius(sides: Array) -> Array:
    """How far corners (objects, 2) of boxes may be off: both inwards, both outwards, or one each; [objects]."""
    t, add, product = OVERLAP, sides.sum(-1), sides.prod(-1)
    shifted = (add - jnp.sqrt(add**2 - 4 * product * (1 - t) / (1 + t))) / 2
    inwards = (add - jnp.sqrt(add**2 - 4 * product * (1 - t))) / 4
    outwards = (jnp.sqrt(add**2 + 4 * product * (1 - t) / t) - add) / 4
    return jnp.minimum(jnp.minimum(shifted, inwards), outwards)


def focal_loss(logits: ArrayLike, heatmap: ArrayLike, *, alpha: float = 2.0, beta: float = 4.0) -> Array:
    """Compare logits with heatmaps of Gaussians, by the penalty-reduced focal loss.

    With p = sigmoid(logit) the sum of  -(1 - p)^alpha log p  where the heatmap is 1, and of
    -(1 - heatmap)^beta p^alpha log(1 - p)  elsewhere.

    Args:
        logits: of any shape.
        heatmap: of the same shape, from 0 to 1.
        alpha: how much easy cells count for less.
        beta: how much the neighbourhood of centres counts for less.

    Returns:
        (), the sum, in float32 at least.

    Examples:
        >>> focal_loss(jnp.array([0.0, 0.0]), jnp.array([1.0, 0.0])).round(4)
        Array(0.3466, dtype=float32)

    References:
        Lin et al., "Focal loss for dense object detection", arXiv:1708.02002; Law and Deng, arXiv:1808.01244.
    """
    logits, heatmap = jnp.asarray(logits), jnp.asarray(heatmap)
    logits = logits.astype(jnp.promote_types(logits.dtype, jnp.float32))
    p, log_p, log_not_p = jax.nn.sigmoid(logits), jax.nn.log_sigmoid(logits), jax.nn.log_sigmoid(-logits)
    missed = (1 - p) ** alpha * log_p
    invented = (1 - heatmap) ** beta * p**alpha * log_not_p
    return -jnp.where(heatmap == 1, missed, invented).sum()


def centernet_loss(
    outputs: Mapping[str, Array],
    targets: Mapping[str, Array],
    *,
    size_weight: float = 0.1,
    offset_weight: float = 1.0,
) -> Array:
    """Compare what `CenterNet` says with what it should say.

    loss = (focal + size_weight * |size - true size| + offset_weight * |offset - true offset|) / objects, the last two
    summed over the cells of centres.

    Args:
        outputs: of `CenterNet`.
        targets: of `centernet_targets`, of the same pictures.
        size_weight: of the sizes, which are in cells.
        offset_weight: of the offsets.

    Returns:
        (), in float32 at least.

    Examples:
        >>> targets = centernet_targets([[[8, 8, 24, 16]]], [[1]], size=(32, 32), classes=3)
        >>> outputs = targets | {"heatmap": 50 * (2 * (targets["heatmap"] == 1) - 1.0)}
        >>> centernet_loss(outputs, targets)
        Array(0., dtype=float32)

    References:
        Zhou, Wang and Krahenbuhl, "Objects as points", arXiv:1904.07850.
    """
    mask = targets["mask"]
    objects = jnp.maximum(mask.sum(), 1)

    def absolute(name: str) -> Array:
        return (jnp.abs(outputs[name] - targets[name].astype(outputs[name].dtype)) * mask[..., None]).sum()

    focal = focal_loss(outputs["heatmap"], targets["heatmap"])
    return (focal + size_weight * absolute("size") + offset_weight * absolute("offset")) / objects


def centernet_decode(outputs: Mapping[str, Array], *, stride: int = 4, most: int = 50) -> dict[str, Array]:
    """Read boxes off what `CenterNet` says: the highest peaks, with the size and the offset that stand there.

    A peak is a cell that no neighbour of the same class exceeds: heatmap = max_pool(heatmap, 3 x 3). This stands for
    the suppression of overlapping boxes that other detectors need.

    Args:
        outputs: of `CenterNet`.
        stride: pixels per cell.
        most: boxes per picture; fewer, if the grid has fewer cells times classes.

    Returns:
        boxes (batch, most, 4), (top, left, bottom, right) in pixels; labels (batch, most); scores (batch, most), from
        1 to 0, falling: the caller says from what score on he believes.

    Examples:
        >>> targets = centernet_targets([[[8, 8, 24, 16]]], [[1]], size=(32, 32), classes=3)
        >>> outputs = targets | {"heatmap": 50 * (2 * targets["heatmap"] - 1)}
        >>> found = centernet_decode(outputs, most=1)
        >>> found["boxes"], found["labels"]
        (Array([[[ 8.,  8., 24., 16.]]], dtype=float32), Array([[1]], dtype=int32))

    References:
        Zhou, Wang and Krahenbuhl, "Objects as points", arXiv:1904.07850.
    """
    logits = outputs["heatmap"].astype(jnp.promote_types(outputs["heatmap"].dtype, jnp.float32))
    _, height, width, classes = logits.shape
    peaks = jnp.where(max_pool(logits, (3, 3), stride=1, padding="SAME") == logits, logits, -jnp.inf)
    scores, at = jax.lax.top_k(peaks.reshape(len(peaks), -1), min(most, height * width * classes))
    cells, labels = at // classes, at % classes

    def picked(name: str) -> Array:
        there = outputs[name].reshape(len(at), -1, 2)
        return jnp.take_along_axis(there, cells[..., None], 1).astype(logits.dtype)

    corners = jnp.stack([cells // width, cells % width], -1).astype(logits.dtype)
    centres, half = corners + picked("offset"), jnp.maximum(picked("size"), 0) / 2
    boxes = jnp.concatenate([centres - half, centres + half], -1) * stride
    return {"boxes": boxes, "labels": labels.astype(jnp.int32), "scores": jax.nn.sigmoid(scores)}
