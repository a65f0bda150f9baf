"""The command `jconv`: starts the commands, or says in one line what is missing for them."""

import sys
from collections.abc import Sequence

from jconv.cli.errors import BAD_INPUT, one_line_errors

# The extra that installs a package, by the name it is imported under.
EXTRA = dict.fromkeys(("typer", "rich", "matplotlib", "PIL", "skimage"), "cli")
EXTRA |= dict.fromkeys(("grain", "orbax", "tensorboardX", "mlxtend", "sklearn", "scipy"), "train")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one of jconv's commands, such as `jconv learn` or `jconv train`, as a shell does.

    It reads the files that the arguments name. Results go to standard output, and to the folder or file that the
    command's options name. A mistake goes to standard error, in one line that says what to do.

    Args:
        arguments: the words after `jconv`, such as `["learn", "--steps", "40"]`; None takes those of this process.

    Raises:
        SystemExit: always, with the exit code. 0: done. 1: done, but an algorithm failed its verification, or what
            `learn` learned did not converge. 2: bad input, a package that is missing, or a full disk. 130: Ctrl-C.
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
