"""The type of what solves a problem."""

from collections.abc import Callable
from typing import TypeAlias

from jconv._equation.problem import ConvProblem
from jconv._typing import Array

Compute: TypeAlias = Callable[[Array, Array, ConvProblem], Array]
