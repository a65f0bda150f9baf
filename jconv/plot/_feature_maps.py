"""What a layer makes of a picture, channel by channel."""

import numpy as np
from matplotlib.figure import Figure

from jconv._typing import ArrayLike
from jconv.plot._style import FAINT, INK, RISING, bare, columns_for, flat, heading, page


def feature_maps(features: ArrayLike, *, title: str = "feature maps", most: int = 24) -> Figure:
    """Draw each channel of a layer's output as a picture, dark at its least value and bright at its largest.

    Args:
        features: `(height, width, c)`, or `(height, width)` for one channel. For a sound `(time, bands, c)`.
        title: written above.
        most: so many channels are shown, the first.

    Returns:
        The figure. Over each channel stand its number and the values at dark and bright.

    Raises:
        ValueError: features of another shape, complex or empty.

    Examples:
        >>> import jax.numpy as jnp
        >>> len(feature_maps(jnp.ones((8, 8, 6))).axes)
        6
    """
    array = np.asarray(features)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or not array.size or np.iscomplexobj(array):
        raise ValueError(
            f"feature_maps: features of shape {array.shape} and dtype {array.dtype} must be real, not empty, "
            "(height, width, c). Give one picture's."
        )
    array = array.astype(np.float64)
    height, width, channels = array.shape
    count = min(channels, most)
    shown = f"{title}: the first {count} of {channels}" if channels > count else title
    wide = float(np.clip(1.5 * np.sqrt(width / height), 1.35, 3.0))
    tall = float(np.clip(wide * height / width, 0.6, 4.0))
    columns = columns_for(count, max(1, int(10 / wide)))
    figure, panels = page(-(-count // columns), columns, size=(wide, tall), title=shown, gap=(0.18, 0.34))
    for channel, axes in enumerate(flat(panels, count)):
        one = array[..., channel]
        axes.imshow(one, cmap=RISING, interpolation="nearest")
        bare(axes)
        constant = one.min() == one.max()
        words = f"{one.min():.2g}" if constant else f"{one.min():.2g} … {one.max():.2g}"
        heading(axes, f"{channel}:  {words}", colour=FAINT if constant else INK, size=8)
    return figure
