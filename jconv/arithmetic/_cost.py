"""cost: the multiply-adds, parameters and bytes of a function or a model, row by row."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from jax.extend.core import Literal

from jconv.arithmetic._kinds import MOVES, SAME, VIEWS, Inner, called, opened
from jconv.arithmetic._program import program_of
from jconv.arithmetic._table import CostRow, CostTable
from jconv.arithmetic._work import Work, work_of

# Row by row in the order of the program, but these at the end.
LAST = ("windows", "reductions", "elementwise", "copies")


def cost(function: Any, *args: Any, parameters: int | Sequence[int] = ()) -> CostTable:
    """Count what a function or a model computes, moves and holds. Nothing is computed.

    Convolutions (jconv's and lax's; the direct form, padding counted, zeros of an input dilation not),
    dots, Fourier transforms, reductions and elementwise work; loops by their length, of branches the dearest.
    Gradients, too: `cost(jax.grad(loss), ...)`.

    Args:
        function: a function, or a model that is a pytree and is called, as those of Flax nnx and Equinox.
        *args: its arguments, arrays or `jax.ShapeDtypeStruct`s.
        parameters: index of args, or indices, that hold parameters. Besides, the model's own arrays count
            (of Flax, its `Param`s), and arrays that the function holds.

    Returns:
        A `CostTable`: printed or shown in a notebook, a table; its rows and totals are numbers.

    Examples:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> from jconv import conv
        >>> def layer(x, kernel):
        ...     return jax.nn.relu(conv(x, kernel, stride=2, padding="SAME"))
        >>> print(cost(layer, jnp.ones((8, 32, 32, 3)), jnp.ones((3, 3, 3, 16)), parameters=1))
        operation                              times  params    MACs     ops   bytes FLOP/B
        conv 3x3/2, 8x 32x32x3 -> 16x16x16         1     432   885 k       0   231 k    7.7
        elementwise                                1       0       0  32.8 k   262 k    0.1
        total                                      2     432   885 k  32.8 k   493 k    3.7

    References:
        Williams, Waterman and Patterson, "Roofline: an insightful visual performance model for multicore
        architectures", CACM 52 (2009), for the last column.
    """
    chosen = (parameters,) if isinstance(parameters, int) else tuple(parameters)
    if any(not 0 <= n < len(args) for n in chosen):
        raise ValueError(f"cost: parameters={parameters!r} must be indices of the {len(args)} arguments.")
    program = program_of(function, *args, parameters=chosen)
    sizes = program.parameters
    jaxpr = program.inner.jaxpr
    own = {v: n for n, v in enumerate(jaxpr.invars) if n in sizes}
    own |= {v: -1 - n for n, v in enumerate(jaxpr.constvars) if -1 - n in sizes}
    entries, notes = [], {}
    _count(program.inner, own, 1, entries, notes)
    by_name: dict[str, list[Entry]] = {}
    for entry in entries:
        by_name.setdefault(entry.work.name, []).append(entry)
    rows = [_row(name, group, sizes) for name, group in by_name.items()]
    rows.sort(key=lambda row: LAST.index(row.operation) if row.operation in LAST else -1)
    return CostTable(tuple(rows), sum(sizes.values()), tuple(notes))


class Entry(NamedTuple):
    """One equation's work, how often it is done, and the indices of the parameters that it reads."""

    work: Work
    times: int
    held: frozenset[int]


def _row(name: str, entries: list[Entry], sizes: dict[int, int]) -> CostRow:
    held = frozenset().union(*(entry.held for entry in entries))
    return CostRow(
        operation=name,
        times=sum(entry.times for entry in entries),
        parameters=sum(sizes[n] for n in held),
        multiply_adds=sum(entry.times * entry.work.multiply_adds for entry in entries),
        operations=sum(entry.times * entry.work.operations for entry in entries),
        bytes=sum(entry.times * entry.work.bytes for entry in entries),
    )


# What follows adds to a list of entries, and to the notes, which are keys, so that each is made once. `own` tells of
# variables, and `operands` of an equation's operands, which parameter they are.


def _count(
    program: Inner, own: dict[Any, int], times: int, entries: list[Entry], notes: dict[str, None]
) -> list[int | None]:
    """Count a jaxpr's equations; returns which parameters its results are."""
    own = dict(own)
    for equation in program.jaxpr.eqns:
        operands = [None if isinstance(v, Literal) else own.get(v) for v in equation.invars]
        results = _count_inside(equation, operands, times, entries, notes)
        if results is None:
            work, name = work_of(equation), equation.primitive.name
            if not work.counted:
                notes[f"The arithmetic of {work.name} is not counted."] = None
            if name not in VIEWS:
                entries.append(Entry(work, times, frozenset(n for n in operands if n is not None)))
            same = name in SAME | VIEWS | MOVES and len(operands) > 0
            results = [operands[0] if same else None] * len(equation.outvars)
        own |= {v: n for v, n in zip(equation.outvars, results, strict=True) if n is not None}
    return [None if isinstance(v, Literal) else own.get(v) for v in program.jaxpr.outvars]


def _count_inside(equation, operands, times, entries, notes) -> list[int | None] | None:
    """Count the programs inside an equation; None if it has none that it is known to run."""
    name, params, inner = equation.primitive.name, equation.params, called(equation)
    if inner is not None:
        return _count(inner, _named(inner, operands), times, entries, notes)
    if name == "scan":
        body = opened(params["jaxpr"])
        _count(body, _named(body, operands), times * params["length"], entries, notes)
    elif name == "while":
        notes["A while loop is counted once: how often it runs is known only by running it."] = None
        tests, bodies = params["cond_nconsts"], params["cond_nconsts"] + params["body_nconsts"]
        for key, constants in (("cond_jaxpr", operands[:tests]), ("body_jaxpr", operands[tests:bodies])):
            body = opened(params[key])
            _count(body, _named(body, constants + operands[bodies:]), times, entries, notes)
    elif name == "cond":
        notes["Of branches, the dearest is counted."] = None
        found: list[list[Entry]] = []
        for branch in map(opened, params["branches"]):
            found.append([])
            _count(branch, _named(branch, operands[1:]), times, found[-1], notes)
        entries += max(found, key=_price)
    elif name == "custom_linear_solve":
        notes["A linear solve is counted by the program of its solver."] = None
        _count(opened(params["jaxprs"].solve), {}, times, entries, notes)
    else:
        return None
    return [None] * len(equation.outvars)


def _price(entries: list[Entry]) -> tuple[int, int, int]:
    """To compare branches by: multiply-adds first."""
    row = _row("", entries, dict.fromkeys(frozenset().union(*(entry.held for entry in entries)), 0))
    return row.multiply_adds, row.operations, row.bytes


def _named(inner: Inner, operands: list[int | None]) -> dict[Any, int]:
    """Which variables of a program are parameters, if it takes the operands as they are."""
    if len(inner.jaxpr.invars) != len(operands):
        return {}
    return {v: n for v, n in zip(inner.jaxpr.invars, operands, strict=True) if n is not None}
