"""`jconv explain` on the terminal: which algorithms a user's function runs, and why."""

import jax

from jconv._choice.seconds import RATES
from jconv._programs.explain import explain
from jconv._programs.explanation import Direction, describe, wrapped
from jconv.cli.errors import InputError, printable
from jconv.cli.functions import find_function


def run(target: str, *, platform: str | None, candidates: bool) -> int:
    """Print what runs for each convolution of a function, in each direction.

    Args:
        target: FILE.py:NAME or MODULE:NAME, a function without arguments.
        platform: "cpu", "gpu", "cuda", "rocm" or "tpu"; None for this process's.
        candidates: whether to print every algorithm with its cost, and not only those that run.

    Returns:
        The exit code, 0.

    Raises:
        InputError: there is no such function or platform, or the function cannot be traced.
    """
    platforms = sorted({"cpu", "gpu", "cuda", "rocm", "tpu", *RATES})
    if platform is not None and platform not in platforms:
        raise InputError(f"--platform {platform}: give one of {', '.join(platforms)}.")
    platform = platform or jax.default_backend()
    found = explain(find_function(target), platform=platform)
    if candidates or not found.convolutions:
        print(found)
        return 0
    count = len(found.convolutions)
    print(f"{count} convolution{'s' * (count > 1)} in {printable(target)} on {platform}, each with its gradients")
    for number, convolution in enumerate(found.convolutions, start=1):
        print("\n".join(wrapped(f"{number}. {describe(convolution.forward.problem)}", 0, 3)))
        print("\n".join(line for direction in convolution for line in wrapped(in_short(direction), 3, 6)))
    if found.note:
        print("\n".join(wrapped(found.note, 0)))
    return 0


def in_short(direction: Direction) -> str:
    """Give a direction in one line: its name, what runs, the predicted time and the reason."""
    time = "time unknown" if direction.seconds is None else f"{1e3 * direction.seconds:.3f} ms"
    return f"{direction.name:16} {direction.chosen:10} {time:>12}  {direction.why}"
