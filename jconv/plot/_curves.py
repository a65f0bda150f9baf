"""Losses and metrics over the steps of a training."""

from collections.abc import Collection, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jconv._typing import ArrayLike
from jconv.plot._style import COLOURS, DASHES, FAINT, INK, columns_for, flat, heading, light, page

MARKED = 30  # so few points get marks, so that a curve of one point is seen


def curves(
    series: Mapping[str, ArrayLike | Mapping[str, ArrayLike]],
    *,
    title: str = "training",
    logarithmic: Collection[str] = (),
    across: str = "step",
) -> Figure:
    """Draw curves over the steps, one panel for each name.

    Args:
        series: name of a panel to its curve, or to its curves by name, such as
            `{"loss": losses, "accuracy": {"training": a, "held out": b}}`. A curve is `(steps,)`, from step 1 on, or
            `(times, 2)`: steps and values. Values that are not finite leave gaps.
        title: written above.
        logarithmic: names of panels whose values, all positive, go up by factors.
        across: what the steps are.

    Returns:
        The figure.

    Raises:
        ValueError: no curves, or one of another shape, or a logarithmic panel that is not there.

    Examples:
        >>> figure = curves({"loss": [3.0, 2.0, 1.5]}, logarithmic=("loss",))
        >>> figure.axes[0].get_yscale()
        'log'
    """
    if not series or set(logarithmic) - set(series):
        raise ValueError(f"curves: series={list(series)} must not be empty, and have logarithmic={list(logarithmic)}.")
    columns = columns_for(len(series), 3)
    figure, panels = page(
        -(-len(series) // columns), columns, size=(4.2, 2.5), title=title, gap=(0.75, 0.85), left=0.8, bottom=0.65
    )
    for axes, (name, found) in zip(flat(panels, len(series)), series.items(), strict=True):
        several = found if isinstance(found, Mapping) else {"": found}
        points = {label: _points(f"{name} {label}".strip(), curve) for label, curve in several.items()}
        _panel(axes, points, logarithmic=name in logarithmic)
        heading(axes, name, size=10.5)
        axes.set_xlabel(across, fontsize=9, color=FAINT)
    return figure


def _points(name: str, curve: ArrayLike) -> np.ndarray:
    """Give a curve as `(times, 2)`: steps and values, gaps as NaN."""
    array = np.asarray(curve, np.float64)
    if array.ndim == 1:
        array = np.stack([np.arange(1, array.size + 1), array], axis=1)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"curves: {name} of shape {array.shape} must be (steps,), or (times, 2): steps and values.")
    return np.where(np.isfinite(array), array, np.nan)


def _panel(axes: Axes, curves: Mapping[str, np.ndarray], *, logarithmic: bool) -> None:
    """Draw curves into axes, each with its own colour and dashes."""
    for place, (label, points) in enumerate(curves.items()):
        steps, values = points.T
        if logarithmic:
            values = np.where(values > 0, values, np.nan)
        axes.plot(
            steps, values, DASHES[place % len(DASHES)], color=COLOURS[place % len(COLOURS)], linewidth=1.8,
            marker="o" if len(steps) <= MARKED else None, markersize=3.5, label=label or None,
        )  # fmt: skip
    if logarithmic:
        axes.set_yscale("log")
        axes.minorticks_off()
    light(axes)
    axes.margins(x=0.02)
    if any(curves):
        axes.legend(frameon=False, fontsize=9, labelcolor=INK, loc="best")
