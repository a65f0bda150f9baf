"""Lines through a whole program: its equations in order, functions, branches and loops inside it too."""

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import Any

import jax
import numpy as np
from jax.extend.core import Literal

from jconv.arithmetic._kinds import Inner, called, opened
from jconv.arithmetic._lines import FIXED, UNBOUNDED, Line, everywhere, through, union
from jconv.arithmetic._rules import RULES, Value, counting_pieces

NOTHING = Value()
MOST_KNOWN = 2**20  # entries of an array that is computed because it does not depend on any input
WHILE_STEPS = 32


def propagate(program: Inner, values: Sequence[Value], depth: int = 0) -> list[Value]:
    """What a jaxpr's results are known to read, given that of its arguments; `depth` counts the loops around."""
    jaxpr = program.jaxpr
    known = dict(zip(jaxpr.constvars, map(_constant, program.constants), strict=True))
    known |= dict(zip(jaxpr.invars, values, strict=True))

    def look(variable: Any) -> Value:
        return _constant(variable.val) if isinstance(variable, Literal) else known.get(variable, NOTHING)

    for equation in jaxpr.eqns:
        results = _results(equation, [look(v) for v in equation.invars], depth)
        known |= dict(zip(equation.outvars, results, strict=True))
    return [look(v) for v in jaxpr.outvars]


def _constant(value: Any) -> Value:
    number = np.isscalar(value) or hasattr(value, "dtype")
    known = number and np.size(value) <= MOST_KNOWN and not _is_key(value)
    return Value(known=np.asarray(value)) if known else NOTHING


def _is_key(value: Any) -> bool:
    return hasattr(value, "dtype") and jax.dtypes.issubdtype(value.dtype, jax.dtypes.extended)


def _results(equation: Any, values: list[Value], depth: int) -> list[Value]:
    name, inner = equation.primitive.name, called(equation)
    if inner is not None and len(inner.jaxpr.invars) == len(values):
        return propagate(inner, values, depth)
    if all(value.lines is None for value in values):
        return _evaluate(equation, values)
    if name in LOOPS:
        return LOOPS[name](equation, values, depth)
    rule, tracked = RULES.get(name), next(len(v.lines) for v in values if v.lines is not None)
    found = [_results_line(equation, values, rule, one) for one in range(tracked)]
    return [Value(tuple(lines)) for lines in zip(*found, strict=True)]


def _results_line(equation, values, rule, tracked: int) -> list[Line]:
    """The lines of each result along one tracked axis of the input."""
    outs, found = len(equation.outvars), []
    for index, value in enumerate(values):
        if value.lines is None:
            continue
        line = value.lines[tracked]
        if rule is None:
            line = line if line.axis < 0 else everywhere(line)
        elif line.axis >= 0:
            line = rule(equation, values, index, line)
        found.append((index, line if isinstance(line, list) else [line] * outs))
    if equation.primitive.name == "concatenate":
        return [union(counting_pieces(equation, [(index, lines[0]) for index, lines in found]))]
    return [union([lines[out] for _, lines in found]) for out in range(outs)]


def _evaluate(equation: Any, values: list[Value]) -> list[Value]:
    """The results themselves, if the operands are known and they are small; else nothing."""
    avals = [v.aval for v in equation.outvars]
    small = all(hasattr(a, "shape") and prod(a.shape) <= MOST_KNOWN and not _is_key(a) for a in avals)
    if not small or equation.effects or any(value.known is None for value in values):
        return [NOTHING] * len(avals)
    with jax.ensure_compile_time_eval():
        results = equation.primitive.bind(*(value.known for value in values), **equation.params)
    results = results if equation.primitive.multiple_results else [results]
    return [_constant(result) for result in results]


def _whole(value: Value) -> Value:
    return value if value.lines is None else Value(tuple(map(everywhere, value.lines)))


def _merge(first: Value, second: Value) -> Value:
    """What one of two values may be."""
    if first.lines is None or second.lines is None:
        return Value(first.lines or second.lines)
    return Value(tuple(union(list(pair)) for pair in zip(first.lines, second.lines, strict=True)))


# ---- branches and loops


