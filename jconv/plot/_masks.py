"""Masks over pictures: which class a segmentation gives each pixel."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from jconv._typing import ArrayLike
from jconv.plot._picture import as_pictures, show
from jconv.plot._style import BLUE, GREEN, INK, MARGIN, ORANGE, PURPLE, SKY, VERMILION, heading, legend, page

PALETTE = (ORANGE, SKY, GREEN, PURPLE, BLUE, VERMILION, "#F0E442")
STRENGTH = 0.55
PER_LINE = 5  # names in a line of the legend


def masks(
    pictures: ArrayLike,
    predicted: ArrayLike,
    *,
    true: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    captions: Sequence[str] | None = None,
    most: int = 6,
    title: str = "segmentation",
) -> Figure:
    """Draw pictures, and over them in colour the predicted and the true class of each pixel.

    Args:
        pictures: `(n, height, width, 1 or 3)`.
        predicted: `(n, height, width)` classes; 0 is the background, which is left as it is.
        true: `(n, height, width)` classes; None: they are not known. What differs is shown in a row of its own.
        names: of the classes, the background first; None: they are not told.
        captions: a line above each picture.
        most: so many pictures are shown, the first.
        title: written above.

    Returns:
        The figure: a column for each picture, with rows for picture, prediction, truth, and the pixels that are wrong.

    Raises:
        ValueError: masks of another size than the pictures, or classes without a name.

    Examples:
        >>> import jax.numpy as jnp
        >>> figure = masks(jnp.zeros((2, 8, 8, 1)), jnp.ones((2, 8, 8), int), names=("ground", "cat"))
        >>> len(figure.axes)  # two pictures, two predictions
        4
    """
    shown = as_pictures("masks", pictures)
    layers = {"prediction": np.asarray(predicted)} | ({} if true is None else {"truth": np.asarray(true)})
    for name, layer in layers.items():
        if layer.shape != shown.shape[:3] or layer.dtype.kind not in "iub":
            raise ValueError(
                f"masks: the {name} of shape {layer.shape} and dtype {layer.dtype} must be whole numbers of shape "
                f"{shown.shape[:3]}, as the pictures."
            )
        if names is not None and layer.size and int(layer.max()) >= len(names):
            raise ValueError(f"masks: class {int(layer.max())} of the {name} has no name among {len(names)}.")
    count = min(len(shown), most)
    height, width = shown.shape[1:3]
    wide = 1.75 * float(np.clip(np.sqrt(width / height), 0.8, 1.6))
    rows = {"picture": None} | layers | ({} if true is None else {"wrong pixels": None})
    lines = 0 if names is None else -(-(len(names) - 1) // PER_LINE)
    figure, panels = page(
        len(rows), count, size=(wide, wide * height / width), title=title, gap=(0.12, 0.14), left=0.62,
        bottom=MARGIN + 0.22 * lines,
    )  # fmt: skip
    for (words, layer), row in zip(rows.items(), panels, strict=True):
        row[0].set_ylabel(words, fontsize=9.5, color=INK, labelpad=6)
        for i, axes in enumerate(row):
            if words == "wrong pixels":
                show(axes, (layers["prediction"][i] != layers["truth"][i])[..., None].astype(np.float32))
            else:
                show(axes, shown[i] if layer is None else _painted(shown[i], layer[i]))
    if captions is not None:
        for axes, words in zip(panels[0], captions, strict=False):
            heading(axes, words, size=9)
    if names is not None:
        patches = [Patch(color=PALETTE[c % len(PALETTE)], label=names[c + 1]) for c in range(len(names) - 1)]
        legend(figure, patches, columns=min(len(patches), PER_LINE))
    return figure


def _painted(picture: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Give a picture with each class but 0 half covered by its colour, and by lines around it."""
    base = np.broadcast_to(picture, (*picture.shape[:2], 3)).astype(np.float32)
    table = np.array([to_rgb(colour) for colour in PALETTE], np.float32)
    colours = table[(classes.astype(np.int64) - 1) % len(PALETTE)]
    strength = np.where(classes[..., None] > 0, STRENGTH, 0)
    edge = np.zeros(classes.shape, bool)
    for axis in (0, 1):
        for step in (1, -1):
            edge |= np.roll(classes, step, axis) != classes
    strength = np.where(edge[..., None] & (classes[..., None] > 0), 1.0, strength)
    return base * (1 - strength) + colours * strength
