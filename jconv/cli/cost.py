"""`jconv cost` on the terminal: what a user's function computes, moves and holds."""

from jconv.arithmetic import cost
from jconv.cli.functions import find_function


def run(target: str) -> int:
    """Print the table of a function's cost.

    Args:
        target: FILE.py:NAME or MODULE:NAME, a function without arguments.

    Returns:
        The exit code, 0.

    Raises:
        InputError: there is no such function, or it cannot be traced.
    """
    print(cost(find_function(target)))
    return 0
