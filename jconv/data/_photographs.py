"""photographs: pictures that scikit-image and scikit-learn ship, some for training and others held out."""

import numpy as np
import skimage.data
from sklearn.datasets import load_sample_image

TRAIN = ("astronaut", "brick", "chelsea", "coffee", "gravel", "rocket")
HELD_OUT = ("camera", "grass", "moon")
HELD_OUT_OF_SKLEARN = ("china.jpg", "flower.jpg")


def photographs(*, held_out: bool = False) -> tuple[np.ndarray, ...]:
    """Read photographs that packages ship.

    Args:
        held_out: the ones to test with; no picture is in both sets.

    Returns:
        Pictures `(height, width, 3)` in [0, 1], float32; grey ones have three equal channels.

    Examples:
        >>> [picture.shape for picture in photographs(held_out=True)][:2]
        [(512, 512, 3), (512, 512, 3)]
    """
    found = [getattr(skimage.data, name)() for name in (HELD_OUT if held_out else TRAIN)]
    if held_out:
        found += [load_sample_image(name) for name in HELD_OUT_OF_SKLEARN]
    return tuple(_in_colour(picture) for picture in found)


def _in_colour(picture: np.ndarray) -> np.ndarray:
    """Give three channels in [0, 1]."""
    if picture.ndim == 2:
        picture = np.broadcast_to(picture[..., None], (*picture.shape, 3))
    return picture.astype(np.float32) / 255
