"""`jconv predict RUN FILES...`: what a trained model says of a user's own files."""

import json
from pathlib import Path

from flax import nnx
from rich.console import Console

from jconv.cli.errors import InputError, printable
from jconv.cli.folder import write_out
from jconv.cli.train.command import read_run
from jconv.cli.train.job import Options, load_task
from jconv.cli.train.report import stacked
from jconv.cli.train.task import Kind
from jconv.fit import CheckpointError
from jconv.fit._evaluate import map_batches
from jconv.fit._restore import restore_model
from jconv.plot import as_png


def run(folder: Path, files: list[Path], out: Path | None) -> int:
    """Predict, print a line for each file, and write a picture if that is asked.

    Args:
        folder: that `jconv train` wrote.
        files: of the kind that the task takes.
        out: folder for `predictions.json` and `predictions.png`; None: only print.

    Returns:
        The exit code, 0.

    Raises:
        InputError: no training, no checkpoint, or a file that cannot be read.
    """
    facts = read_run(folder)
    options = Options(**facts["options"])
    task = load_task(options.task)
    kind = Kind(tuple(facts["input_shape"]), tuple(facts["classes"]), facts["facts"])
    inputs = task.read_inputs(files, kind)
    model = task.models[options.model](kind, nnx.Rngs(options.seed))
    try:
        restore_model(model, folder / "checkpoints")
    except CheckpointError as error:
        raise InputError(str(error)) from None
    model.eval()
    found = map_batches(task.answers, model, inputs)
    lines = task.words(found, kind)
    names = (
        [str(file) for file in files] if len(files) == len(lines) else [f"{files[0]}[{i}]" for i in range(len(lines))]
    )
    console = Console(highlight=False, markup=False)
    for name, line in zip(names, lines, strict=True):
        console.print(f"{printable(name)}: {line}", soft_wrap=True)
    if out is not None:
        answers = [{"file": name, "answer": line} for name, line in zip(names, lines, strict=True)]
        contents = {"predictions.json": (json.dumps(answers, indent=2) + "\n").encode()}
        figures = task.figures(model, inputs, found, (), kind)
        if figures:
            contents["predictions.png"] = stacked([as_png(figure) for figure in figures])
        write_out(out, contents)
        console.print(f"Written: {', '.join(printable(out / name) for name in contents)}", soft_wrap=True)
    return 0
