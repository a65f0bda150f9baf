"""Which waves a kernel lets through."""

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from jconv._typing import ArrayLike
from jconv.plot._kernels import Named, split_kernels
from jconv.plot._style import BLUE, FAINT, RISING, columns_for, flat, heading, light, page, scale

FLOOR = -60.0  # decibel: less is shown as this


def frequency_response(
    kernel: ArrayLike, *, title: str = "frequency responses", most: int = 32, points: int = 128
) -> Figure:
    """Draw how strongly each kernel answers to a wave of each frequency.

    |K(f)| = |sum over k of kernel[k] * exp(-2 pi i f k)|,  f from -0.5 to 0.5 cycles a pixel in each axis; for kernels
    of one axis from 0 to 0.5 cycles a sample, in decibel, 20 log10 |K(f)|.

    Args:
        kernel: as in `jconv.plot.kernels`, of rank 1 or 2.
        title: written above.
        most: so many pairs of input and output channels are shown, the first.
        points: frequencies along each axis, at least the window's taps, even.

    Returns:
        The figure; low frequencies are in the middle of each panel.

    Raises:
        ValueError: of another rank, complex or empty, or fewer points than taps.

    Examples:
        >>> from jconv.kernels import gaussian
        >>> len(frequency_response(gaussian(1.0)).axes)
        2

    References:
        Gonzalez and Woods, "Digital Image Processing", 4th edition, section 4.7.
    """
    named, rank, _ = split_kernels("frequency_response", kernel, most)
    if rank > 2:
        raise ValueError(
            f"frequency_response: kernel of shape {np.shape(kernel)} has {rank} window axes; at most 2 can be drawn. "
            "Give a slice of it."
        )
    if points < max(named[0][1].shape) or points % 2:
        raise ValueError(f"frequency_response: points={points} must be even and at least the taps {named[0][1].shape}.")
    total = int(np.prod(np.shape(kernel)[rank:]))
    shown = f"{title}: the first {len(named)} of {total}" if total > len(named) else title
    return _lines(named, shown, points) if rank == 1 else _planes(named, shown, points)


def _planes(named: Named, title: str, points: int) -> Figure:
    """Draw the responses of kernels of two axes as planes, to one scale of colours."""
    responses = [np.fft.fftshift(np.abs(np.fft.fft2(taps, (points, points)))) for _, taps in named]
    norm = Normalize(0, max(float(max(one.max() for one in responses)), 1e-12))
    side = 2.2 if len(named) <= 3 else 1.3
    columns = columns_for(len(named), 6)
    rows = -(-len(named) // columns)
    figure, panels = page(
        rows, columns, size=(side, side), title=title, gap=(0.3, 0.34), left=0.75, right=1.15, bottom=0.6
    )
    first = -0.5 - 0.5 / points
    extent = (first, first + 1, first + 1, first)
    for place, (axes, one, (words, _)) in enumerate(zip(flat(panels, len(named)), responses, named, strict=True)):
        axes.imshow(one, cmap=RISING, norm=norm, extent=extent, interpolation="nearest")
        axes.set(xlim=(-0.5, 0.5 - 1 / points), ylim=(0.5 - 1 / points, -0.5))
        axes.set_xticks([-0.5, 0, 0.5 - 1 / points], ["-½", "0", "½"])
        axes.set_yticks([-0.5, 0, 0.5 - 1 / points], ["-½", "0", "½"])
        low = place + columns >= len(named)
        axes.tick_params(labelsize=8, length=2, color=FAINT, labelleft=place % columns == 0, labelbottom=low)
        heading(axes, words, colour=FAINT, size=8)
    left, low = panels[-1][0], panels[0][0]
    low.set_ylabel("cycles a pixel, down", fontsize=8.5, color=FAINT)
    left.set_xlabel("cycles a pixel, across", fontsize=8.5, color=FAINT)
    scale(figure, norm, RISING, "|K|")
    return figure


def _lines(named: Named, title: str, points: int) -> Figure:
    """Draw the responses of kernels of one axis as lines, in decibel."""
    frequencies = np.fft.rfftfreq(points)
    responses = [np.abs(np.fft.rfft(taps, points)) for _, taps in named]
    decibel = [np.maximum(20 * np.log10(np.maximum(one, 1e-300)), FLOOR) for one in responses]
    columns = columns_for(len(named), 5)
    rows = -(-len(named) // columns)
    size = (4.2, 2.4) if len(named) == 1 else (1.9, 1.15)
    figure, panels = page(rows, columns, size=size, title=title, gap=(0.25, 0.45), left=0.85, bottom=0.6)
    top = max(float(max(one.max() for one in decibel)) + 3, FLOOR + 6)
    for place, (axes, one, (words, _)) in enumerate(zip(flat(panels, len(named)), decibel, named, strict=True)):
        axes.plot(frequencies, one, color=BLUE, linewidth=1.6)
        axes.set_ylim(max(FLOOR, float(min(d.min() for d in decibel)) - 3), top)
        axes.set_xlim(0, 0.5)
        light(axes, size=8)
        axes.set_xticks([0, 0.25, 0.5], ["0", "¼", "½"])
        low = place + columns >= len(named)
        axes.tick_params(labelleft=place % columns == 0, labelbottom=low)
        heading(axes, words, colour=FAINT, size=8)
    panels[0][0].set_ylabel("decibel", fontsize=8.5, color=FAINT)
    panels[-1][0].set_xlabel("cycles a sample", fontsize=8.5, color=FAINT)
    return figure
