"""Signatures that read: `help` shows each annotation as it is written, aliases by name."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class _Written(str):
    """An annotation that is shown without quotation marks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def shown_as_written(function: F) -> F:
    """Give a function a signature whose annotations are shown as they are written.

    Args:
        function: the function, in a file with `from __future__ import annotations`.

    Returns:
        The same function.
    """
    signature = inspect.signature(function)
    parameters = [p.replace(annotation=_Written(p.annotation)) for p in signature.parameters.values()]
    as_any: Any = function
    as_any.__signature__ = signature.replace(
        parameters=parameters, return_annotation=_Written(signature.return_annotation)
    )
    return function
