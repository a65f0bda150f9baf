"""One stop of the sliding window as a drawing: input, kernel, products, sum, and the output so far."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from jconv.plot._slide import Cells, Slide
from jconv.plot._style import BLUE, DPI, FAINT, GREEN, HAIR, INK, LEAST_LETTERS, ORANGE, PURPLE

# Fill and edge.
PLAIN, EMPTY, OUTSIDE = ("white", "#b9c0ce"), ("#f4f6fa", HAIR), ("#e6e9f0", "#b9c0ce")
READ, TAP, MADE, WRITTEN = ("#cfe6f5", BLUE), ("#fbe7bd", ORANGE), ("#f4e1ec", PURPLE), ("#c8ecdf", GREEN)
# Inches.
CELL, SMALLEST, WIDEST, TALLEST = 0.6, 0.34, 13.0, 12.0
SIGN, BORDER, HEAD, CHANNEL, FOOT = 0.62, 0.3, 0.36, 0.28, 0.62
MINUS, TIMES = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True)
class Layout:
    """Where things stand, in inches.

    Args:
        cell: a square's side.
        width: of the whole.
        height: of the whole, without a title.
        letters: points of the numbers.
        factors: points of the two factors above a product; 0: there is no room for them.
    """

    cell: float
    width: float
    height: float
    letters: float
    factors: float


def layout(verb: str, slide: Slide) -> Layout:
    """Plan a drawing that is the same size at every step.

    Raises:
        ValueError: so many numbers that nobody could read them.
    """
    taps = slide.steps[0].taps
    stacks = (slide.source, taps, taps, slide.result)
    columns = sum(stack.shape[2] for stack in stacks)
    rows, channels = max(((len(s) * s.shape[1], len(s)) for s in stacks), key=lambda pair: pair[0])
    across, down = 2 * BORDER + 3 * SIGN, HEAD + FOOT + 2 * BORDER + (CHANNEL * channels if channels > 1 else 0.0)
    cell = min(CELL, (WIDEST - across) / columns, (TALLEST - down) / rows)
    if cell < SMALLEST:
        raise ValueError(
            f"{verb}: input {slide.source.shape[1:]} with {len(slide.source)} channels and output "
            f"{slide.result.shape[1:]} with {len(slide.result)} have too many numbers to be read. Give a smaller input."
        )
    numbers = [slide.source, slide.result, *(part for s in slide.steps for part in (s.products, s.so_far))]
    longest = max(len(number(value)) for part in numbers for value in np.unique(part[np.isfinite(part)]))
    letters = min(12.5, 0.78 * cell * 72 / (0.64 * longest))
    longest = max(len(words) for s in slide.steps for words in _factors(s.values, s.taps).flat)
    factors = min(7.5, 0.86 * cell * 72 / (0.62 * longest))
    width = max(across + cell * columns, 4.6)
    return Layout(cell, width, down + cell * rows, letters, factors if factors >= LEAST_LETTERS else 0.0)


def number(value: float) -> str:
    """Write a number as short as it can be: whole, or with two digits; with a minus that is as wide as a plus."""
    value = float(value) + 0.0
    whole = abs(value - round(value)) < 1e-6
    return (f"{round(value)}" if whole else f"{value:.2g}").replace("-", MINUS)


def blank(width: float, height: float) -> tuple[Figure, Axes]:
    """Make a figure of a size in inches, and axes all over it whose units are inches from its upper left corner."""
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return figure, axes


def draw_step(axes: Axes, slide: Slide, plan: Layout, index: int, top: float) -> None:
    """Draw a step into axes in inches, below `top`."""
    step = slide.steps[index]
    first = min(c for c, _, _ in (step.target if slide.transposed else step.source))
    small = _factors(step.values, step.taps)
    blocks = [
        _Block("input", slide.source, 0, _beside(slide.source_inside, step.source, READ)),
        _Block("kernel", step.taps, first, lambda *cell: TAP),
        _Block("products", step.products, first, lambda *cell: MADE, small if plan.factors else None),
        _Block("output", step.so_far, 0, _beside(slide.result_inside, step.target, WRITTEN)),
    ]
    middle = top + BORDER + HEAD + (plan.height - HEAD - FOOT - 2 * BORDER) / 2
    x = BORDER
    for block, sign in zip(blocks, (TIMES, "=", "→", ""), strict=True):
        axes.text(x, top + BORDER, block.words, fontsize=12, fontweight="bold", color=INK, va="top")
        _draw_block(axes, block, plan, x, middle)
        x += block.numbers.shape[2] * plan.cell + SIGN
        axes.text(x - SIGN / 2, middle, sign, fontsize=17, color=FAINT, ha="center", va="center")
    _sentence(axes, slide, plan, index, top + plan.height - BORDER)


@dataclass(frozen=True)
class _Block:
    """Grids of numbers under a heading.

    Args:
        words: the heading.
        numbers: `(c, height, width)`; NaN is not known yet.
        first: the number of the first channel.
        look: fill and edge of a cell, by channel, row and column.
        small: `(c, height, width)` words to be written small above the numbers.
    """

    words: str
    numbers: np.ndarray
    first: int
    look: Callable[[int, int, int], tuple[str, str]]
    small: np.ndarray | None = None


def _beside(
    inside: np.ndarray, active: Cells, highlight: tuple[str, str]
) -> Callable[[int, int, int], tuple[str, str]]:
    """Give how a cell looks: highlighted, plain, or beyond the border."""
    cells = set(active)

    def look(channel: int, row: int, column: int) -> tuple[str, str]:
        if (channel, row, column) in cells:
            return highlight
        return PLAIN if inside[row, column] else OUTSIDE

    return look


def _factors(values: np.ndarray, taps: np.ndarray) -> np.ndarray:
    """Write each product's two factors."""
    return np.vectorize(lambda a, b: f"{number(a)}{TIMES}{number(b)}", otypes=[object])(values, taps)