def _cond(equation, values: list[Value], depth: int) -> list[Value]:
    which, *arguments = values
    found = None
    for branch in equation.params["branches"]:
        results = propagate(opened(branch), arguments, depth)
        found = results if found is None else [_merge(*pair) for pair in zip(found, results, strict=True)]
    return [_merge(value, _whole(which)) for value in found or []]


def _scan(equation, values: list[Value], depth: int) -> list[Value]:
    """Step by step: inside, the loop's counter t is an axis of its own, by a number below FIXED."""
    params = equation.params
    length, backwards = params["length"], params["reverse"]
    fixed, carried = _parts_of_scan(equation)
    counter = FIXED - 1 - depth
    constants, carry = values[:fixed], values[fixed:carried]
    slices = [_map(value, lambda line: _to_counter(line, counter, backwards)) for value in values[carried:]]
    stacked: list[Value] | None = None if length else [NOTHING] * (len(equation.outvars) - len(carry))
    for _ in range(length):
        results = propagate(opened(params["jaxpr"]), [*constants, *carry, *slices], depth + 1)
        new, made = results[: len(carry)], results[len(carry) :]
        stacked = made if stacked is None else [_merge(*pair) for pair in zip(stacked, made, strict=True)]
        before, carry = carry, [_map(value, lambda line: _one_later(line, counter)) for value in new]
        if before == carry:
            break
    final = [_map(value, lambda line: _at_the_end(line, counter, length)) for value in carry]
    return final + [_map(made, lambda line: _from_counter(line, counter, length, backwards)) for made in stacked or []]


def _parts_of_scan(equation) -> tuple[int, int]:
    """Where a scan's constants end, and where what it carries ends, among its operands.

    Told by the shapes inside and outside, for versions of JAX name these numbers differently: what is sliced or
    stacked has an axis more outside.
    """
    body = opened(equation.params["jaxpr"]).jaxpr
    sliced = sum(a.aval.ndim > b.aval.ndim for a, b in zip(equation.invars, body.invars, strict=True))
    stacked = sum(a.aval.ndim > b.aval.ndim for a, b in zip(equation.outvars, body.outvars, strict=True))
    carried = len(equation.invars) - sliced
    return carried - (len(equation.outvars) - stacked), carried


def _map(value: Value, change) -> Value:
    return Value() if value.lines is None else Value(tuple(map(change, value.lines)))


def _to_counter(line: Line, counter: int, backwards: bool) -> Line:
    if line.axis < 0:
        return line
    if line.axis > 0:
        return line._replace(axis=line.axis - 1)
    return _turned(line)._replace(axis=counter) if backwards else line._replace(axis=counter)


def _from_counter(line: Line, counter: int, length: int, backwards: bool) -> Line:
    if line.axis != counter:
        return line._replace(axis=line.axis + 1) if line.axis >= 0 else line
    line = line._replace(axis=0, count=length)
    return _turned(line) if backwards else line


def _turned(line: Line) -> Line:
    return through(line, line.axis, line.count, -1, Fraction(line.count - 1), Fraction(line.count - 1))


def _one_later(line: Line, counter: int) -> Line:
    """What was made at step t - 1, seen from step t."""
    return through(line, counter, line.count, 1, Fraction(-1), Fraction(-1)) if line.axis == counter else line


def _at_the_end(line: Line, counter: int, length: int) -> Line:
    """What is seen from step `length`, after the loop."""
    if line.axis != counter:
        return line
    return through(line, FIXED, 1, 0, Fraction(length), Fraction(length))


def _while(equation, values: list[Value], depth: int) -> list[Value]:
    """Until nothing more is read; if that does not come about, anything may be."""
    params = equation.params
    tests, bodies = params["cond_nconsts"], params["cond_nconsts"] + params["body_nconsts"]
    constants, carry = values[tests:bodies], values[bodies:]
    for _ in range(WHILE_STEPS):
        new = propagate(opened(params["body_jaxpr"]), [*constants, *carry], depth)
        new = [_merge(*pair) for pair in zip(carry, new, strict=True)]
        if new == carry:
            break
        carry = new
    else:
        carry = [_map(value, lambda line: UNBOUNDED) for value in carry]
    (ends,) = propagate(opened(params["cond_jaxpr"]), [*values[:tests], *carry], depth)
    return [_merge(value, _whole(ends)) for value in carry]


LOOPS = {"cond": _cond, "scan": _scan, "while": _while}
