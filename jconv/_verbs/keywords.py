"""Keywords of the verbs: an unknown one is answered with the one meant, and `help` shows aliases by name."""

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

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
    "feature_group_count": "groups",
    "pads": "padding",
    "mode": "padding_mode",
    "weight": "kernel",
    "filter": "kernel",
    "filters": "kernel",
    "rhs": "kernel",
    "dtype": "preferred_element_type",
}
ELSEWHERE = {
    "lhs_dilation": "that is jconv.conv_transpose(stride=...), or jconv.conv_general_dilated",
    "dimension_numbers": "that is jconv.conv_general_dilated; here arrays are channels-last",
    "bias": "add it to the result",
}


class _Name(str):
    """An annotation that is shown as it is written."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def helpful_keywords(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function answer unknown keywords with what was meant; its annotations must be strings.

    Args:
        function: the function, in a file with `from __future__ import annotations`.

    Returns:
        The same function, with a signature that shows each annotation as it is written.
    """
    signature = inspect.signature(function)
    known = tuple(signature.parameters)

    @functools.wraps(function)
    def checked(*args: P.args, **keywords: P.kwargs) -> R:
        for name in keywords:
            if name not in known:
                raise TypeError(f"{function.__name__}: there is no argument {name}=. {_meant(name, known)}")
        return function(*args, **keywords)

    shown = [p.replace(annotation=_Name(p.annotation)) for p in signature.parameters.values()]
    checked_as_any: Any = checked
    checked_as_any.__signature__ = signature.replace(
        parameters=shown, return_annotation=_Name(signature.return_annotation)
    )
    return checked


def _meant(name: str, known: tuple[str, ...]) -> str:
    """A sentence that says what an unknown keyword may have been meant to be."""
    if name in ELSEWHERE:
        return f"For {name}: {ELSEWHERE[name]}."
    near = [SYNONYMS[name]] if name in SYNONYMS else difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    near = [word for word in near if word in known]
    return f"Did you mean {near[0]}=?" if near else f"The arguments are {', '.join(known)}."
