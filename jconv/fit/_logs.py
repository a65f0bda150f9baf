"""The log of a training: a CSV file that is never half-written, and TensorBoard's events beside it."""

import csv
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from io import StringIO
from pathlib import Path
from socket import gethostname
from typing import Any

from jconv._files import write_files

try:  # of the extra `train`; without it the CSV is all there is
    from tensorboardX import summary
    from tensorboardX.proto.event_pb2 import Event, SessionLog  # pyrefly: ignore
    from tensorboardX.record_writer import RecordWriter

    INSTALLED = True
except ModuleNotFoundError:  # pragma: no cover
    INSTALLED = False

NAME = "log.csv"


class Log:
    """Rows of numbers by step, in `log.csv`, and in `tensorboard/` as scalars where tensorboardX is installed.

    Args:
        folder: where they are; made if it is missing.
        step: rows of later steps are dropped: a training that resumes there makes them anew.

    Raises:
        OSError: they cannot be written; also by `add`.
    """

    def __init__(self, folder: Path, step: int = 0):
        self.folder = folder
        self.rows: list[dict[str, str]] = []
        if step and (folder / NAME).exists():
            with (folder / NAME).open(newline="") as file:
                self.rows = [row for row in csv.DictReader(file) if int(row["step"]) <= step]
        self.events = _Events(folder / "tensorboard", step + 1) if INSTALLED else None

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Add a row, and write the file anew under another name, then rename it."""
        self.rows.append({"step": str(step)} | {name: f"{value:.9g}" for name, value in values.items()})
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        text = StringIO(newline="")
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_files(self.folder, {NAME: text.getvalue().encode()})
        if self.events:
            self.events.add(step, values)

    def close(self) -> None:
        """Let go of the files. All that was added is there, or `add` has said that it is not."""
        if self.events:
            self.events.close()


class _Events:
    """A file of TensorBoard's events, which takes the place of what earlier files have of `step` and later.

    Written at once: the writer that tensorboardX has does it in a thread, which a full disk ends with nobody told.
    """

    def __init__(self, folder: Path, step: int):
        folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{time.time():.6f}.{gethostname()}.{os.getpid()}"
        self.file = RecordWriter(str(folder / name))
        self.write(file_version="brain.Event:2")
        self.write(step=step, session_log=SessionLog(status=SessionLog.START))

    def write(self, **fields: Any) -> None:
        """Write an event of now."""
        self.file.write(Event(wall_time=time.time(), **fields).SerializeToString())

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Write a scalar for each value, and wait until the disk has them."""
        for name, value in values.items():
            self.write(step=step, summary=summary.scalar(name, value))
        self.file.flush()

    def close(self) -> None:
        """Close the file, also where what it still holds finds no room."""
        with suppress(OSError):
            self.file.close()
