"""Pictures as arrays: the photograph that ships with scikit-image, and any file that Pillow reads."""

from errno import ENAMETOOLONG
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from skimage import data

from jconv.cli.errors import InputError

# Larger pictures are cropped to their middle: a kernel of 49 taps needs no more than a million equations.
LARGEST_SIDE = 1024
# Rec. 601, as Pillow turns colour into grey.
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def camera() -> np.ndarray:
    """Give scikit-image's "camera" photograph, which its package brings along: `(512, 512, 1)`."""
    return data.camera().astype(np.float32)[..., None] / 255


def read_picture(path: Path, option: str) -> np.ndarray:
    """Read a picture.

    Args:
        path: of a PNG, a JPEG, or whatever else Pillow reads.
        option: the command's option that named it, for messages.

    Returns:
        `(height, width, 1)` for grey and `(height, width, 3)` for colour, float32 in [0, 1], turned
        upright as the camera noted; transparency is dropped.

    Raises:
        InputError: if there is no such file, or no picture in it.
    """
    try:
        if not path.exists():
            raise InputError(f"{option} {path}: no such file. Give the path of a PNG or JPEG picture.")
        if path.is_dir():
            raise InputError(f"{option} {path}: this is a folder. Give the path of one PNG or JPEG picture.")
        if not path.is_file():
            raise InputError(f"{option} {path}: this is no regular file. Give the path of a PNG or JPEG picture.")
        if path.stat().st_size == 0:
            raise InputError(f"{option} {path}: the file is empty. Save the picture again as PNG or JPEG.")
        with Image.open(path) as opened:
            picture = ImageOps.exif_transpose(opened)
            pixels = _pixels(picture)
    except PermissionError:
        raise InputError(
            f"{option} {path}: no permission to read it. Change it with chmod, or copy the file."
        ) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, InputError) or getattr(error, "errno", None) == ENAMETOOLONG:
            raise
        reason = "not a picture" if isinstance(error, UnidentifiedImageError) else str(error).rstrip(".")
        raise InputError(
            f"{option} {path}: cannot be read ({reason}). Open it in a viewer and save it as PNG or JPEG."
        ) from None
    if not np.all(np.isfinite(pixels)):
        raise InputError(f"{option} {path}: some pixels are not finite numbers. Save it as PNG or JPEG.")
    if pixels.size == 0:
        raise InputError(f"{option} {path}: the picture has no pixels. Save it again as PNG or JPEG.")
    return pixels


def _pixels(picture: Image.Image) -> np.ndarray:
    """Give a Pillow picture's values in [0, 1]; 16-bit grey keeps its depth."""
    if picture.mode.startswith("I"):
        return np.asarray(picture, np.float32)[..., None] / 65535
    if picture.mode == "F":
        return np.asarray(picture, np.float32)[..., None]
    grey = picture.mode in ("1", "L", "LA", "La")
    pixels = np.asarray(picture.convert("L" if grey else "RGB"), np.float32) / 255
    return pixels[..., None] if grey else pixels


def grey(picture: np.ndarray) -> np.ndarray:
    """Give a picture's brightness, `(height, width, 1)`."""
    return picture if picture.shape[-1] == 1 else (picture @ LUMA)[..., None]


def middle(picture: np.ndarray) -> np.ndarray:
    """Give the middle of a picture too large to learn from as a whole."""
    starts = [max(0, size - LARGEST_SIDE) // 2 for size in picture.shape[:2]]
    return picture[starts[0] : starts[0] + LARGEST_SIDE, starts[1] : starts[1] + LARGEST_SIDE]


def size_words(picture: np.ndarray) -> str:
    """Say a picture's size as people do, width first."""
    return f"{picture.shape[1]} x {picture.shape[0]}"
