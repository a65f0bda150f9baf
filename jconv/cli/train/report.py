"""The one picture of a training: what was predicted, the curves, and what was learned."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from flax import nnx
from matplotlib.figure import Figure
from PIL import Image

from jconv import plot

GAP = 24  # pixels between figures


def report(figures: list[Figure], curves: Mapping[str, Any], model: nnx.Module, title: str, channels: int) -> bytes:
    """Give the report as a PNG: figures of the task, curves, first kernels and their frequency responses.

    Args:
        figures: of the task.
        curves: as `jconv.plot.curves` takes them.
        model: whose first kernels are shown.
        title: of the curves.
        channels: of an input.
    """
    drawn = [*figures, plot.curves(curves, title=title)]
    kernel = first_kernel(model, channels)
    if kernel is not None:
        drawn.append(plot.kernels(kernel, title="kernels of the first layer"))
        if kernel.ndim <= 4:
            drawn.append(plot.frequency_response(kernel, title="their frequency responses"))
    return stacked([plot.as_png(figure) for figure in drawn])


def first_kernel(model: nnx.Module, channels: int) -> np.ndarray | None:
    """Give the first kernel (*window, c_in, c_out) of more than one tap; before others one that reads the channels."""
    found = []
    for path, variable in nnx.to_flat_state(nnx.state(model, nnx.Param)):
        value = np.asarray(variable.get_value())
        if path[-1] == "kernel" and 3 <= value.ndim <= 5 and np.prod(value.shape[:-2]) > 1:
            found.append(value)
    return next((kernel for kernel in found if kernel.shape[-2] == channels), found[0] if found else None)


def stacked(pictures: list[bytes]) -> bytes:
    """Put PNGs below one another, on white."""
    images = [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]
    width, height = max(i.width for i in images), sum(i.height for i in images) + GAP * (len(images) - 1)
    page, top = Image.new("RGB", (width, height), "white"), 0
    for image in images:
        page.paste(image, ((width - image.width) // 2, top))
        top += image.height + GAP
    out = io.BytesIO()
    page.save(out, "PNG", optimize=True)
    return out.getvalue()
