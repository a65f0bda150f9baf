"""Sounds and videos with what was predicted of them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from jconv._typing import ArrayLike
from jconv.plot._picture import as_pictures, caption, display_range, show
from jconv.plot._style import FAINT, columns_for, flat, page

COLOURS = "cividis"


def spectrograms(
    sounds: ArrayLike,
    predicted: Sequence[str],
    *,
    true: Sequence[str] | None = None,
    confidences: Sequence[float] | None = None,
    seconds: float | None = None,
    bands: str = "band",
    most: int = 9,
    title: str = "what was heard",
) -> Figure:
    """Draw spectrograms, time to the right and pitch upwards, with what was predicted of each.

    Args:
        sounds: `(n, time, bands)`, such as log-mel energies.
        predicted: `n` words.
        true: `n` words; None: they are not known. A sign and a colour tell right from wrong.
        confidences: `n` probabilities of what was predicted.
        seconds: how long each lasts; None: time is counted in frames.
        bands: what the pitch is counted in.
        most: so many are shown, the first.
        title: written above.

    Returns:
        The figure.

    Raises:
        ValueError: sounds of another rank, or lists of another length.

    Examples:
        >>> import jax.numpy as jnp
        >>> figure = spectrograms(jnp.ones((2, 20, 8)), ["one", "two"], true=["one", "one"])
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['✓ one', '✗ two, is one']
    """
    array = np.asarray(sounds, np.float32)
    if array.ndim != 3 or not array.size:
        raise ValueError(f"spectrograms: sounds of shape {array.shape} must be (n, time, bands), and not empty.")
    _check("spectrograms", len(array), predicted=predicted, true=true, confidences=confidences)
    count = min(len(array), most)
    columns = columns_for(count, 3)
    figure, panels = page(
        -(-count // columns), columns, size=(2.9, 1.35), title=title, gap=(0.35, 0.4), left=0.8, bottom=0.62
    )
    low, high = display_range(array)
    low, high = (float(array.min()), float(array.max())) if high <= low else (low, high)
    time, pitch = array.shape[1:]
    for i, axes in enumerate(flat(panels, count)):
        extent = (0, time if seconds is None else seconds, 0, pitch)
        axes.imshow(array[i].T, cmap=COLOURS, vmin=low, vmax=high, origin="lower", aspect="auto", extent=extent)
        bottom = i + columns >= count
        axes.tick_params(labelsize=8, length=2, color=FAINT, labelleft=i % columns == 0, labelbottom=bottom)
        caption(axes, predicted[i], *_known(i, true, confidences))
    panels[-1][0].set_xlabel("frame" if seconds is None else "seconds", fontsize=8.5, color=FAINT)
    panels[0][0].set_ylabel(bands, fontsize=8.5, color=FAINT)
    return figure


def frames(
    videos: ArrayLike,
    predicted: Sequence[str],
    *,
    true: Sequence[str] | None = None,
    confidences: Sequence[float] | None = None,
    strip: int = 8,
    most: int = 6,
    title: str = "what was seen",
) -> Figure:
    """Draw videos as strips of frames, from left to right, with what was predicted of each.

    Args:
        videos: `(n, time, height, width, 1 or 3)`.
        predicted: `n` words.
        true: `n` words; None: they are not known. A sign and a colour tell right from wrong.
        confidences: `n` probabilities of what was predicted.
        strip: frames of each that are shown, evenly spaced, the first and the last among them.
        most: so many videos are shown, the first.
        title: written above.

    Returns:
        The figure: a row for each video.

    Raises:
        ValueError: videos of another shape, or lists of another length.

    Examples:
        >>> import jax.numpy as jnp
        >>> len(frames(jnp.zeros((2, 20, 8, 8, 1)), ["left", "right"]).axes)
        16
    """
    shown = as_pictures("frames", videos, rank=4)
    _check("frames", len(shown), predicted=predicted, true=true, confidences=confidences)
    count, time = min(len(shown), most), shown.shape[1]
    chosen = np.unique(np.linspace(0, time - 1, max(1, min(strip, time))).round().astype(int))
    height, width = shown.shape[2:4]
    wide = float(np.clip(9.6 / len(chosen), 0.7, 2.4))
    figure, panels = page(
        count, len(chosen), size=(wide, wide * height / width), title=title, gap=(0.06, 0.36), bottom=0.42
    )
    for i, row in enumerate(panels):
        for axes, frame in zip(row, chosen, strict=True):
            show(axes, shown[i, frame])
        caption(row[0], predicted[i], *_known(i, true, confidences), room=figure.get_figwidth() - 0.6)
    for axes, frame in zip(panels[-1], chosen, strict=True):
        axes.set_xlabel(f"frame {frame}" if frame == chosen[0] else str(frame), fontsize=8, color=FAINT, labelpad=3)
    return figure


def _check(verb: str, count: int, **given: Sequence | None) -> None:
    """Refuse lists that are not as long as there are examples."""
    for name, one in given.items():
        if one is not None and len(one) != count:
            raise ValueError(f"{verb}: {name} has {len(one)} entries for {count} examples. Give one for each.")


def _known(i: int, true: Sequence[str] | None, confidences: Sequence[float] | None) -> tuple[str | None, float | None]:
    """Give what is known of example i beside its prediction: what is true, and how sure the prediction was."""
    return None if true is None else true[i], None if confidences is None else float(confidences[i])
