"""The window that slides over a grid, as an animation and as a strip of stills."""

from collections.abc import Iterator, Sequence

from matplotlib.figure import Figure

from jconv._typing import ArrayLike, IntOrInts, Padding
from jconv.plot._gif import as_gif
from jconv.plot._slide import Slide, slide
from jconv.plot._slide_frame import Layout, blank, draw_step, layout

BETWEEN = 0.12  # inches from a still to the next


def animate_conv(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    stride: IntOrInts = 1,
    padding: Padding = 0,
    dilation: IntOrInts = 1,
    groups: int = 1,
    transposed: bool = False,
    seconds: float = 1.2,
) -> bytes:
    """Show a convolution step by step: the window, the kernel, their products, the sum, and the output so far.

    y[o, m] = sum over k, c of  x[s*o + d*k - lo, c] * kernel[k, c, m],  one o after the other. Transposed, each input
    is multiplied by the whole kernel and added to the output. The output is `jconv.conv`'s or
    `jconv.conv_transpose`'s own, and every sum that is drawn is checked against it.

    Args:
        x: `(*spatial, c)`, or `(*spatial,)` of one channel, of rank 1 or 2.
        kernel: `(*window, c_in // groups, c_out)`, or `(*window,)`.
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`; the zeros are drawn in grey.
        dilation: as in `jconv.conv`.
        groups: as in `jconv.conv`.
        transposed: show `jconv.conv_transpose`; then x has the kernel's c_out channels.
        seconds: that each step is shown.

    Returns:
        A GIF file's bytes.

    Raises:
        ValueError: arguments that do not fit together, more than 200 steps, or more numbers than can be read.

    Examples:
        >>> import numpy as np
        >>> gif = animate_conv(np.arange(4), np.array([1, -1]))
        >>> gif[:6]
        b'GIF89a'

    References:
        Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.
    """
    verb = "animate_conv"
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    taken = slide(verb, x, kernel, transposed=transposed, **options)
    plan = layout(verb, taken)
    return as_gif(_stills(taken, plan), seconds)


def strip(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    steps: Sequence[int] | None = None,
    stride: IntOrInts = 1,
    padding: Padding = 0,
    dilation: IntOrInts = 1,
    groups: int = 1,
    transposed: bool = False,
) -> Figure:
    """Draw some steps of what `animate_conv` shows, one below the other, for paper.

    Args:
        x: as in `animate_conv`.
        kernel: as in `animate_conv`.
        steps: numbers of the steps, from 0; negative ones count from the end. None: the first, the middle, the last.
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`.
        dilation: as in `jconv.conv`.
        groups: as in `jconv.conv`.
        transposed: show `jconv.conv_transpose`.

    Returns:
        The figure.

    Raises:
        ValueError: as in `animate_conv`, or a step that is not there.

    Examples:
        >>> import numpy as np
        >>> figure = strip(np.arange(16).reshape(4, 4), np.ones((2, 2)), steps=(0, -1))
        >>> [text.get_text() for text in figure.axes[0].texts if text.get_text().startswith("step")]
        ['step 1 of 9:  the sum of the 4 products is 10', 'step 9 of 9:  the sum of the 4 products is 50']
    """
    verb = "strip"
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    taken = slide(verb, x, kernel, transposed=transposed, **options)
    count = len(taken.steps)
    chosen = sorted({0, count // 2, count - 1}) if steps is None else list(steps)
    if not chosen or any(not -count <= step < count for step in chosen):
        raise ValueError(f"{verb}: steps={steps!r} must be among the {count} steps, 0 to {count - 1}.")
    plan = layout(verb, taken)
    figure, axes = blank(plan.width, len(chosen) * (plan.height + BETWEEN) - BETWEEN)
    for place, step in enumerate(chosen):
        draw_step(axes, taken, plan, step % count, place * (plan.height + BETWEEN))
    return figure


def _stills(taken: Slide, plan: Layout) -> Iterator[Figure]:
    """Draw each step in a figure of its own."""
    for step in range(len(taken.steps)):
        figure, axes = blank(plan.width, plan.height)
        draw_step(axes, taken, plan, step, 0.0)
        yield figure
