"""The folder that a command writes into."""

import os
from pathlib import Path

from jconv.cli.errors import InputError


def check_folder(out: Path) -> None:
    """Refuse a folder that cannot be written to before the training, not after."""
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not there.is_dir():
        raise InputError(f"--out {out}: {there} is a file. Give the path of a folder.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(f"--out {out}: no permission to write in {there}. Give another folder.")
