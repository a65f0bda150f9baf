"""The function that a user names as FILE.py:NAME or MODULE:NAME, found and checked before it is traced."""

import importlib
import inspect
import runpy
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import jax

from jconv.cli.errors import InputError

FORM = "Give a function without arguments as FILE.py:NAME or MODULE:NAME"


def find_function(target: str) -> Callable[[], Any]:
    """Give the function that FILE.py:NAME or MODULE:NAME names.

    Args:
        target: what the user wrote.

    Returns:
        The function. When it is called and returns something else than arrays, it raises an `InputError`.

    Raises:
        InputError: there is no such function, or it cannot be called without arguments.
    """
    place, _, name = target.rpartition(":")
    if not place or not name:
        raise InputError(f"{target}: {FORM}.")
    try:
        found = _names_in_file(place, target) if place.endswith(".py") else _names_in_module(place, target)
    except SyntaxError as error:
        shown = "".join(traceback.format_exception_only(error)).rstrip()
        raise InputError(f"{target}: {place} is not valid Python. Mend it:", shown) from None
    function = found.get(name)
    if not callable(function):
        known = ", ".join(sorted(n for n, f in found.items() if callable(f) and not n.startswith("_"))) or "none"
        raise InputError(f"{target}: {place} has no function {name}; it has: {known}.")
    _check_call(function, target)
    return _checked(function, target)


def _names_in_file(place: str, target: str) -> dict[str, Any]:
    """Run a file, which may import its neighbours as a script does, and give its names."""
    if not Path(place).is_file():
        raise InputError(f"{target}: there is no file {place}. {FORM}.")
    sys.path.insert(0, str(Path(place).absolute().parent))
    return runpy.run_path(place)


def _names_in_module(place: str, target: str) -> dict[str, Any]:
    """Import a module, which may lie in the working directory as for `python -m`, and give its names."""
    sys.path.insert(0, str(Path.cwd()))
    if not all(part.isidentifier() for part in place.split(".")):
        raise InputError(f"{target}: {place} is no name of a module. {FORM}.")
    try:
        return vars(importlib.import_module(place))
    except ModuleNotFoundError as error:
        if not place.startswith(error.name or place + "."):
            raise  # found, but something that it imports is not
        raise InputError(f"{target}: there is no module {place}. {FORM}.") from None


def _check_call(function: Callable[..., Any], target: str) -> None:
    """Refuse a function that cannot be called without arguments, or whose call does not run it."""
    name = target.rpartition(":")[2]
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise InputError(f"{target}: this function is async, and JAX traces plain ones. Write def, not async def.")
    try:
        inspect.signature(function).bind()
    except TypeError as error:
        raise InputError(f"{target}: {error}. Wrap it: def example(): return {name}(example_input).") from None
    except ValueError:
        pass  # no signature to be had: the call will say


def _checked(function: Callable[[], Any], target: str) -> Callable[[], Any]:
    """Give the function with a check of its result, which must be arrays if JAX is to trace it."""

    @wraps(function)
    def checked() -> Any:
        result = function()
        for leaf in jax.tree.leaves(result):
            try:
                jax.typeof(leaf)
            except TypeError:
                raise InputError(
                    f"{target}: it returns a value of type {type(leaf).__name__}, which is no array. "
                    "Return the arrays that it computes."
                ) from None
        return result

    return checked
