"""Boxes over pictures: what a detector found, and what is there."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import AbstractPathEffect, withStroke

from jconv._typing import ArrayLike
from jconv.plot._picture import as_pictures, show
from jconv.plot._style import ORANGE, SKY, columns_for, flat, heading, legend, page

OUTLINE: list[AbstractPathEffect] = [withStroke(linewidth=3.2, foreground="black")]


def boxes(
    pictures: ArrayLike,
    predicted: Sequence[ArrayLike],
    *,
    words: Sequence[Sequence[str]] | None = None,
    true: Sequence[ArrayLike] | None = None,
    true_words: Sequence[Sequence[str]] | None = None,
    captions: Sequence[str] | None = None,
    most: int = 8,
    title: str = "found objects",
) -> Figure:
    """Draw predicted boxes in solid orange and true ones in dashed sky blue over their pictures.

    Args:
        pictures: `(n, height, width, 1 or 3)`.
        predicted: for each picture its boxes, `(k, 4)`: top, left, bottom and right in pixels. May be empty.
        words: for each picture a word for each predicted box, such as its class and score.
        true: for each picture its true boxes, `(k, 4)`; None: they are not known.
        true_words: for each picture a word for each true box.
        captions: a line above each picture.
        most: so many pictures are shown, the first.
        title: written above.

    Returns:
        The figure.

    Raises:
        ValueError: lists of different lengths, or boxes that are not `(k, 4)`.

    Examples:
        >>> import jax.numpy as jnp
        >>> figure = boxes(jnp.zeros((1, 8, 8, 1)), [[(1, 1, 5, 6)]], words=[["cat 0.9"]])
        >>> len(figure.axes[0].patches)
        1
    """
    shown = as_pictures("boxes", pictures)
    for name, given in {
        "predicted": predicted, "words": words, "true": true, "true_words": true_words, "captions": captions
    }.items():  # fmt: skip
        if given is not None and len(given) != len(shown):
            raise ValueError(f"boxes: {name} has {len(given)} entries for {len(shown)} pictures. Give one for each.")
    count = min(len(shown), most)
    height, width = shown.shape[1:3]
    wide = 2.4 * float(np.clip(np.sqrt(width / height), 0.8, 1.6))
    columns = columns_for(count, 4)
    size = (wide, wide * height / width)
    figure, panels = page(-(-count // columns), columns, size=size, title=title, gap=(0.2, 0.34), bottom=0.45)
    for i, axes in enumerate(flat(panels, count)):
        show(axes, shown[i])
        if true is not None:
            _draw(axes, true[i], None if true_words is None else true_words[i], SKY, "--", above=False)
        _draw(axes, predicted[i], None if words is None else words[i], ORANGE, "-", above=True)
        if captions is not None:
            heading(axes, captions[i], size=9)
    handles = [Line2D([], [], color=ORANGE, linewidth=2, label="predicted")]
    if true is not None:
        handles.append(Line2D([], [], color=SKY, linewidth=2, linestyle="--", label="true"))
    legend(figure, handles)
    return figure


def _draw(
    axes: Axes, corners: ArrayLike, words: Sequence[str] | None, colour: str, dashes: str, *, above: bool
) -> None:
    """Draw boxes `(k, 4)` with a dark outline, so that they stand out of any picture, and their words inside it."""
    found = np.asarray(corners, np.float64)
    found = found.reshape(0, 4) if not found.size else found
    if found.ndim != 2 or found.shape[1] != 4:
        raise ValueError(f"boxes: boxes of shape {found.shape} must be (k, 4): top, left, bottom, right.")
    if words is not None and len(words) != len(found):
        raise ValueError(f"boxes: {len(words)} words for {len(found)} boxes. Give one for each.")
    bottom, right = axes.get_ylim()[0], axes.get_xlim()[1]
    for place, (y0, x0, y1, x1) in enumerate(found):
        # A pixel is drawn around its centre, so that its left edge lies half a pixel to the left.
        corner, size = (x0 - 0.5, y0 - 0.5), (x1 - x0, y1 - y0)
        box = Rectangle(corner, *size, fill=False, edgecolor=colour, linewidth=1.8, linestyle=dashes)
        if above:
            box.set_path_effects(OUTLINE)
        axes.add_patch(box)
        if words is None or not words[place]:
            continue
        # Words of a prediction stand on its upper edge, those of a truth under its lower; inside at the picture's rim.
        y, upright = (y0 - 0.5, "bottom") if above else (y1 - 0.5, "top")
        if above and y0 < 0.08 * bottom:
            upright = "top"
        if not above and y1 > 0.92 * bottom:
            upright = "bottom"
        side = "right" if x0 > 0.7 * right else "left"
        axes.text(
            (x1 if side == "right" else x0) - 0.5, y, f" {words[place]} ", ha=side, va=upright, fontsize=7.5,
            color="black", bbox={"facecolor": colour, "edgecolor": "none", "pad": 0.6}, clip_on=True,
        )  # fmt: skip
