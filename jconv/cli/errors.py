"""What the user did wrong, said in one line; and the exit codes. Light, so that `--help` is quick."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130  # the last is 128 + SIGINT, as shells have it
# What a device that is full or broken answers to a write.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


class InputError(ValueError):
    """A mistake in what the user gave, said in one line that ends with what to do.

    Args:
        message: the line; line breaks in it are shown as escapes.
        detail: further lines, printed below it as they are.
    """

    def __init__(self, message: str, detail: str = ""):
        super().__init__(message)
        self.detail = detail


def printable(text: object) -> str:
    """Give a text in one line that every terminal can show: line breaks and broken characters as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


@contextmanager
def one_line_errors(command: str) -> Iterator[None]:
    """Turn what goes wrong in a command into one line on standard error and an exit code.

    Args:
        command: "jconv" or "jconv learn", which begins the line.

    Raises:
        SystemExit: 2 for a mistake of the user, 130 for Ctrl-C.
    """
    try:
        yield
    except InputError as error:
        _end(f"{command}: {printable(error)}", BAD_INPUT, error.detail)
    except KeyboardInterrupt:
        _end(f"{command}: stopped. Nothing was saved.", INTERRUPTED)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            name = printable(os.fsdecode(error.filename or ""))
            _end(f"{command}: {name[:40]}...: this name of {len(name)} characters is too long. Give a shorter path.")
        if error.errno in _NO_ROOM and error.filename is None:
            _drop_output()
            _end(f"{command}: standard output cannot be written ({error.strerror}). Send it elsewhere.")
        raise


def _end(line: str, code: int = BAD_INPUT, detail: str = "") -> None:
    """Print a line, and what belongs to it, to standard error, and end the process with a code."""
    print("\n".join(filter(None, (line, detail))), file=sys.stderr)
    raise SystemExit(code) from None


def _drop_output() -> None:
    """Send what Python still holds back for standard output nowhere: at its end it would try once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
