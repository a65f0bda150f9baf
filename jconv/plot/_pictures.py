"""Pictures side by side."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from jconv._typing import ArrayLike
from jconv.plot._picture import as_pictures, show
from jconv.plot._style import columns_for, flat, heading, page


def pictures(named: Mapping[str, ArrayLike], *, title: str = "", columns: int = 4) -> Figure:
    """Draw pictures side by side, each with its words above it and its own black and white.

    Args:
        named: words to a picture `(height, width)` or `(height, width, 1 or 3)`; integers mean 0 to 255, and of other
            numbers 0 to 1 is black to white, or a larger range, or with zero as grey where signs are mixed.
        title: written above.
        columns: at most so many beside one another.

    Returns:
        The figure; all panels are as large as the first picture.

    Raises:
        ValueError: no pictures, or arrays of another shape.

    Examples:
        >>> import jax.numpy as jnp
        >>> figure = pictures({"one": jnp.eye(8), "other": jnp.zeros((8, 8))})
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['one', 'other']
    """
    if not named:
        raise ValueError("pictures: there are none. Give words and pictures.")
    shown = {words: as_pictures("pictures", np.asarray(one)[None])[0] for words, one in named.items()}
    height, width = next(iter(shown.values())).shape[:2]
    wide = 2.6 * float(np.clip(np.sqrt(width / height), 0.7, 1.5))
    count = columns_for(len(shown), columns)
    figure, panels = page(-(-len(shown) // count), count, size=(wide, wide * height / width), title=title)
    for axes, (words, one) in zip(flat(panels, len(shown)), shown.items(), strict=True):
        show(axes, one)
        heading(axes, words, size=10)
    return figure
