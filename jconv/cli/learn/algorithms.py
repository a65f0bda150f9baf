"""Which algorithms a training step runs, in each direction, and which could run all of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax

from jconv._algorithms import ALGORITHMS
from jconv._choice.choose import CHOICES
from jconv._programs.explain import explain
from jconv._programs.trace import traced_convolutions
from jconv.cli.errors import InputError

NAMES = (*CHOICES, *ALGORITHMS)


def check_name(algorithm: str) -> None:
    """Refuse an algorithm that there is not."""
    if algorithm not in NAMES:
        raise InputError(f"--algorithm {algorithm}: there is no such algorithm. Give one of {', '.join(NAMES)}.")


def algorithms_of(step: Callable[..., Any], *args: Any) -> dict[str, list[str]]:
    """Give the names of the algorithms that a training step runs, by direction; none where it has no such direction.

    Args:
        step: gives the gradient of the loss.
        *args: what it takes.

    Raises:
        InputError: the algorithm that it asks for cannot compute one of its convolutions.
    """
    traced = [problem for problem in traced_convolutions(step, *args) if not problem.empty]
    found: dict[str, set[str]] = {"forward": set(), "input_gradient": set(), "kernel_gradient": set()}
    for convolution in explain(step, *args).convolutions:
        for name in found:
            direction = getattr(convolution, name)
            if direction.problem not in traced:
                continue
            found[name].add(direction.chosen)
            reasons = next((c.cannot for c in direction.candidates if c.name == direction.chosen), ())
            if reasons:
                platform = jax.default_backend()
                posed = [replace(problem, algorithm="auto") for problem in traced]
                able = [
                    name
                    for name, one in ALGORITHMS.items()
                    if not any(one.unsupported(problem, platform) for problem in posed)
                ]
                raise InputError(
                    f"--algorithm {direction.chosen}: it cannot compute this training "
                    f"({direction.name}: {'; '.join(reasons)}). Give one of {', '.join((*CHOICES, *able))}."
                )
    return {name: sorted(names) for name, names in found.items()}