def _draw_block(axes: Axes, block: _Block, plan: Layout, x: float, middle: float) -> None:
    """Draw a block's grids, one below the other, from `x` to the right and centred on the line `middle`."""
    channels, rows, _ = block.numbers.shape
    several = channels > 1
    whole = channels * rows * plan.cell + (channels - 1) * CHANNEL
    for channel in range(channels):
        y = middle - whole / 2 + channel * (rows * plan.cell + CHANNEL)
        if several:
            name = f"channel {channel + block.first}"
            axes.text(x, y - 0.05, name, fontsize=8, color=FAINT, va="bottom")
        for (row, column), value in np.ndenumerate(block.numbers[channel]):
            words = "" if block.small is None else block.small[channel, row, column]
            corner = (x + column * plan.cell, y + row * plan.cell)
            _square(axes, corner, plan, block.look(channel, row, column), value, words)


def _square(
    axes: Axes, corner: tuple[float, float], plan: Layout, look: tuple[str, str], value: float, small: str
) -> None:
    """Draw one number in its square; one that is not known yet is left empty."""
    known, strong, outside = np.isfinite(value), look not in (PLAIN, OUTSIDE), look == OUTSIDE
    fill, edge = EMPTY if look == PLAIN and not known else look
    square = Rectangle(corner, plan.cell, plan.cell, facecolor=fill, edgecolor=edge)
    square.set(linewidth=2.2 if strong else 0.9, linestyle=":" if outside else "-", zorder=3 if strong else 2)
    axes.add_patch(square)
    if not known:
        return
    x, y = corner[0] + plan.cell / 2, corner[1]
    written = [(0.64 if small else 0.52, number(value), plan.letters, FAINT if outside else INK)]
    if small:
        written.append((0.2, small, plan.factors, FAINT))
    for height, words, size, ink in written:
        y_words = y + height * plan.cell
        axes.text(x, y_words, words, fontsize=size, color=ink, ha="center", va="center", zorder=4)


def _sentence(axes: Axes, slide: Slide, plan: Layout, index: int, bottom: float) -> None:
    """Write what happens at this step, in two lines."""
    step, place = slide.steps[index], f"step {index + 1} of {len(slide.steps)}:"
    room = int((plan.width - 2 * BORDER) * 72 / (10 * 0.62))
    if slide.transposed:
        (cell,) = step.source
        first = f"{place}  {number(slide.source[cell])} times the kernel, added to the output"
        second = "where windows overlap, the numbers are added up"
    else:
        (cell,) = step.target
        total = number(step.so_far[cell])
        first = f"{place}  the sum of the {step.products.size} products is {total}"
        terms = [f"({number(p)})" if p < 0 else number(p) for p in step.products.ravel()]
        second = f"{' + '.join(terms)} = {total}"
        while len(second) > room and len(terms) > 1:
            terms = terms[:-1]
            second = f"{' + '.join(terms)} + … = {total}"
    axes.text(BORDER, bottom - 0.26, first, fontsize=11, color=INK, va="bottom")
    axes.text(BORDER, bottom, second, fontsize=10, color=FAINT, va="bottom")
