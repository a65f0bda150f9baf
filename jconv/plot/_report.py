"""The report of `jconv learn` as one picture, drawn by matplotlib's object interface (no global state)."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from jconv.plot._picture import display_range
from jconv.plot._style import DIVERGING, FAINT, HAIR, INK, as_png, bare, light

ACCENT, SECOND = "#c2410c", "#1d4ed8"
MOST_TAPS_WRITTEN = 11  # larger kernels are coloured squares only

# Inches. The figure's height follows the pictures'.
WIDTH, MARGIN, GAP = 13.2, 0.3, 0.24
PANEL = (WIDTH - 2 * MARGIN - 3 * GAP) / 4
KERNEL = 2.72
HEAD, BETWEEN, FOOT = 1.32, 0.6, 0.45
INDENT = 0.45  # for the numbers beside a curve


def learn_report(
    *,
    image: np.ndarray,
    target: np.ndarray,
    prediction: np.ndarray,
    learned: np.ndarray,
    truth: np.ndarray | None,
    losses: np.ndarray,
    errors: np.ndarray,
    title: str,
    subtitle: str,
) -> bytes:
    """Draw image, target, prediction, their difference, the kernels, the loss and the kernel's error.

    Args:
        image: `(height, width, channels)` in [0, 1].
        target: `(height', width', channels)`, in any range.
        prediction: of the target's shape.
        learned: `(taps, taps)`.
        truth: of learned's shape, or None where it is not known.
        losses: `(steps,)`.
        errors: `(times, 2)`: a step, and the relative kernel error after it; may be empty.
        title: the result in one line.
        subtitle: how it was got.

    Returns:
        A PNG file's bytes.
    """
    picture_height = PANEL * min(1.0, max(a.shape[0] / a.shape[1] for a in (image, target)))
    height = HEAD + picture_height + BETWEEN + KERNEL + FOOT
    figure = Figure(figsize=(WIDTH, height), dpi=120, facecolor="white")
    figure.text(MARGIN / WIDTH, 1 - 0.42 / height, title, fontsize=17, fontweight="bold", color=INK, va="center")
    figure.text(MARGIN / WIDTH, 1 - 0.80 / height, subtitle, fontsize=11, color=FAINT, va="center")

    columns = [MARGIN + place * (PANEL + GAP) for place in range(4)]
    above = [_axes(figure, column, FOOT + KERNEL + BETWEEN, PANEL, picture_height) for column in columns]
    low, high = display_range(target)
    _picture(above[0], image, "image", 0.0, 1.0)
    _picture(above[1], target, "target", low, high)
    _picture(above[2], prediction, "prediction", low, high)
    _difference(figure, above[3], prediction - target)

    largest = max(float(np.max(np.abs(learned if truth is None else truth))), 1e-12)
    left, right = (_axes(figure, column, FOOT, KERNEL, KERNEL) for column in columns[:2])
    digits = tap_digits(learned, truth)
    if truth is None:
        _kernel(left, learned, "learned kernel", largest, digits)
        right.set_position(_box(figure, columns[1] + INDENT, FOOT, KERNEL - INDENT, KERNEL))
        _slices(right, learned)
    else:
        _kernel(left, truth, "true kernel, not shown to the learner", largest, digits)
        _kernel(right, learned, "learned kernel", largest, digits)
    curves = _axes(figure, columns[2] + INDENT, FOOT, 2 * PANEL + GAP - INDENT, KERNEL)
    _curves(curves, losses, errors)

    return as_png(figure)


def _axes(figure: Figure, x: float, y: float, width: float, height: float) -> Axes:
    """Make axes whose lower left corner and size are given in inches."""
    axes = figure.add_axes(_box(figure, x, y, width, height))
    axes.set_anchor("NW")
    return axes


def _box(figure: Figure, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
    """Give a rectangle in inches as matplotlib wants it."""
    whole = figure.get_figheight()
    return (x / WIDTH, y / whole, width / WIDTH, height / whole)


def _title(axes: Axes, words: str) -> None:
    """Write words above axes, at their left."""
    axes.set_title(words, fontsize=10.5, color=INK, loc="left", y=1.0, pad=6)


def _picture(axes: Axes, picture: np.ndarray, words: str, low: float, high: float) -> None:
    """Draw a picture `(height, width, channels)`, black at `low` and white at `high`."""
    shown = np.clip((picture - low) / (high - low), 0, 1)
    axes.imshow(shown[..., 0] if shown.shape[-1] == 1 else shown, cmap="gray", vmin=0, vmax=1)
    _title(axes, words)
    bare(axes)


def _difference(figure: Figure, axes: Axes, difference: np.ndarray) -> None:
    """Draw a difference, the mean of its channels, in two colours with their scale."""
    flat = np.mean(difference, axis=-1)
    reach = max(float(np.quantile(np.abs(flat), 0.998)), 1e-12)
    image = axes.imshow(flat, cmap=DIVERGING, vmin=-reach, vmax=reach)
    _title(axes, "prediction - target")
    bare(axes)
    axes.patch.set_visible(False)
    inch = 1 / (axes.get_position().height * figure.get_figheight())
    scale = axes.inset_axes((0.62, 1 + 0.1 * inch, 0.2, 0.07 * inch))
    figure.colorbar(image, cax=scale, orientation="horizontal").outline.set_visible(False)
    scale.set_xticks([])
    for place, side, words in ((-0.06, "right", f"{-reach:.0e}"), (1.06, "left", f"{reach:.0e}")):
        scale.text(place, 0.5, words, transform=scale.transAxes, ha=side, va="center", fontsize=8.5, color=FAINT)


def _kernel(axes: Axes, kernel: np.ndarray, words: str, largest: float, digits: int) -> None:
    """Draw a kernel as coloured squares, white at zero and full at `largest`, with its taps written if they fit."""
    taps, norm = kernel.shape[0], Normalize(-largest, largest)
    axes.pcolormesh(kernel, cmap=DIVERGING, norm=norm, edgecolors="white", linewidth=max(0.3, 12 / taps))
    axes.invert_yaxis()
    axes.set_aspect("equal")
    _title(axes, words)
    bare(axes)
    if taps > MOST_TAPS_WRITTEN:
        return
    for (row, column), value in np.ndenumerate(kernel):
        written = tap_words(value, digits)
        strength = abs(norm(value) - 0.5)
        axes.text(
            column + 0.5,
            row + 0.5,
            written,
            ha="center",
            va="center",
            fontsize=min(10, 56 / taps, 26 / digits * 7 / taps),
            color="white" if strength > 0.35 else INK if float(written) else "#b9c0ce",
        )


def tap_digits(learned: np.ndarray, truth: np.ndarray | None = None) -> int:
    """Give how many digits taps need after the point: as many as the largest tap makes sensible.

    Taps that agree with the truth should also look equal: where one rounds up and the other down, up to three digits
    more are given.

    Args:
        learned: a kernel.
        truth: the true one, of the same shape; None where it is not known.
    """
    largest = float(np.max(np.abs(learned if truth is None else truth)))
    least = 2 if largest >= 0.3 else 3
    if truth is None:
        return least
    for digits in range(least, least + 4):
        apart = np.round(learned.astype(float), digits) != np.round(truth.astype(float), digits)
        if not np.any(apart & (np.abs(learned - truth) < 0.5 * 10.0**-digits)):
            return digits
    return least


def tap_words(value: float, digits: int) -> str:
    """Write a tap's value with so many digits after the point, and no minus before zero."""
    return f"{round(float(value), digits) + 0.0:.{digits}f}"


