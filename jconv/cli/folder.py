"""The folder that a command writes its files into."""

import os
from collections.abc import Mapping
from pathlib import Path

from jconv._files import write_files
from jconv.cli.errors import InputError


def check_folder(out: Path) -> None:
    """Refuse a folder that cannot be written to before the work, not after."""
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not there.is_dir():
        raise InputError(f"--out {out}: {there} is a file. Give the path of a folder.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(f"--out {out}: no permission to write in {there}. Give another folder.")


def write_out(out: Path, contents: Mapping[str, bytes]) -> None:
    """Write files into the folder, all or none, or say why that cannot be."""
    try:
        write_files(out, contents)
    except OSError as error:
        raise InputError(f"--out {out}: cannot be written ({error.strerror}). Give another folder.") from None
