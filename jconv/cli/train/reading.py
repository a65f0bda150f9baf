"""A user's own data for `jconv train`, and his files for `jconv predict`; every mistake in them is told in one line."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from jconv.cli.errors import InputError
from jconv.cli.train.files import (
    PICTURES,
    common_side,
    fitted,
    in_frames,
    opened,
    pictures_in,
    read_arrays,
    read_picture,
    read_video,
    resized,
    size_words,
    with_channels,
)
from jconv.cli.train.sounds import read_sound
from jconv.cli.train.task import Kind
from jconv.data import Dataset, split

FRAMES = 12
LEAST = 2  # examples of each class: one to train on, one held out


def classes_of(path: Path, read: Callable[[Path], tuple[np.ndarray, np.ndarray, tuple[str, ...], dict]] | None):
    """Read a folder of class folders by `read`, or an .npz of `x` and `y`; hold a fifth of each class out.

    Raises:
        InputError: nothing there, one class only, or files that cannot be read.
    """
    if path.suffix == ".npz":
        inputs, labels, names, facts = _arrays(path)
    elif read is None:
        raise InputError(f"--data {path}: give an .npz with the arrays x (n, length, channels) and y (n,).")
    else:
        inputs, labels, names, facts = read(_folder(path))
    counts = np.bincount(labels, minlength=len(names))
    if len(names) < 2:
        raise InputError(f"--data {path}: there is one class only ({', '.join(names)}). Give at least two.")
    if counts.min() < LEAST:
        few = names[int(counts.argmin())]
        raise InputError(f"--data {path}: class {few} has {counts.min()} examples. Give at least {LEAST} of each.")
    train, test = split(inputs, labels)
    return Dataset(path.name, train, test, names, f"From {path.name}; a fifth of each class is held out.", facts)


def picture_classes(path: Path) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], dict]:
    """Read a folder of class folders of pictures."""
    files, labels, names = _by_class(path, lambda file: file.suffix.lower() in PICTURES, "pictures")
    return _same_size([read_picture(file) for file in files]), labels, names, {}


def video_classes(path: Path) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], dict]:
    """Read a folder of class folders of GIFs or of folders of frames."""
    files, labels, names = _by_class(path, lambda file: file.is_dir() or file.suffix.lower() == ".gif", "videos")
    return _videos([read_video(file) for file in files]), labels, names, {}


def sound_classes(path: Path) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], dict]:
    """Read a folder of class folders of WAV files of one rate."""
    files, labels, names = _by_class(path, lambda file: file.suffix.lower() == ".wav", "WAV files")
    rate, _ = read_sound(files[0])
    sounds = [read_sound(file, rate)[1] for file in files]
    length = max(map(len, sounds))
    return np.stack([fitted(sound, length) for sound in sounds]), labels, names, {"rate": rate}


def masks_of(path: Path) -> Dataset:
    """Read `pictures/` and `masks/`: a mask has its picture's name, and class numbers as grey levels."""
    folder = _folder(path)
    files = pictures_in(folder / "pictures", "pictures")
    pictures, masks = [read_picture(file) for file in files], []
    for file, picture in zip(files, pictures, strict=True):
        mask = folder / "masks" / f"{file.stem}.png"
        if not mask.exists():
            raise InputError(f"--data {path}: there is no masks/{mask.name} for the picture {file.name}.")
        with opened(mask) as image:
            levels = np.asarray(image)
        if levels.shape != picture.shape[:2]:
            raise InputError(
                f"--data {path}: masks/{mask.name} is {size_words(levels)}, its picture {size_words(picture)}. "
                "Give one size, and class numbers as grey levels."
            )
        masks.append(levels.astype(np.int32))
    side = common_side(pictures)
    inputs = np.stack([resized(p, side) for p in pictures])
    labels = np.stack([resized(m, side, Image.Resampling.NEAREST) for m in masks])
    names = tuple(f"class {k}" for k in range(max(int(labels.max()) + 1, 2)))
    train, test = split(inputs, labels)
    if not len(test[0]):
        raise InputError(f"--data {path}: one picture only. Give at least two: one is held out.")
    return Dataset(path.name, train, test, names, f"From {path.name}; a fifth of the pictures is held out.")


