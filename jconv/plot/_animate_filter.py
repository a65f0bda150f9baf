"""A known filter that slides over a photograph, while its feature map grows."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from jconv._typing import ArrayLike
from jconv._verbs.conv import conv
from jconv.plot._gif import as_gif
from jconv.plot._picture import display_range
from jconv.plot._slide_frame import TIMES, number
from jconv.plot._style import BLUE, DIVERGING, DPI, FAINT, GREEN, INK, ORANGE, bare, heading, page

SIDE, SMALL = 4.1, 1.95  # inches: of the pictures, and of the squares below them
BORDER, GAP, HEAD, FOOT = 0.3, 0.5, 0.42, 0.55
MOST_WRITTEN = 7  # taps a side: more are coloured squares only
LEAST_MARK = 5.0  # pixels of the drawn window, so that it is seen
TURN = 0.61803398875  # of the golden section: so much of a row further on is each stop of the window


def animate_filter(
    picture: ArrayLike, kernel: ArrayLike, *, name: str = "filter", frames: int = 36, seconds: float = 0.35
) -> bytes:
    """Show a filter sliding over a picture, with the numbers of its window, and the feature map as it grows.

    The feature map is that of `jconv.conv` without padding; the sum that is written is checked against it.

    Args:
        picture: `(height, width)`, 0 is black and 1 is white.
        kernel: `(rows, columns)` taps, not flipped.
        name: of the filter.
        frames: stops of the window, the last at the lower right corner.
        seconds: that each is shown.

    Returns:
        A GIF file's bytes.

    Raises:
        ValueError: a picture smaller than the kernel, arrays of another rank, or no frames.

    Examples:
        >>> from jconv.kernels import sobel
        >>> animate_filter(np.eye(9), sobel(axis=-1), frames=2)[:6]
        b'GIF89a'
    """
    scan = _Scan("animate_filter", picture, kernel, frames)
    return as_gif(_stills(scan, name, frames), seconds)


def filter_strip(picture: ArrayLike, kernel: ArrayLike, *, name: str = "filter") -> Figure:
    """Draw a picture, a filter's taps, and the feature map after a third, two thirds and all of the way.

    Args:
        picture: as in `animate_filter`.
        kernel: as in `animate_filter`.
        name: of the filter.

    Returns:
        The figure.

    Raises:
        ValueError: as in `animate_filter`.

    Examples:
        >>> from jconv.kernels import sobel
        >>> len(filter_strip(np.eye(9), sobel(axis=-1)).axes)
        5
    """
    scan = _Scan("filter_strip", picture, kernel, 3)
    height, width = scan.picture.shape
    tall = 2.3 * float(np.clip(height / width, 0.6, 1.6))
    figure, panels = page(1, 5, size=(2.3, tall), title=f"{name} slides over the picture", gap=(0.16, 0.3))
    photograph, taps, *maps = panels[0]
    _photograph(photograph, scan, scan.stop(1))
    _squares(taps, scan.kernel, scan.kernel, ORANGE, "the filter", DIVERGING)
    for part, axes in enumerate(maps):
        words = ("after a third", "after two thirds", "the feature map")[part]
        _map(axes, scan, scan.stop(part), words)
    return figure


class _Scan:
    """A picture, a kernel, the feature map, and where the window stops.

    Args:
        verb: for messages.
        picture: `(height, width)`.
        kernel: `(rows, columns)`.
        frames: stops.
    """

    def __init__(self, verb: str, picture: ArrayLike, kernel: ArrayLike, frames: int):
        self.picture, self.kernel = np.asarray(picture, np.float32), np.asarray(kernel, np.float32)
        if self.picture.ndim != 2 or self.kernel.ndim != 2:
            raise ValueError(
                f"{verb}: picture of shape {self.picture.shape} and kernel of shape {self.kernel.shape} must both be "
                "(rows, columns). Give the grey of a picture in colour."
            )
        if any(n < k for n, k in zip(self.picture.shape, self.kernel.shape, strict=True)):
            raise ValueError(f"{verb}: picture {self.picture.shape} is smaller than the kernel {self.kernel.shape}.")
        if frames < 1:
            raise ValueError(f"{verb}: frames={frames} must be at least 1.")
        self.frames = frames
        made = conv(self.picture[..., None], self.kernel[..., None, None], precision="highest", algorithm="direct")
        self.map = np.asarray(made)[..., 0]
        self.range = display_range(self.map)

    def stop(self, frame: int) -> tuple[int, int]:
        """Give the row and column of the window's upper left corner in a frame; the last is the last there is."""
        rows, columns = self.map.shape
        if frame >= self.frames - 1:
            return rows - 1, columns - 1
        return (frame + 1) * rows // self.frames, int(columns * ((frame + 1) * TURN % 1))

    def window(self, stop: tuple[int, int]) -> np.ndarray:
        """Give the pixels under the window, whose sum of products must be the feature map's value."""
        (row, column), (rows, columns) = stop, self.kernel.shape
        pixels = self.picture[row : row + rows, column : column + columns]
        products = pixels.astype(np.float64) * self.kernel
        if abs(products.sum() - self.map[stop]) > 1e-5 * np.abs(products).sum() + 1e-30:
            raise ArithmeticError(f"the sum, {products.sum()}, is not what jconv computes, {self.map[stop]}")
        return pixels

    def so_far(self, stop: tuple[int, int]) -> np.ndarray:
        """Give the feature map up to a stop, row by row; NaN beyond it."""
        done = np.arange(self.map.size).reshape(self.map.shape) <= stop[0] * self.map.shape[1] + stop[1]
        return np.where(done, self.map, np.nan)


