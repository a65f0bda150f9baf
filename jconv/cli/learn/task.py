"""What `jconv learn` is asked, and the pictures made ready for it. The learner sees only these."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np

from jconv._typing import ArrayLike
from jconv._verbs.conv import conv
from jconv.cli.errors import InputError
from jconv.cli.learn import pictures
from jconv.cli.options import NAMED_FILTERS, LearnOptions

NUMPY_MODES: Mapping[str, Literal["constant", "reflect", "symmetric", "edge", "wrap"]] = MappingProxyType(
    {"zeros": "constant", "reflect": "reflect", "symmetric": "symmetric", "edge": "edge", "wrap": "wrap"}
)


@dataclass(frozen=True)
class Task:
    """Pictures to learn from.

    Args:
        image: `(height, width, channels)` in [0, 1].
        target: the filtered picture at the outputs' pixels, `(height', width', channels)`.
        inputs: `(channels, *, *, 1)`: each channel a picture of its own, as all share the kernel; centred,
            in units of its standard deviation, and with the border that the padding mode asks for.
        targets: `(channels, height', width', 1)`, centred, in the same unit, so that the kernel is the same.
        weights: of the targets' shape, 0 where the target may be clipped; None: all count.
        truth: the true kernel, None if only its result is known.
        mean: of the image.
        unit: standard deviation of the image.
        target_mean: of the target.
        notes: what the user should know.
    """

    image: np.ndarray
    target: np.ndarray
    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None
    truth: np.ndarray | None
    mean: float
    unit: float
    target_mean: float
    notes: tuple[str, ...]

    def in_picture_units(self, outputs: ArrayLike) -> np.ndarray:
        """Give a model's `(channels, height', width', 1)` as a picture, `(height', width', channels)`."""
        return np.moveaxis(np.asarray(outputs)[..., 0], 0, -1) * self.unit + self.target_mean


def prepare(options: LearnOptions) -> Task:
    """Read the pictures, or filter one, and bring them into the form to learn from.

    Args:
        options: of the command.

    Returns:
        The task.

    Raises:
        InputError: for a picture or an option that cannot be used.
    """
    image = pictures.camera() if options.image is None else pictures.read_picture(options.image, "--image")
    notes = []
    if options.target in NAMED_FILTERS:
        target, truth = image, np.asarray(NAMED_FILTERS[options.target](), np.float32)
    else:
        target, truth = _read_target(options, image), None
        if image.shape[-1] != target.shape[-1]:
            image, target = pictures.grey(image), pictures.grey(target)
            notes.append("one picture is grey and one is in colour: both are taken as grey")
    if image.shape[:2] == (1, 1):
        raise InputError(
            f"--image {options.image}: a single pixel, which tells nothing of a filter. Give a larger picture."
        )
    if min(image.shape[:2]) < options.kernel_size:
        raise InputError(
            f"--kernel-size {options.kernel_size}: larger than the picture ({pictures.size_words(image)}). "
            f"Give at most {min(image.shape[:2])}."
        )
    if pictures.middle(image).shape != image.shape:
        notes.append(f"of the picture, {pictures.size_words(image)}, the middle {pictures.LARGEST_SIDE} are used")
    image = pictures.middle(image)
    target = pictures.middle(target) if truth is None else _filtered(image, truth, options)
    if options.noise:
        rng = np.random.default_rng(options.seed)
        target = target + np.float32(options.noise) * rng.standard_normal(target.shape, np.float32)
    return _centred(image, target, truth, options, notes)


def _read_target(options: LearnOptions, image: np.ndarray) -> np.ndarray:
    """Read the picture that another program made from the image, `(height, width, channels)`."""
    path = Path(options.target)
    if not path.exists() and not path.suffix and len(path.parts) == 1:
        raise InputError(
            f"--target {options.target}: unknown filter. Give one of {', '.join(NAMED_FILTERS)}; "
            "or the path of a picture made from the image."
        )
    target = pictures.read_picture(path, "--target")
    if target.shape[:2] != image.shape[:2]:
        raise InputError(
            f"--target {path}: {pictures.size_words(target)}, but the image is {pictures.size_words(image)}. "
            "Give two pictures of the same size, the target made from the whole image."
        )
    return target


def _filtered(image: np.ndarray, truth: np.ndarray, options: LearnOptions) -> np.ndarray:
    """Apply the filter that the learner is not told, to every channel alike."""
    if min(image.shape[:2]) < max(truth.shape):
        raise InputError(
            f"--image: {pictures.size_words(image)} is smaller than the filter {options.target}, "
            f"{truth.shape[1]} x {truth.shape[0]}. Give a larger picture."
        )
    filtered = conv(
        np.moveaxis(image, -1, 0)[..., None],
        truth[:, :, None, None],
        padding="SAME",
        padding_mode="reflect" if options.padding_mode == "none" else options.padding_mode,
        precision="highest",
    )
    return np.moveaxis(np.asarray(filtered)[..., 0], 0, -1)


def _centred(
    image: np.ndarray, target: np.ndarray, truth: np.ndarray | None, options: LearnOptions, notes: list[str]
) -> Task:
    """Give the task of pictures `(height, width, channels)`, in the form that the learner takes them.

    The border is cropped from the target or added to the inputs; clipped pixels are left out.
    """
    low, high = (options.kernel_size - 1) // 2, options.kernel_size // 2
    inputs = image
    if options.padding_mode == "none":
        target = target[low : target.shape[0] - high, low : target.shape[1] - high]
    else:
        inputs = np.pad(image, [(low, high), (low, high), (0, 0)], mode=NUMPY_MODES[options.padding_mode])
    weights = None
    if truth is None and options.model != "deep":
        # A program that saves a picture clips it at black and white; such pixels are no linear equations.
        weights = ((target > 0) & (target < 1)).astype(np.float32)
        if np.sum(weights) < max(20 * options.kernel_size**2, 0.001 * weights.size):
            raise InputError(
                f"--target {options.target}: nearly every pixel is pure black or white, which tells "
                "nothing of a kernel. Give a target with greys, or --model deep."
            )
        clipped = 1 - np.mean(weights)
        if clipped > 0.005:
            notes.append(f"{clipped:.0%} of the target is pure black or white, perhaps clipped: left out")
    mean, unit = float(np.mean(image)), float(np.std(image))
    if unit < 1e-4:
        raise InputError("--image: the picture is of one colour, so that every filter fits. Give one with detail.")
    target_mean = float(np.average(target, weights=weights))
    return Task(
        image=image,
        target=target,
        inputs=_as_batch((inputs - mean) / unit),
        targets=_as_batch((target - target_mean) / unit),
        weights=None if weights is None else _as_batch(weights),
        truth=truth,
        mean=mean,
        unit=unit,
        target_mean=target_mean,
        notes=tuple(notes),
    )


def _as_batch(picture: np.ndarray) -> np.ndarray:
    """Give the channels of a picture `(height, width, channels)` as pictures, `(channels, height, width, 1)`."""
    return np.ascontiguousarray(np.moveaxis(picture, -1, 0)[..., None], np.float32)
