"""Write files so that a reader never finds half of one, and so that several change together or not at all."""

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files into a folder, which is made if it is missing: all of them or none.

    All are written under temporary names, and synced to the disk, before the first is renamed. After a failure
    or an interruption the folder holds what it held before.

    Args:
        folder: where.
        contents: file name to bytes.

    Raises:
        OSError: the folder cannot be made or written to, or a folder has the name of a file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    temporary = {name: _unused(folder) for name in contents}
    aside = {name: _unused(folder) for name in contents}
    named: list[str] = []
    try:
        for name, content in contents.items():
            _write(temporary[name], content)
            _keep(folder / name, aside[name])
        for name, path in temporary.items():
            named.append(name)  # before, so that an interruption in between is undone too
            os.replace(path, folder / name)
    except BaseException:
        for name in named:
            _put_back(aside[name], folder / name)
        raise
    finally:
        for path in (*temporary.values(), *aside.values()):
            path.unlink(missing_ok=True)


def _unused(folder: Path) -> Path:
    """Give a path in a folder that nobody can guess: one who could might plant a link there."""
    return folder / f".{secrets.token_hex(8)}.part"


def _write(path: Path, content: bytes) -> None:
    """Make a file, which must not exist and may be no link, and wait until the disk has its content."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _keep(path: Path, aside: Path) -> None:
    """Give what stands at a path a second name, if there is anything; a copy where a file system has no links."""
    if not os.path.lexists(path):
        return
    try:
        os.link(path, aside, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(path, aside, follow_symlinks=False)


def _put_back(aside: Path, path: Path) -> None:
    """Undo a renaming: what was kept aside stands at the path again, or nothing if nothing was there."""
    if os.path.lexists(aside):
        os.replace(aside, path)
    else:
        path.unlink(missing_ok=True)