def _stills(scan: _Scan, name: str, frames: int) -> Iterator[Figure]:
    """Draw each stop in a figure of its own: the pictures above, the window's numbers below."""
    height, width = scan.picture.shape
    tall = SIDE * float(np.clip(height / width, 0.4, 1.5))
    across, down = 2 * BORDER + 2 * SIDE + GAP, 2 * HEAD + tall + SMALL + FOOT
    for frame in range(frames):
        stop = scan.stop(frame)
        figure = Figure(figsize=(across, down), dpi=DPI, facecolor="white")
        places = [(BORDER + i * (SIDE + GAP), HEAD, SIDE, tall) for i in range(2)]
        step = (across - 2 * BORDER - SMALL) / 3
        places += [(BORDER + i * step, 2 * HEAD + tall, SMALL, SMALL) for i in range(3)]
        photograph, made, *below = (
            figure.add_axes((x / across, 1 - (y + h) / down, w / across, h / down)) for x, y, w, h in places
        )
        _photograph(photograph, scan, stop)
        _map(made, scan, stop, "feature map")
        pixels = scan.window(stop)
        products = pixels * scan.kernel
        _squares(below[0], 100 * pixels, pixels, BLUE, "the window", "gray", norm=Normalize(0, 1))
        _squares(below[1], scan.kernel, scan.kernel, ORANGE, name, DIVERGING)
        _squares(below[2], 100 * products, products, INK, "products", DIVERGING)
        middle = (2 * HEAD + tall + SMALL / 2, 20)
        for x, sign in ((BORDER + (step + SMALL) / 2, TIMES), (BORDER + step + (step + SMALL) / 2, "=")):
            figure.text(x / across, 1 - middle[0] / down, sign, fontsize=18, color=FAINT, ha="center", va="center")
        total = f"sum {number(round(100 * float(scan.map[stop]), 1))}"
        figure.text(
            (BORDER + 2 * step + SMALL + 0.15) / across,
            1 - middle[0] / down,
            f"→ {total}",
            fontsize=14,
            color=INK,
            va="center",
        )
        words = "0 is black, 100 is white"
        figure.text(BORDER / across, 0.2 / down, words, fontsize=9, color=FAINT)
        yield figure


def _photograph(axes: Axes, scan: _Scan, stop: tuple[int, int]) -> None:
    """Draw the picture, and a frame where the window is, large enough to be seen."""
    axes.imshow(scan.picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    _mark(axes, stop, scan.kernel.shape, BLUE)
    bare(axes)
    heading(axes, "picture", size=12)


def _map(axes: Axes, scan: _Scan, stop: tuple[int, int], words: str) -> None:
    """Draw the feature map as far as it is made, in a frame of its whole size."""
    low, high = scan.range
    axes.imshow(scan.so_far(stop), cmap="gray", vmin=low, vmax=high, interpolation="nearest")
    axes.set_facecolor("#eef1f6")
    if stop != (scan.map.shape[0] - 1, scan.map.shape[1] - 1):
        _mark(axes, stop, (1, 1), GREEN)
    bare(axes)
    heading(axes, words, size=12)


def _mark(axes: Axes, stop: tuple[int, int], size: tuple[int, ...], colour: str) -> None:
    """Draw a frame around what begins at a stop, on white so that it stands out."""
    middle = [place - 0.5 + length / 2 for place, length in zip(stop, size, strict=True)]
    height, width = (max(length + 1.0, LEAST_MARK) for length in size)
    for edge, line in (("white", 4.0), (colour, 2.2)):
        corner = (middle[1] - width / 2, middle[0] - height / 2)
        axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=edge, linewidth=line, clip_on=False))


def _squares(
    axes: Axes,
    numbers: np.ndarray,
    colours: np.ndarray,
    edge: str,
    words: str,
    palette: str,
    norm: Normalize | None = None,
) -> None:
    """Draw numbers as coloured squares, written in them where they fit."""
    reach = max(float(np.abs(colours).max()), 1e-12)
    norm = norm or Normalize(-reach, reach)
    axes.imshow(colours, cmap=palette, norm=norm, interpolation="nearest")
    bare(axes)
    for spine in axes.spines.values():
        spine.set(visible=True, color=edge, linewidth=2)
    heading(axes, words, size=11)
    if max(numbers.shape) > MOST_WRITTEN:
        return
    shown = [number(round(float(value), 2) if abs(value) < 10 else round(float(value))) for value in numbers.flat]
    size = min(11.0, 0.84 * SMALL * 72 / max(numbers.shape) / (0.64 * max(map(len, shown))))
    for (row, column), value in np.ndenumerate(colours):
        shade = float(norm(value))
        dark = shade < 0.45 if palette == "gray" else abs(shade - 0.5) > 0.35
        text = shown[row * colours.shape[1] + column]
        axes.text(column, row, text, fontsize=size, ha="center", va="center", color="white" if dark else "black")
