"""The options and help of `jconv show`. What it does is imported when it does it, so that `--help` is quick."""

from pathlib import Path
from typing import Annotated

import typer

from jconv.cli.errors import one_line_errors
from jconv.cli.options import NAMED_FILTERS, ShowOptions

DEFAULT = ShowOptions()


def show(
    input: Annotated[
        int, typer.Option(min=1, max=64, help="How many squares the grid has on each side.")
    ] = DEFAULT.input,
    kernel: Annotated[
        int, typer.Option(min=1, max=64, help="How many squares the stencil has on each side.")
    ] = DEFAULT.kernel,
    stride: Annotated[
        int, typer.Option(min=1, max=64, help="How far the stencil moves at once: 2 skips every other place.")
    ] = DEFAULT.stride,
    padding: Annotated[
        int, typer.Option(min=0, max=64, help="How many rings of zeros are drawn around the grid first.")
    ] = DEFAULT.padding,
    dilation: Annotated[
        int, typer.Option(min=1, max=64, help="How far apart the stencil's holes are: 2 leaves a gap between them.")
    ] = DEFAULT.dilation,
    groups: Annotated[
        int, typer.Option(min=1, max=64, help="How many grids there are, each with a stencil of its own.")
    ] = DEFAULT.groups,
    transposed: Annotated[
        bool,
        typer.Option(
            "--transposed",
            help="The way back: each number of the grid is multiplied by the whole stencil and stamped on the output. "
            "Where stamps overlap, they are added.",
        ),
    ] = DEFAULT.transposed,
    rank: Annotated[
        int, typer.Option(min=1, max=2, help="1 is a row of numbers, such as a sound; 2 a grid, such as a picture.")
    ] = DEFAULT.rank,
    seed: Annotated[int, typer.Option(min=0, help="Another seed draws other numbers.")] = DEFAULT.seed,
    picture: Annotated[
        Path | None,
        typer.Option(
            help="A photograph of yours, PNG or JPEG: a known stencil slides over it, and a new picture grows. "
            "It is made grey, and small enough that you see its pixels.",
            show_default="with --filter alone, one that ships with scikit-image",
        ),
    ] = DEFAULT.picture,
    filter: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"The stencil for the photograph: {', '.join(NAMED_FILTERS)}.",
            show_default="with --picture, sobel-x, which finds edges",
        ),
    ] = DEFAULT.filter,
    out: Annotated[Path, typer.Option(help="The folder for show.gif and strip.png.")] = Path("runs/show"),
) -> None:
    """Show what a convolution is: a stencil that slides over a grid of numbers.

    Take squared paper with a number in every square, and a small stencil with a number beside each hole. Lay the
    stencil on the paper. Multiply each number that you see with the number beside its hole, add up what you get, and
    write the sum down on a new sheet. Move the stencil one square on, and do it again. The new sheet is the
    convolution. The stencil is called its kernel.

    This draws it for you: show.gif moves, and strip.png has the first, the middle and the last stop on one page. A
    4 by 4 grid and a 2 by 2 stencil give 3 by 3 numbers, as the stencil has 3 places across and 3 down.

    Then try, and guess first what will come out:

    - `jconv show --stride 2`

    - `jconv show --padding 1`

    - `jconv show --input 6 --kernel 3 --dilation 2`

    - `jconv show --rank 1 --input 8 --kernel 3`

    - `jconv show --filter sobel-x`

    - `jconv show --picture mine.jpg --filter emboss`
    """
    with one_line_errors("jconv show"):
        options = ShowOptions(
            input=input,
            kernel=kernel,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
            transposed=transposed,
            rank=rank,
            seed=seed,
            picture=picture,
            filter=filter,
        )
        from jconv.cli.show import run

        raise typer.Exit(run(options, out))
