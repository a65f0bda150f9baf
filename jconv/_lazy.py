"""Names that a module imports when they are first asked for, so that importing it stays light."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def later(module: str, where: Mapping[str, str]) -> Callable[[str], Any]:
    """Make a module's `__getattr__`.

    Args:
        module: its name.
        where: by name, the module to import it from; a name that is itself a module stands for that module.

    Returns:
        A function that gives the attribute of a name.
    """

    def find(name: str) -> Any:
        """Give what has this name."""
        if name not in where:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        found = importlib.import_module(where[name])
        return found if where[name] == f"{module}.{name}" else getattr(found, name)

    return find
