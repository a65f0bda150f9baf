"""Which classes a classifier takes for which, and its worst mistakes."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from jconv._typing import ArrayLike
from jconv.plot._picture import as_pictures, caption, name_of, show
from jconv.plot._style import FAINT, INK, MARGIN, page

COLOURS = "cividis"
MOST_WRITTEN = 20  # with more classes the counts are colours only
SIDE = 1.25  # inches of a mistake's picture
BETWEEN = 0.5  # inches from one to the next, down: for the two lines of its caption


def confusion(
    true: ArrayLike,
    predicted: ArrayLike,
    *,
    names: Sequence[str],
    pictures: ArrayLike | None = None,
    confidences: ArrayLike | None = None,
    most: int = 12,
    title: str = "",
) -> Figure:
    """Draw how often each class was taken for each, and beside it the mistakes that were made most surely.

    Args:
        true: `(n,)` classes, 0 to c - 1.
        predicted: `(n,)` classes.
        names: of the c classes.
        pictures: `(n, height, width, 1 or 3)` of the examples; a spectrogram `(n, height, width)` does too. None: no
            mistakes are shown.
        confidences: `(n,)` probabilities of what was predicted; None: the first mistakes are shown.
        most: so many mistakes are shown.
        title: written above; empty: how many of how many are right.

    Returns:
        The figure. Rows are true classes, columns are predicted ones.

    Raises:
        ValueError: arrays of different lengths, empty, or classes that have no name.

    Examples:
        >>> figure = confusion([0, 0, 1], [0, 1, 1], names=("cat", "dog"))
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['1', '1', '0', '1']
    """
    true, predicted = np.asarray(true), np.asarray(predicted)
    surely = np.full(true.shape, np.nan) if confidences is None else np.asarray(confidences, np.float64)
    _check(true, predicted, surely, len(names), pictures)
    right = int(np.sum(true == predicted))
    title = title or f"{right} of {true.size} are right: {100 * right / true.size:.1f} %"
    wrong = np.flatnonzero(true != predicted)
    worst = wrong[np.argsort(-np.nan_to_num(surely[wrong]), kind="stable")][: 0 if pictures is None else most]
    longest = 0.075 * min(max(len(str(name)) for name in names), 14)
    left, low = MARGIN + 0.4 + longest, MARGIN + 0.3 + longest
    columns = 4 if worst.size > 6 else 3
    rows = -(-worst.size // columns)
    extra = columns * SIDE + (columns - 1) * 0.3 + 0.6 if worst.size else 0
    beside = rows * (SIDE + BETWEEN) - BETWEEN + 0.1
    side = float(np.clip(max(0.36 * len(names), beside), 3.2, 6.5))
    tall = max(side, beside)
    figure, panels = page(1, 1, size=(side + extra, tall), title=title, left=left, bottom=low)
    whole, high = figure.get_size_inches()
    axes = panels[0][0]
    axes.set_position((left / whole, (low + tall - side) / high, side / whole, side / high))
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (true, predicted), 1)
    _matrix(axes, counts, names, side)
    if worst.size:
        shown = as_pictures("confusion", np.asarray(pictures)[worst])
        for place, (index, picture) in enumerate(zip(worst, shown, strict=True)):
            x = left + side + 0.6 + place % columns * (SIDE + 0.3)
            y = low + tall - 0.1 - (place // columns + 1) * SIDE - place // columns * BETWEEN
            one = figure.add_axes((x / whole, y / high, SIDE / whole, SIDE / high))
            one.set_anchor("NW")
            show(one, picture)
            sure = None if confidences is None else float(surely[index])
            caption(one, name_of(predicted[index], names), name_of(true[index], names), sure, size=8.5, between="\n")
    return figure


def _check(true: np.ndarray, predicted: np.ndarray, surely: np.ndarray, classes: int, pictures) -> None:
    """Refuse arrays that do not belong together."""
    lengths = {"true": true.shape, "predicted": predicted.shape, "confidences": surely.shape}
    if true.ndim != 1 or not true.size or len(set(lengths.values())) > 1:
        raise ValueError(f"confusion: {lengths} must all be (n,), and not empty.")
    if pictures is not None and len(np.asarray(pictures)) != true.size:
        raise ValueError(f"confusion: {len(np.asarray(pictures))} pictures must be as many as examples, {true.size}.")
    both = np.concatenate([true, predicted])
    if both.dtype.kind not in "iub" or both.min() < 0 or both.max() >= classes:
        raise ValueError(
            f"confusion: classes from {both.min()} to {both.max()} ({both.dtype}) must be whole numbers below the "
            f"{classes} names. Give a name for each."
        )


def _matrix(axes: Axes, counts: np.ndarray, names: Sequence[str], side: float) -> None:
    """Draw the counts as coloured squares, each row to its own sum, with the counts written where they fit."""
    classes = len(names)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=COLOURS, norm=Normalize(0, 1), interpolation="nearest")
    size = float(np.clip(side / classes * 72 * 0.38, 6, 10))
    if classes <= MOST_WRITTEN:
        for (row, column), count in np.ndenumerate(counts):
            dark = shares[row, column] < 0.5
            ink = ("white" if dark else "black") if count else "#5b6f8f"
            axes.text(column, row, str(count), ha="center", va="center", fontsize=size, color=ink)
    every = range(0, classes, max(1, int(np.ceil(classes * 0.11 / side))))
    shown = [str(names[i]) if len(str(names[i])) <= 14 else f"{str(names[i])[:13]}…" for i in every]
    letters = float(np.clip(side / len(shown) * 72 * 0.6, 6, 9))
    axes.set_xticks(every, shown, fontsize=letters, rotation=90, color=INK)
    axes.set_yticks(every, shown, fontsize=letters, color=INK)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xlabel("predicted", fontsize=9.5, color=FAINT)
    axes.set_ylabel("true", fontsize=9.5, color=FAINT)
