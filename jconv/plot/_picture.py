"""Pictures as matplotlib wants them: any range, grey or colour, and their captions."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from jconv._typing import ArrayLike
from jconv.plot._style import GREEN, INK, VERMILION, bare, heading

SMALL = 128  # pixels: below, they are shown as squares, not smoothed


def display_range(picture: np.ndarray) -> tuple[float, float]:
    """Give black and white for any picture: 0 and 1 if it keeps to them, else with zero as middle grey."""
    low, high = np.quantile(picture, [0.002, 0.998])
    if low >= -0.01 and high <= 1.01:
        return 0.0, 1.0
    if low < 0 and abs(np.mean(picture)) < 0.1 * (high - low):  # a derivative
        reach = float(max(-low, high))
        return -reach, reach
    return float(low), float(high)


def as_pictures(verb: str, pictures: ArrayLike, rank: int = 3) -> np.ndarray:
    """Give pictures `(n, ..., height, width, 1 or 3)` in [0, 1]; channels may be missing, and integers mean 0 to 255.

    Args:
        verb: for messages.
        pictures: `(n, ..., height, width)` or with channels last.
        rank: axes of one of them, with channels.

    Returns:
        Floats, with `rank + 1` axes, all on one scale.

    Raises:
        ValueError: they have other axes, or neither 1 nor 3 channels.
    """
    array = np.asarray(pictures)
    if array.ndim == rank:
        array = array[..., None]
    if array.ndim != rank + 1 or array.shape[-1] not in (1, 3):
        wanted = "n, frames, height, width, 1 or 3" if rank == 4 else "n, height, width, 1 or 3"
        raise ValueError(f"{verb}: pictures of shape {array.shape} must be ({wanted}). Put channels last.")
    if array.dtype.kind in "ui":
        return array.astype(np.float32) / 255
    array = array.astype(np.float32)
    if not array.size:
        raise ValueError(f"{verb}: there are no pictures (shape {array.shape}). Give at least one.")
    low, high = display_range(array)
    return np.clip((array - low) / max(high - low, 1e-12), 0, 1)


def show(axes: Axes, picture: np.ndarray) -> None:
    """Draw a picture `(height, width, 1 or 3)` in [0, 1], without ticks."""
    way = "nearest" if max(picture.shape[:2]) <= SMALL else "antialiased"
    grey = picture.shape[-1] == 1
    axes.imshow(picture[..., 0] if grey else picture, cmap="gray", vmin=0, vmax=1, interpolation=way)
    bare(axes)


def caption(
    axes: Axes,
    predicted: str,
    true: str | None = None,
    confidence: float | None = None,
    *,
    size: float = 9.5,
    room: float | None = None,
    between: str = ", ",
) -> None:
    """Write above axes what was predicted, how surely, and what is true; a sign tells right from wrong beside colour.

    The room is in inches; None: as wide as the axes. What is true comes after `between`.
    """
    sure = "" if confidence is None else f" ({100 * confidence:.0f} %)"
    if true is None:
        heading(axes, f"{predicted}{sure}", colour=INK, size=size, room=room)
    elif predicted == true:
        heading(axes, f"✓ {predicted}{sure}", colour=GREEN, size=size, room=room)
    else:
        heading(axes, f"✗ {predicted}{sure}{between}is {true}", colour=VERMILION, size=size, room=room)


def name_of(label: int, names: Sequence[str] | None) -> str:
    """Give a class's name, or its number where it has none."""
    return str(label) if names is None else names[label]
