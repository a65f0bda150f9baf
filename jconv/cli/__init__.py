"""The command `jconv`: starts the commands, or says in one line what is missing for them."""

import sys
from collections.abc import Sequence

# What the extra `cli` installs, by the names it is imported under.
EXTRA = {"typer", "rich", "matplotlib", "PIL", "skimage"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `jconv learn`, `jconv verify` or `jconv tune`.

    Args:
        arguments: of the command line, without the program's name; None takes this process's.

    Raises:
        SystemExit: always; 0 for success, 1 for a failed verification, 2 for bad input, 130 for Ctrl-C.
    """
    try:
        # Imported here, so that a missing extra is told in words and `import jconv` stays light.
        from jconv.cli.app import app

        app(args=None if arguments is None else list(arguments), prog_name="jconv")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRA:
            raise
        print(f'jconv: the command needs {package}. Install it with: pip install "jconv[cli]"', file=sys.stderr)
        sys.exit(2)
