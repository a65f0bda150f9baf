"""The log of a training: a CSV file that is never half-written, and TensorBoard's events beside it."""

import csv
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from jconv._files import write_files

try:  # of the extra `train`; without it the CSV is all there is
    from tensorboardX import SummaryWriter
except ModuleNotFoundError:  # pragma: no cover
    SummaryWriter = None

NAME = "log.csv"


class Log:
    """Rows of numbers by step, in `log.csv`, and in `tensorboard/` as scalars where tensorboardX is installed.

    Args:
        folder: where they are; made if it is missing.
        step: rows of later steps are dropped: a training that resumes there makes them anew.
    """

    def __init__(self, folder: Path, step: int = 0):
        self.folder = folder
        self.rows: list[dict[str, str]] = []
        if step and (folder / NAME).exists():
            with (folder / NAME).open(newline="") as file:
                self.rows = [row for row in csv.DictReader(file) if int(row["step"]) <= step]
        self.writer: Any = SummaryWriter and SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Add a row, and write the file anew under another name, then rename it."""
        self.rows.append({"step": str(step)} | {name: f"{value:.9g}" for name, value in values.items()})
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        text = StringIO(newline="")
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_files(self.folder, {NAME: text.getvalue().encode()})
        for name, value in values.items():
            if self.writer:
                self.writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Write what is still held back."""
        if self.writer:
            self.writer.close()
