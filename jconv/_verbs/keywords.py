"""Keywords of the verbs: an unknown one is answered with the one that was meant."""

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from jconv._verbs.signatures import shown_as_written

P = ParamSpec("P")
R = TypeVar("R")

# What lax, Flax, PyTorch and Keras call the same things.
SYNONYMS = {
    "strides": "stride",
    "window_strides": "stride",
    "kernel_dilation": "dilation",
    "rhs_dilation": "dilation",
    "dilations": "dilation",
    "dilation_rate": "dilation",
    "rate": "dilation",
    "feature_group_count": "groups",
    "pads": "padding",
    "mode": "padding_mode",
    "weight": "kernel",
    "filter": "kernel",
    "filters": "kernel",
    "rhs": "kernel",
    "dtype": "preferred_element_type",
}
# What they call the first noun, which is x or y.
FIRST = ("input", "inputs", "lhs", "x", "y")
_TRANSPOSED = "use jconv.conv_transpose(stride=...), or jconv.conv_general_dilated"
_LAYOUT = "arrays are channels-last here; jconv.conv_general_dilated takes other layouts"
ELSEWHERE = {
    "lhs_dilation": _TRANSPOSED,
    "input_dilation": _TRANSPOSED,
    "dimension_numbers": _LAYOUT,
    "data_format": _LAYOUT,
    "batch_group_count": "use jconv.conv_general_dilated",
    "output_padding": "it belongs to jconv.conv_transpose",
    "kernel_size": "the kernel's own shape says it",
    "bias": "add it to the result",
}


def helpful_keywords(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function answer an unknown keyword with the one that was meant.

    Args:
        function: the function, in a file with `from __future__ import annotations`.

    Returns:
        A function that checks its keywords and calls the given one; its signature is shown as it is written.
    """
    known = tuple(inspect.signature(function).parameters)

    @functools.wraps(function)
    def checked(*args: P.args, **keywords: P.kwargs) -> R:
        for name in keywords:
            if name not in known:
                raise TypeError(f"{function.__name__}: there is no argument {name}=. {_meant(name, known)}")
        return function(*args, **keywords)

    return shown_as_written(checked)


def _meant(name: str, known: tuple[str, ...]) -> str:
    """A sentence that says what an unknown keyword may have been meant to be."""
    if name in ELSEWHERE:
        return f"For {name}: {ELSEWHERE[name]}."
    synonym = known[0] if name in FIRST else SYNONYMS.get(name)
    near = [synonym] if synonym else difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"Did you mean {near[0]}=?" if near else f"The arguments are {', '.join(known)}."
