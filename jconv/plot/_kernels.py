"""Kernels as a grid of pictures."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from jconv._typing import ArrayLike
from jconv.plot._style import BLUE, DIVERGING, FAINT, HAIR, bare, columns_for, flat, heading, light, page, scale

Named = list[tuple[str, np.ndarray]]


def kernels(kernel: ArrayLike, *, title: str = "kernels", names: Sequence[str] | None = None, most: int = 48) -> Figure:
    """Draw a layer's kernels, each a picture of its taps: white is 0, red adds, blue takes away.

    Kernels of three input channels are shown in colour, where grey is 0. Those of one axis are bars; those of three are
    their slices side by side, in order.

    Args:
        kernel: `(*window, c_in // groups, c_out)` as of `jconv.conv`, of rank 1 to 3; or `(*window,)` of rank 1 or 2.
        title: written above.
        names: words above the kernels; None: the numbers of their channels.
        most: so many pairs of input and output channels are shown, the first.

    Returns:
        The figure.

    Raises:
        ValueError: of another rank, complex or empty, or too few names.

    Examples:
        >>> import jax
        >>> figure = kernels(jax.random.normal(jax.random.key(0), (5, 5, 1, 8)))
        >>> len(figure.axes)  # eight kernels and the scale of colours
        9
    """
    named, rank, colour = split_kernels("kernels", kernel, most, colours=True)
    total = int(np.prod(np.shape(kernel)[rank:])) // (3 if colour else 1)
    shown = f"{title}: the first {len(named)} of {total}" if total > len(named) else title
    reach = max(float(max(np.nanmax(np.abs(one)) for _, one in named)), 1e-12)
    if names is not None:
        if len(names) < len(named):
            raise ValueError(f"kernels: {len(names)} names for {len(named)} kernels. Give one for each.")
        named = [(words, taps) for words, (_, taps) in zip(names, named, strict=False)]
    if rank == 1:
        return _bars(named, reach, shown)
    height, width = named[0][1].shape[:2]
    side = 1.6 if len(named) <= 4 else 1.05 if len(named) <= 16 else 0.8
    columns = columns_for(len(named), max(1, int(9.6 / (side * width / height))))
    figure, panels = page(
        -(-len(named) // columns), columns, size=(side * width / height, side), title=shown,
        gap=(0.16, 0.28), right=0.3 if colour else 1.15,
    )  # fmt: skip
    norm = Normalize(-reach, reach)
    for axes, (words, one) in zip(flat(panels, len(named)), named, strict=True):
        _square(axes, 0.5 + one / (2 * max(np.nanmax(np.abs(one)), 1e-12)) if colour else one, norm)
        heading(axes, words, colour=FAINT, size=8)
    if not colour:
        scale(figure, norm, DIVERGING, "tap")
    return figure


def split_kernels(verb: str, kernel: ArrayLike, most: int, *, colours: bool = False) -> tuple[Named, int, bool]:
    """Take a layer's kernels apart.

    Args:
        verb: for messages.
        kernel: as `kernels` takes it.
        most: so many are given.
        colours: keep three input channels of a kernel of rank 2 together.

    Returns:
        Words and taps `(window,)`, `(height, width)` or `(height, width, 3)` of each; the rank; whether in colour.
    """
    array = np.asarray(kernel)
    if array.ndim not in range(1, 6) or not array.size or np.iscomplexobj(array):
        raise ValueError(
            f"{verb}: kernel of shape {array.shape} and dtype {array.dtype} must be real, not empty, (*window, c_in, "
            f"c_out) of rank 1 to 3 or (*window,) of rank 1 or 2. Give a layer's kernel, or the parts of a complex one."
        )
    array = array.astype(np.float64)
    if array.ndim <= 2:
        return [("", array)], array.ndim, False
    rank = array.ndim - 2
    c_in, c_out = array.shape[-2:]
    if colours and rank == 2 and c_in == 3:
        return [(str(o), array[..., o]) for o in range(min(c_out, most))], rank, True
    named = []
    for place in range(min(c_in * c_out, most)):
        i, o = place % c_in, place // c_in
        taps = array[..., i, o]
        named.append((f"{i} → {o}" if c_in > 1 else str(o), _side_by_side(taps) if rank == 3 else taps))
    return named, rank, False


def _side_by_side(taps: np.ndarray) -> np.ndarray:
    """Lay the slices (time, height, width) out from left to right, with a column of nothing between them."""
    nothing = np.full((taps.shape[1], 1), np.nan)
    return np.concatenate([part for one in taps for part in (one, nothing)][:-1], axis=1)


def _square(axes: Axes, taps: np.ndarray, norm: Normalize) -> None:
    """Draw taps `(height, width)` by their sign, or `(height, width, 3)` as they stand, in a hair-thin frame."""
    axes.imshow(taps, cmap=DIVERGING, norm=None if taps.ndim == 3 else norm, interpolation="nearest")
    bare(axes)
    for spine in axes.spines.values():
        spine.set(visible=True, color=HAIR, linewidth=0.8)


def _bars(named: Named, reach: float, title: str) -> Figure:
    """Draw kernels of one axis as bars from zero, all to one scale."""
    least = min(0.0, float(min(taps.min() for _, taps in named)))
    columns = columns_for(len(named), 5)
    rows = -(-len(named) // columns)
    figure, panels = page(rows, columns, size=(1.9, 1.0), title=title, gap=(0.2, 0.42), left=0.65)
    for place, (axes, (words, taps)) in enumerate(zip(flat(panels, len(named)), named, strict=True)):
        axes.bar(np.arange(taps.size), taps, color=BLUE, width=0.8)
        axes.axhline(0, color=FAINT, linewidth=0.8)
        axes.set_ylim(1.08 * least, 1.08 * reach)
        axes.set_xlim(-0.7, taps.size - 0.3)
        light(axes, size=8)
        axes.set_xticks(sorted({0, taps.size // 2, taps.size - 1}))
        axes.tick_params(labelleft=place % columns == 0)
        heading(axes, words, colour=FAINT, size=8)
    return figure
