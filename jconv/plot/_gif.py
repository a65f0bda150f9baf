"""Figures as the frames of a GIF."""

from collections.abc import Iterable
from io import BytesIO

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

LAST = 2.5  # times as long as the others


def as_gif(figures: Iterable[Figure], seconds: float) -> bytes:
    """Give figures of one size as the bytes of a GIF that starts over when it is through.

    Args:
        figures: the frames, drawn one after the other.
        seconds: how long each is shown; the last longer.

    Returns:
        The file's content.
    """
    pictures = []
    for figure in figures:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        pixels = np.asarray(canvas.buffer_rgba())[..., :3]
        pictures.append(Image.fromarray(np.ascontiguousarray(pixels)).quantize(256, dither=Image.Dither.NONE))
    times = [int(1000 * seconds)] * (len(pictures) - 1) + [int(1000 * seconds * LAST)]
    written = BytesIO()
    pictures[0].save(
        written, format="GIF", save_all=True, append_images=pictures[1:], duration=times, loop=0, disposal=1
    )
    return written.getvalue()
