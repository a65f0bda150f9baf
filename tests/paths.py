"""Which operations a program holds: how a test proves what ran, and not only that it was right."""

import re

from jconv._programs.trace import equations

_CONVOLUTION = re.compile(r"stablehlo\.convolution\b.*")
_COLLECTIVE = re.compile(r"= .*?\b(all-gather|all-reduce|all-to-all|collective-permute|reduce-scatter)(?:-start)?\(")
# What XLA recognises everywhere, also in loops: channels last, nothing dilated but the kernel, no padding.
_CANONICAL = {
    "layout is not channels-last": r"dim_numbers = \[b, (\d, )+f\]x\[(\d, )+i, o\]->\[b, (\d, )+f\]",
    "padding": r"pad = \[(\[0, 0\](, )?)+\]",
    "input dilation": r"lhs_dilate = \[1(, 1)*\]",
    "reversed window": r"reverse = \[false(, false)*\]",
    "batch groups": r"batch_group_count = 1 ",
}


def convolutions(lowered) -> list[str]:
    """Return every convolution of a lowered program, as text."""
    return _CONVOLUTION.findall(lowered.as_text())


def departures(convolution: str) -> list[str]:
    """Return how a convolution departs from the canonical form."""
    return [what for what, pattern in _CANONICAL.items() if not re.search(pattern, convolution)]


def collectives(compiled) -> list[str]:
    """Return the names of the communications in a compiled program."""
    return _COLLECTIVE.findall(compiled.as_text())


def primitives(jaxpr) -> set[str]:
    """Return the names of all primitives of a jaxpr."""
    return {equation.primitive.name for equation in equations(jaxpr)}


def equations_of(jaxpr, name: str) -> list:
    """Return the equations of one primitive in a jaxpr, those inside others included."""
    return [equation for equation in equations(jaxpr) if equation.primitive.name == name]
