"""The convolutions that a function traces: jconv's own and JAX's, with their gradients."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
from jax import lax

from jconv._choice.choose import CHOICES
from jconv._equation.problem import ConvProblem
from jconv._primitive.conv_p import conv_p
from jconv._primitive.forms import solved_problem
from jconv._primitive.layout import equation_problem


def traced_problems(function: Callable[..., Any], *args: Any) -> tuple[ConvProblem, ...]:
    """The distinct problems of a function's convolutions, in order; not those that name their algorithm."""
    return tuple(problem for problem in traced_convolutions(function, *args) if problem.algorithm in CHOICES)


def traced_convolutions(function: Callable[..., Any], *args: Any) -> dict[ConvProblem, bool]:
    """The distinct problems of all convolutions of a function, in order, and whether they are JAX's own."""
    found: dict[ConvProblem, bool] = {}
    for equation in equations(jax.make_jaxpr(function)(*args)):
        problem = _problem_of(equation)
        if problem is not None:
            found.setdefault(problem, equation.primitive is not conv_p)
    return found


def equations(value: Any) -> Iterator[Any]:
    """All equations of a jaxpr and of those inside its equations: loops, branches, jitted functions."""
    if hasattr(value, "eqns"):
        for equation in value.eqns:
            yield equation
            for parameter in equation.params.values():
                yield from equations(parameter)
    elif hasattr(value, "jaxpr"):
        yield from equations(value.jaxpr)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from equations(one)


def own_problems(jaxpr: Any) -> list[ConvProblem]:
    """The problems of jconv's own convolutions in a jaxpr, as often as they occur, in order."""
    return [solved_problem(**equation.params) for equation in equations(jaxpr) if equation.primitive is conv_p]


def _problem_of(equation: Any) -> ConvProblem | None:
    """The problem of an equation of a jaxpr; None if it is no convolution, or none that is a `ConvProblem`."""
    if equation.primitive is conv_p:
        return solved_problem(**equation.params)
    if equation.primitive is lax.conv_general_dilated_p:
        operands = [operand.aval for operand in equation.invars]
        posed = equation_problem(operands, equation.outvars[0].aval, equation.params)
        return posed[0] if posed else None
    return None


def with_gradients(problems: Iterable[ConvProblem]) -> dict[ConvProblem, str]:
    """Each problem and its two gradients, once, and what each is.

    A problem that is the gradient of one before brings none of its own: those would be of second order.
    """
    found: dict[ConvProblem, str] = {}
    for problem in problems:
        if problem not in found:
            found[problem] = "value"
            found.setdefault(problem.gradient_x(), "gradient of x")
            found.setdefault(problem.gradient_w(), "gradient of kernel")
    return found
