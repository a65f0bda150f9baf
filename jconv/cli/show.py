"""`jconv show`: draws the sliding window, over numbers or over a photograph, and writes what was drawn."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console

from jconv import plot
from jconv._equation.geometry import dilated_size
from jconv.cli.errors import InputError, printable
from jconv.cli.folder import check_folder, write_out
from jconv.cli.learn import pictures
from jconv.cli.options import NAMED_FILTERS, ShowOptions

FILTER = "sobel-x"
FRAMES = 36  # of the animation over a photograph
LARGEST_SIDE = 144  # pixels of the photograph, so that its window is seen


def run(options: ShowOptions, out: Path) -> int:
    """Draw and write.

    Args:
        options: what to draw.
        out: folder for the files.

    Returns:
        The exit code, 0.

    Raises:
        InputError: options that do not fit together, or a picture or folder that is not there.
    """
    check_folder(out)
    console = Console(highlight=False, markup=False)
    photograph = options.picture is not None or options.filter is not None
    try:
        contents, words = over_photograph(options) if photograph else over_numbers(options)
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(str(error).partition(": ")[2] or str(error)) from None  # without the function's name
    write_out(out, contents)
    console.print(words, soft_wrap=True)
    console.print(f"Written: {printable(out / 'show.gif')}, strip.png", soft_wrap=True)
    return 0


def over_numbers(options: ShowOptions) -> tuple[dict[str, bytes], str]:
    """Slide a kernel of small whole numbers over a grid of them.

    Returns:
        The files, and what they show in a line.
    """
    size = output_size(options)
    x, kernel = numbers(options)
    how: dict[str, Any] = {name: getattr(options, name) for name in ("stride", "padding", "dilation", "groups")}
    gif = plot.animate_conv(x, kernel, transposed=options.transposed, **how)
    figure = plot.strip(x, kernel, transposed=options.transposed, **how)

    def square(n: int) -> str:
        return f"{n} x {n}" if options.rank == 2 else f"{n}"

    words = (
        f"An input of {square(options.input)} and a kernel of {square(options.kernel)} give {square(size)} numbers"
        f"{f' in each of {options.groups} channels' if options.groups > 1 else ''}."
    )
    return {"show.gif": gif, "strip.png": plot.as_png(figure)}, words


def output_size(options: ShowOptions) -> int:
    """Give the numbers a side that come out, or say why there are none."""
    span = dilated_size(options.kernel, options.dilation)
    if options.transposed:
        size = options.stride * (options.input - 1) + span - 2 * options.padding
        if size < 1:
            raise InputError(
                f"--padding {options.padding}: transposed, it crops the output, and all {size + 2 * options.padding} "
                "numbers a side would go. Give less --padding."
            )
        return size
    whole = options.input + 2 * options.padding
    if span > whole:
        apart = f" with --dilation {options.dilation}" if options.dilation > 1 else ""
        around = " with its padding" if options.padding else ""
        raise InputError(
            f"--kernel {options.kernel}: it spans {span} squares{apart}, more than the {whole} of the input{around}. "
            "Give a larger --input or a smaller --kernel."
        )
    return (whole - span) // options.stride + 1


def numbers(options: ShowOptions) -> tuple[np.ndarray, np.ndarray]:
    """Draw an input of 0 to 9 and a kernel of -2 to 2 that is not all zeros, with a channel for each group."""
    draw = np.random.default_rng(options.seed)
    x = draw.integers(0, 10, (*(options.input,) * options.rank, options.groups))
    window = (options.kernel,) * options.rank
    kernel = draw.integers(-2, 3, (*window, 1, options.groups))
    first = kernel[(0,) * (options.rank + 1)]  # a view of each group's first tap
    first[~kernel.any(axis=tuple(range(options.rank + 1)))] = 1
    return x, kernel


def over_photograph(options: ShowOptions) -> tuple[dict[str, bytes], str]:
    """Slide a named filter over a photograph.

    Returns:
        The files, and what they show in a line.
    """
    grid = {field.name for field in fields(options)} - {"picture", "filter"}
    for name in sorted(grid):
        if getattr(options, name) != getattr(ShowOptions(), name):
            raise InputError(f"--{name} is for the grid of numbers, not for a photograph. Leave it, or --picture, out.")
    name = options.filter or FILTER
    if name not in NAMED_FILTERS:
        raise InputError(f"--filter {name}: there is no such filter. Give one of: {', '.join(NAMED_FILTERS)}.")
    taps = np.asarray(NAMED_FILTERS[name]())
    if options.picture is None:
        photograph, of = pictures.camera(), "scikit-image's camera"
    else:
        photograph, of = pictures.read_picture(options.picture, "--picture"), printable(options.picture.name)
    small = shrunk(pictures.grey(photograph)[..., 0])
    if any(n < k for n, k in zip(small.shape, taps.shape, strict=True)):
        raise InputError(
            f"--picture: {pictures.size_words(photograph)} is smaller than the filter {name}, {taps.shape[1]} x "
            f"{taps.shape[0]}, once its longer side is at most {LARGEST_SIDE} pixels. Give one that is less narrow."
        )
    gif = plot.animate_filter(small, taps, name=name, frames=FRAMES)
    strip = plot.as_png(plot.filter_strip(small, taps, name=name))
    words = f"{name} slides over {of}, shown with {small.shape[1]} x {small.shape[0]} pixels."
    return {"show.gif": gif, "strip.png": strip}, words


def shrunk(grey: np.ndarray) -> np.ndarray:
    """Give a picture `(height, width)` no larger than is shown, each pixel the mean of those it stands for."""
    scale = LARGEST_SIDE / max(grey.shape)
    if scale >= 1:
        return grey
    height, width = (max(1, round(n * scale)) for n in grey.shape)
    made = Image.fromarray(grey.astype(np.float32)).resize((width, height), Image.Resampling.BOX)
    return np.clip(np.asarray(made), 0, 1)
