"""How a figure is held to its looks: nothing cut off, nothing too small to read, no words over words."""

from unittest import mock

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from jconv import plot

LEGIBLE = 6.0  # points


def drawn(figure):
    """The texts that are drawn, with their extents in pixels; and the PNG. Ticks beyond an axis are not drawn."""
    honest, found = Text.draw, []

    def draw(self, renderer, *rest, **more):
        if self.get_visible() and self.get_text().strip():
            found.append(self)
        return honest(self, renderer, *rest, **more)

    with mock.patch.object(Text, "draw", draw):
        content = plot.as_png(figure)
    renderer = FigureCanvasAgg(figure).get_renderer()
    return {text: text.get_window_extent(renderer) for text in found}, content


def check_looks(figure):
    """Hold a figure to: no text reaches beyond its edge, none is tiny, and no two overlap."""
    texts, content = drawn(figure)
    width, height = figure.canvas.get_width_height()
    for text, box in texts.items():
        assert -1 <= box.x0 and box.x1 <= width + 1 and -1 <= box.y0 and box.y1 <= height + 1, text
        assert text.get_fontsize() >= LEGIBLE, text
    every = list(texts.items())
    for i, (text, box) in enumerate(every):
        assert not [other for other, second in every[i + 1 :] if box.padded(-1).overlaps(second.padded(-1))], text
    assert content.startswith(b"\x89PNG")
