"""The one picture of a training: what was predicted, the curves, and what was learned."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from flax import nnx
from matplotlib.figure import Figure
from PIL import Image

from jconv import nn, plot

GAP = 24  # pixels between figures
SHOWN = 4  # channels of a long convolution


def report(figures: list[Figure], curves: Mapping[str, Any], model: nnx.Module, title: str, channels: int) -> bytes:
    """Give the report as a PNG: figures of the task, curves, long kernels, first kernels and their frequency responses.

    Args:
        figures: of the task.
        curves: as `jconv.plot.curves` takes them.
        model: whose first kernels are shown.
        title: of the curves.
        channels: of an input.
    """
    drawn = [*figures, plot.curves(curves, title=title)]
    long = long_kernels(model)
    if long:
        drawn.append(plot.curves(long, title="some kernels of the long convolutions, tap by tap", across="steps back"))
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


def long_kernels(model: nnx.Module) -> dict[str, dict[str, np.ndarray]]:
    """Give curves (taps, 2) of some channels' kernels, from first to last, for each long convolution of a model."""
    layers = [layer for _, layer in nnx.iter_modules(model) if isinstance(layer, nn.LongConv)]
    found = {}
    for number, layer in enumerate(layers, start=1):
        kernel = np.asarray(layer.kernel() if isinstance(layer.kernel, nn.ImplicitKernel) else layer.kernel[...])
        taps, channels = kernel.shape
        chosen = np.unique(np.linspace(0, channels - 1, SHOWN).round().astype(int))
        found[f"long convolution {number}"] = {
            f"channel {c}": np.stack([np.arange(taps), kernel[:, c]], axis=1) for c in chosen
        }
    return found


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
