"""The command `jconv`: starts the commands, or says in one line what is missing for them."""

import sys
from collections.abc import Sequence

from jconv.cli.errors import BAD_INPUT, one_line_errors

# The extra that installs a package, by the name it is imported under.
EXTRA = dict.fromkeys(("typer", "rich", "matplotlib", "PIL", "skimage"), "cli")
EXTRA |= dict.fromkeys(("grain", "orbax", "tensorboardX", "mlxtend", "sklearn", "scipy"), "train")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one of jconv's commands, such as `jconv learn` or `jconv train`.

    Args:
        arguments: of the command line, without the program's name; None takes this process's.

    Raises:
        SystemExit: always; 0 for success, 1 for a failed verification or a training that did not converge, 2 for
            bad input, 130 for Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # names of files need not be text
            stream.reconfigure(errors="backslashreplace")
    with one_line_errors("jconv"):
        try:
            _run(arguments)
        finally:
            sys.stdout.flush()  # here, where a full device can still be told in words


def _run(arguments: Sequence[str] | None) -> None:
    """Run the command line; end with code 2 where a package of the extra is missing."""
    try:
        # Imported here, so that a missing extra is told in words and `import jconv` stays light.
        from jconv.cli.app import app

        app(args=None if arguments is None else list(arguments), prog_name="jconv")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRA:
            raise
        extra = EXTRA[package]
        print(f'jconv: the command needs {package}. Install it with: pip install "jconv[{extra}]"', file=sys.stderr)
        sys.exit(BAD_INPUT)
