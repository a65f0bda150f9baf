"""The look that all pictures share: pages laid out in inches, so that nothing is cut off, and colours for every eye."""

from io import BytesIO
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

INK, FAINT, HAIR = "#1d2433", "#616b80", "#dfe3ec"
DIVERGING, RISING = "RdBu_r", "viridis"  # both are told apart without red or green
# Okabe and Ito, "Color universal design", 2008; their yellow is left out, it is too light on white.
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
DASHES = ("-", "--", "-.", ":")
DPI = 120
MARGIN, HEAD, LINE = 0.3, 0.3, 0.25  # inches: beside all, above a panel for its heading, and of a title's line
EM = 0.62 / 72  # inches a point of size: how wide a letter is on average
LEAST_LETTERS = 6.5  # points

Panels = list[list[Axes]]


def page(
    rows: int,
    columns: int,
    *,
    size: tuple[float, float],
    title: str = "",
    gap: tuple[float, float] = (0.22, 0.4),
    left: float = MARGIN,
    right: float = MARGIN,
    bottom: float = MARGIN,
    least: float = 3.6,
) -> tuple[Figure, Panels]:
    """Make a figure as large as its grid of panels needs; all lengths are inches.

    Args:
        rows: of panels.
        columns: of panels.
        size: width and height of a panel, without its heading.
        title: in bold above all, over as many lines as it needs.
        gap: between panels, to the right and down; the second holds the headings.
        left: for labels beside the panels.
        right: the same, such as for a scale of colours.
        bottom: the same, below.
        least: width of the figure.

    Returns:
        The figure, and its axes by row and column.
    """
    width, height = size
    whole = max(left + columns * width + (columns - 1) * gap[0] + right, least)
    lines = wrap(title, int((whole - 2 * MARGIN) / (13 * EM)))
    top = (0.16 + LINE * len(lines) if lines else 0.05) + HEAD
    tall = top + rows * height + (rows - 1) * gap[1] + bottom
    figure = Figure(figsize=(whole, tall), dpi=DPI, facecolor="white")
    if lines:
        where = {"x": MARGIN / whole, "y": 1 - 0.14 / tall, "va": "top", "linespacing": 1.25}
        figure.text(s="\n".join(lines), fontsize=13, fontweight="bold", color=INK, **where)
    panels = []
    for row in range(rows):
        y = tall - top - (row + 1) * height - row * gap[1]
        places = [left + column * (width + gap[0]) for column in range(columns)]
        panels.append([figure.add_axes((x / whole, y / tall, width / whole, height / tall)) for x in places])
    return figure, panels


def columns_for(count: int, most: int) -> int:
    """Give how many columns show `count` panels best: nearly a square, at most `most` wide, no lonely last row."""
    columns = min(count, most, max(1, int(np.ceil(np.sqrt(1.6 * count)))))
    rows = -(-count // columns)
    return -(-count // rows)


def flat(panels: Panels, count: int) -> list[Axes]:
    """Give the first `count` axes row by row; the others are taken away."""
    axes = [one for row in panels for one in row]
    for spare in axes[count:]:
        spare.remove()
    return axes[:count]


def heading(axes: Axes, words: str, *, colour: str = INK, size: float = 9.5, room: float | None = None) -> None:
    """Write words above axes, at their left, as small as their room asks for; a rest that has no room is cut.

    The room is in inches; None: as wide as the axes.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    room = room or axes.get_position().width * figure.get_figwidth() + 0.1
    lines = words.split("\n")
    size = max(min(size, room / (max(1, *map(len, lines)) * EM)), LEAST_LETTERS)
    letters = max(int(room / (size * EM)), 3)
    shown = "\n".join(line if len(line) <= letters else line[: letters - 1] + "…" for line in lines)
    axes.set_title(shown, fontsize=size, color=colour, loc="left", y=1.0, pad=4)


def bare(axes: Axes) -> None:
    """Take ticks and frame from axes, as pictures need none."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def light(axes: Axes, *, size: float = 9) -> None:
    """Give a curve's axes a faint grid and frame, and numbers of a size in points."""
    axes.grid(True, which="major", color=HAIR, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=size, labelcolor=INK, length=0)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#c5cad6")


def scale(figure: Figure, norm: Normalize, colours: str, words: str) -> None:
    """Draw the scale of colours in the right margin, of at least 1.1 inches, with what it measures beside it."""
    width, height = figure.get_size_inches()
    panels = [axes.get_position() for axes in figure.axes]
    top, bottom = max(p.y1 for p in panels), min(p.y0 for p in panels)
    right = max(p.x1 for p in panels)
    tall = min((top - bottom) * height, 2.2)
    axes = figure.add_axes((right + 0.18 / width, top - tall / height, 0.13 / width, tall / height))
    bar = figure.colorbar(ScalarMappable(norm, colours), cax=axes)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, labelcolor=INK, length=2, color=FAINT)
    bar.locator = MaxNLocator(4)
    bar.set_label(words, fontsize=8.5, color=FAINT)


def legend(figure: Figure, handles: list, *, columns: int | None = None) -> None:
    """Write a legend in the bottom margin, which holds a line of 0.25 inches for each of its rows."""
    figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(MARGIN / figure.get_figwidth(), 0.05 / figure.get_figheight()),
        ncols=columns or len(handles),
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        borderaxespad=0.2,
        borderpad=0,
        columnspacing=1.4,
    )


def as_png(figure: Figure) -> bytes:
    """Give a figure as the bytes of a PNG file.

    Args:
        figure: any of matplotlib, such as those of `jconv.plot`.

    Returns:
        The file's content.

    Examples:
        >>> as_png(Figure(figsize=(1, 1)))[1:4]
        b'PNG'
    """
    written = BytesIO()
    figure.savefig(written, format="png")
    return written.getvalue()
