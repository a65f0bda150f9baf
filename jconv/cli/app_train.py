"""The options and help of `jconv train` and `jconv predict`. Light, so that `--help` is quick."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from jconv.cli.errors import InputError, one_line_errors

Task = Literal["classify", "segment", "detect", "video", "audio", "sequence"]


def train(
    task: Annotated[
        Task,
        typer.Argument(
            help="classify: pictures. segment: each pixel of a picture. detect: objects and their boxes. "
            "video: short videos. audio: spoken words. sequence: long sequences, such as a picture pixel by pixel.",
            show_default=False,
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="classify: lenet, resnet, convnext, mobilenet. segment: unet. detect: centernet. video: 2+1, 3d. "
            "audio: audionet. sequence: hyena, short.",
            show_default="the first",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Your own data; a fifth is held out. classify, audio, video: a folder with a folder for each class, "
            "of pictures, of mono WAV files of one rate, of GIFs or folders of frames; or an .npz with x and y. "
            "segment: a folder with pictures/ and masks/ (PNG, class numbers as grey levels). detect: a folder with "
            "pictures and boxes.json as COCO has it. sequence: an .npz with x (n, length, channels) and y (n,); or the "
            "name of series that sktime ships, such as JapaneseVowels, with their own test set (extra series).",
            show_default="data that packages ship, or made from them",
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Times through the data.", show_default="by task and data")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Examples a step.", show_default="by task")] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="The highest; it rises to that and falls to nothing.", show_default="by task")
    ] = None,
    examples: Annotated[int | None, typer.Option(min=1, help="Train on so many only.", show_default="all")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The folder for metrics.json, report.png, log.csv, tensorboard/ and checkpoints/.",
            show_default="runs/TASK",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the training in that folder, with its options.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of parameters, order and random changes.")] = 0,
    platform: Annotated[
        str | None, typer.Option(metavar="cpu|gpu|tpu", help="Where to train.", show_default="where jax does")
    ] = None,
) -> None:
    """Train a network, and say how good it is on examples that it never saw.

    It can be stopped at any moment, by Ctrl-C or otherwise, and resumed with --resume: the result has the same bits.
    """
    with one_line_errors("jconv train"):
        from jconv.cli.train.command import run
        from jconv.cli.train.job import Options

        if learning_rate is not None and not learning_rate > 0:
            raise InputError(f"--learning-rate {learning_rate:g}: must be greater than 0.")
        asked = Options(
            task=task,
            model=model or "",
            data="" if data is None else str(data),
            epochs=epochs or 0,
            batch_size=batch_size or 0,
            learning_rate=learning_rate or 0.0,
            examples=examples or 0,
            seed=seed,
        )
        raise typer.Exit(run(asked, out, resume=resume, platform=platform))


def predict(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The folder that `jconv train` wrote.")],
    files: Annotated[
        list[Path],
        typer.Argument(help="Pictures, WAV files, GIFs or folders of frames, or an .npz with x: what the task takes."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="A folder for predictions.json and, where it can be drawn, predictions.png.", show_default=False
        ),
    ] = None,
) -> None:
    """Say what a trained network makes of your own files."""
    with one_line_errors("jconv predict"):
        from jconv.cli.train.predict import run

        raise typer.Exit(run(folder, files, out))
