"""Draw the strip of README from three trainings: a mask, boxes, and the window that slides.

jconv train segment; jconv train detect; jconv show
python benchmarks/tasks_picture.py runs/segment runs/detect runs/show/strip.png examples/tasks.png
"""

import io
import sys
from pathlib import Path

import numpy as np
from flax import nnx
from PIL import Image

from jconv.cli.train.command import read_run
from jconv.cli.train.job import Options, load_task
from jconv.cli.train.task import Kind
from jconv.fit._evaluate import map_batches
from jconv.fit._restore import restore_model
from jconv.plot import as_png

SHOWN, HEIGHT, GAP = 4, 620, 30  # pictures of a task; pixels


def drawn(folder: Path) -> Image.Image:
    """Give a task's figure of its first held-out pictures."""
    facts = read_run(folder)
    options = Options(**facts["options"])
    task = load_task(options.task)
    kind = Kind(tuple(facts["input_shape"]), tuple(facts["classes"]), facts["facts"])
    model = task.models[options.model](kind, nnx.Rngs(options.seed))
    restore_model(model, folder / "checkpoints")
    model.eval()
    held_out = tuple(a[:SHOWN] for a in task.read(None, options.seed).test)
    found = map_batches(task.answers, model, held_out[0])
    (figure,) = task.figures(model, held_out[0], found, held_out[1:], kind)
    return Image.open(io.BytesIO(as_png(figure))).convert("RGB")


def main(runs: list[str], still: str, out: str) -> None:
    """Put the pictures side by side, all as high."""
    pictures = [*(drawn(Path(run)) for run in runs), Image.open(still).convert("RGB")]
    pictures = [p.resize((round(p.width * HEIGHT / p.height), HEIGHT), Image.Resampling.LANCZOS) for p in pictures]
    gap = np.full((HEIGHT, GAP, 3), 255, np.uint8)
    parts = [part for p in pictures for part in (np.asarray(p), gap)][:-1]
    Image.fromarray(np.concatenate(parts, 1)).save(out, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:-2], *sys.argv[-2:])
