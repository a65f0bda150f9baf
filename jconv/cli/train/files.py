"""A user's own files as arrays: pictures, videos, arrays; every mistake in them is told in one line."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence, UnidentifiedImageError

from jconv.cli.errors import InputError

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
SIDE = 64  # pictures of different sizes are brought to this


def pictures_in(folder: Path, what: str) -> list[Path]:
    """Give the pictures of a folder by name."""
    files = sorted(p for p in folder.glob("*") if p.suffix.lower() in PICTURES) if folder.is_dir() else []
    if not files:
        raise InputError(f"--data {folder}: there are no {what}. Give a folder with some ({', '.join(PICTURES)}).")
    return files


def opened(path: Path) -> Image.Image:
    """Open a picture."""
    try:
        image = Image.open(path)
        image.load()
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file.") from None
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError, SyntaxError):
        raise InputError(f"{path}: cannot be read as a picture. Mend it, or take it away.") from None
    return image


def read_picture(path: Path) -> np.ndarray:
    """Read a picture as (height, width, 1 or 3) in [0, 1]."""
    with opened(path) as image:
        grey = image.mode in ("1", "L", "I;16", "I", "F", "LA")
        array = np.asarray(image.convert("L" if grey else "RGB"), np.float32) / 255
    return array[..., None] if grey else array


def read_video(path: Path) -> list[np.ndarray]:
    """Read the frames of a GIF, or of a folder of pictures by name."""
    if path.is_dir():
        frames = [read_picture(file) for file in pictures_in(path, "frames")]
    elif path.suffix.lower() in PICTURES:
        with opened(path) as image:
            frames = [np.asarray(f.convert("RGB"), np.float32) / 255 for f in ImageSequence.Iterator(image)]
    else:
        raise InputError(f"{path}: give a GIF, or a folder of frames.")
    channels = max(f.shape[-1] for f in frames)
    return [with_channels(f, channels) for f in frames]


def in_frames(video: list[np.ndarray], count: int, side: tuple[int, ...]) -> np.ndarray:
    """Give so many frames, evenly spaced, of one size."""
    chosen = np.linspace(0, len(video) - 1, count).round().astype(int)
    return np.stack([resized(video[i], side) for i in chosen])


def common_side(pictures: Sequence[np.ndarray]) -> tuple[int, int]:
    """Give the size that all have, up to a multiple of 8; or 64x64."""
    sizes = {p.shape[:2] for p in pictures}
    if len(sizes) > 1:
        return SIDE, SIDE
    height, width = sizes.pop()
    return max(8, height // 8 * 8), max(8, width // 8 * 8)


def resized(array: np.ndarray, side: Sequence[int], how: Image.Resampling = Image.Resampling.BILINEAR) -> np.ndarray:
    """Give a picture (height, width[, channels]) another size."""
    if array.shape[:2] == tuple(side):
        return array
    planes = array[..., None] if array.ndim == 2 else array
    size = (side[1], side[0])
    parts = [
        np.asarray(Image.fromarray(np.ascontiguousarray(planes[..., c])).resize(size, how))
        for c in range(planes.shape[-1])
    ]
    made = np.stack(parts, -1).astype(array.dtype)
    return made[..., 0] if array.ndim == 2 else made


def with_channels(array: np.ndarray, count: int) -> np.ndarray:
    """Give 1 or 3 channels."""
    if array.shape[-1] == count:
        return array
    if count == 1:
        return array @ np.array([[0.299], [0.587], [0.114]], np.float32)
    return np.repeat(array, count, -1)


def fitted(sound: np.ndarray, length: int) -> np.ndarray:
    """Cut a sound, or fill it up with silence."""
    return np.pad(sound[:length], (0, max(0, length - len(sound))))


def read_arrays(path: Path, both: bool) -> tuple[np.ndarray, np.ndarray]:
    """Read x as float32, and y."""
    try:
        with np.load(path, allow_pickle=False) as file:
            x, y = file["x"], file["y"] if both else np.zeros(0)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file.") from None
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise InputError(f"{path}: cannot be read ({error}). Give an .npz with the arrays x and y.") from None
    return (x / 255 if x.dtype == np.uint8 else x).astype(np.float32), y


def size_words(array: np.ndarray) -> str:
    """Say a picture's size."""
    return f"{array.shape[1]} x {array.shape[0]}"