def boxes_of(path: Path) -> Dataset:
    """Read pictures, and `boxes.json` as COCO has it: images, annotations with bbox (left, top, width, height)."""
    folder = _folder(path)
    table = _json(folder / "boxes.json", path)
    try:
        kinds = {kind["id"]: kind["name"] for kind in table["categories"]}
        images = {image["id"]: image["file_name"] for image in table["images"]}
        found: dict[int, list[tuple[int, list[float]]]] = {i: [] for i in images}
        numbers = {k: i for i, k in enumerate(kinds)}
        for one in table["annotations"]:
            found[one["image_id"]].append((numbers[one["category_id"]], [float(v) for v in one["bbox"]]))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"--data {path}: boxes.json lacks {error}. It needs images (id, file_name), categories (id, name) and "
            "annotations (image_id, category_id, bbox), as COCO has them."
        ) from None
    if not images:
        raise InputError(f"--data {path}: boxes.json names no pictures.")
    pictures = [read_picture(folder / name) for name in images.values()]
    side, most = common_side(pictures), max(1, *map(len, found.values()))
    boxes, labels = np.zeros((len(images), most, 4), np.float32), np.full((len(images), most), -1, np.int32)
    for n, ((i, name), picture) in enumerate(zip(images.items(), pictures, strict=True)):
        height, width = picture.shape[:2]
        for k, (label, (left, top, wide, high)) in enumerate(found[i]):
            if left < 0 or top < 0 or left + wide > width or top + high > height or wide <= 0 or high <= 0:
                raise InputError(
                    f"--data {path}: the box {[left, top, wide, high]} of {name} is empty or outside of the picture "
                    f"({size_words(picture)}). A bbox is left, top, width, height in pixels."
                )
            scale = np.array([side[0] / height, side[1] / width] * 2)
            boxes[n, k] = np.array([top, left, top + high, left + wide]) * scale
            labels[n, k] = label
    train, test = split(np.stack([resized(p, side) for p in pictures]), boxes, labels)
    if not len(test[0]):
        raise InputError(f"--data {path}: one picture only. Give at least two: one is held out.")
    about = f"From {path.name}; a fifth of the pictures is held out."
    return Dataset(path.name, train, test, tuple(kinds.values()), about)


def pictures_like(paths: Sequence[Path], kind: Kind) -> np.ndarray:
    """Read pictures as a model takes them: its size and its number of channels."""
    return np.stack(
        [with_channels(resized(read_picture(p), kind.input_shape[:2]), kind.input_shape[-1]) for p in paths]
    )


def videos_like(paths: Sequence[Path], kind: Kind) -> np.ndarray:
    """Read videos as a model takes them."""
    frames, height, width, channels = kind.input_shape
    return np.stack([with_channels(in_frames(read_video(p), frames, (height, width)), channels) for p in paths])


def sounds_like(paths: Sequence[Path], kind: Kind) -> np.ndarray:
    """Read sounds of the model's rate, cut or filled up to its length."""
    return np.stack([fitted(read_sound(p, kind.facts["rate"])[1], kind.input_shape[0]) for p in paths])


def sequences_like(paths: Sequence[Path], kind: Kind) -> np.ndarray:
    """Read sequences: the array x of an .npz, or pictures row by row where the model was trained on such."""
    if paths[0].suffix == ".npz":
        x, _ = read_arrays(paths[0], False)
        if x.shape[1:] != kind.input_shape:
            raise InputError(f"{paths[0]}: x has shape {x.shape}; give (n, {', '.join(map(str, kind.input_shape))}).")
        return x
    picture = kind.facts.get("picture")
    if picture is None:
        raise InputError(f"{paths[0]}: give an .npz with the array x (n, length, channels).")
    as_pictures = Kind((*picture, 1), kind.classes, {})
    return pictures_like(paths, as_pictures).reshape(len(paths), *kind.input_shape)


def _folder(path: Path) -> Path:
    """Refuse what is no folder."""
    if not path.is_dir():
        raise InputError(f"--data {path}: there is no such folder. Give a folder, or an .npz with the arrays x and y.")
    return path


def _by_class(path: Path, wanted: Callable[[Path], bool], what: str) -> tuple[list[Path], np.ndarray, tuple[str, ...]]:
    """Give the files of class folders, their classes' numbers, and the classes' names."""
    folders = sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not folders:
        raise InputError(f"--data {path}: it has no folders. Give one folder of {what} for each class.")
    files, labels = [], []
    for number, folder in enumerate(folders):
        inside = sorted(p for p in folder.iterdir() if wanted(p) and not p.name.startswith("."))
        if not inside:
            raise InputError(f"--data {path}: the folder {folder.name} has no {what}. Fill it, or take it away.")
        files += inside
        labels += [number] * len(inside)
    return files, np.array(labels, np.int32), tuple(folder.name for folder in folders)


def _videos(videos: list[list[np.ndarray]]) -> np.ndarray:
    """Give videos one size, number of frames, and number of channels."""
    firsts = [video[0] for video in videos]
    channels = max(f.shape[-1] for f in firsts)
    return np.stack([with_channels(in_frames(video, FRAMES, common_side(firsts)), channels) for video in videos])


def _same_size(pictures: list[np.ndarray]) -> np.ndarray:
    """Give pictures one size and number of channels."""
    side, channels = common_side(pictures), max(p.shape[-1] for p in pictures)
    return np.stack([with_channels(resized(p, side), channels) for p in pictures])


def _arrays(path: Path) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], dict]:
    """Read the arrays x and y of an .npz."""
    x, y = read_arrays(path, True)
    if y.ndim != 1 or len(x) != len(y) or y.dtype.kind not in "iu" or (y.size and y.min() < 0):
        raise InputError(
            f"--data {path}: y has shape {y.shape} and dtype {y.dtype}; give a class, 0 or more, for each of the "
            f"{len(x)} examples."
        )
    return x, y.astype(np.int32), tuple(map(str, range(int(y.max(initial=0)) + 1))), {}


def _json(path: Path, data: Path) -> dict:
    """Read a JSON file."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        raise InputError(f"--data {data}: there is no boxes.json in it, with boxes as COCO has them.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"--data {data}: boxes.json cannot be read ({error}).") from None