def _slices(axes: Axes, kernel: np.ndarray) -> None:
    """Draw the kernel's middle row and column: what stands in for a truth that is not known."""
    origin = (kernel.shape[0] - 1) // 2
    positions = np.arange(kernel.shape[0]) - origin
    axes.axhline(0, color=HAIR, linewidth=1)
    axes.plot(positions, kernel[origin], color=ACCENT, linewidth=2, marker="o", markersize=4, label="row")
    axes.plot(
        positions,
        kernel[:, origin],
        "--",
        color=SECOND,
        linewidth=2,
        marker="o",
        markersize=4,
        label="column",
    )
    _title(axes, "its middle row and column")
    light(axes)
    axes.legend(frameon=False, fontsize=9, labelcolor=INK)


def _curves(axes: Axes, losses: np.ndarray, errors: np.ndarray) -> None:
    """Draw the loss, and the kernel's error where it is known, over the steps."""
    steps = np.arange(1, losses.size + 1)
    axes.semilogy(steps, np.maximum(losses, 1e-30), color=ACCENT, linewidth=2, label="loss (mean squared error)")
    if errors.size:
        after, error = errors.T
        axes.semilogy(
            after, np.maximum(error, 1e-30), color=SECOND, linewidth=2, marker="o", markersize=3.5,
            label="relative error of the kernel",
        )  # fmt: skip
    axes.set_xlim(0, max(losses.size, 2))
    _title(axes, "training, by step")
    light(axes)
    axes.minorticks_off()
    axes.legend(frameon=False, fontsize=9.5, labelcolor=INK, loc="upper right")
