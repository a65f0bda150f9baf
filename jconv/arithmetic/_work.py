"""What one equation of a program costs, and what to call it."""

from collections.abc import Callable
from math import log2, prod
from typing import Any, NamedTuple

from jax import lax

from jconv._equation.problem import ConvProblem
from jconv._primitive.conv_p import conv_p
from jconv._primitive.forms import solved_problem
from jconv._primitive.layout import equation_problem
from jconv._typing import Ints
from jconv.arithmetic._kinds import ARITHMETIC, CUMULATIVE, MOVES, REDUCTIONS, SAME, VIEWS, WINDOWS


class Work(NamedTuple):
    """The cost of one equation, done once.

    Args:
        name: its row in the table; equations of one name are added up.
        multiply_adds: of contractions: convolutions and dots.
        operations: other arithmetic, one per result (of a Fourier transform, 5 n log2 n).
        bytes: its operands and results, each read or written once.
        counted: whether its arithmetic is known.
    """

    name: str
    multiply_adds: int
    operations: int
    bytes: int
    counted: bool = True


def work_of(equation: Any) -> Work:
    """The cost of an equation that holds no program."""
    name = equation.primitive.name
    results = sum(prod(v.aval.shape) for v in equation.outvars if hasattr(v.aval, "shape"))
    operands = sum(prod(v.aval.shape) for v in equation.invars if hasattr(v.aval, "shape"))
    moved = _bytes(equation)
    if equation.primitive is conv_p or equation.primitive is lax.conv_general_dilated_p:
        return _conv_work(equation, moved)
    if name == "dot_general":
        return _dot_work(equation, results, moved)
    if name in VIEWS:
        return Work("views", 0, 0, 0)
    if name in SAME | MOVES:
        return Work("copies", 0, 0, moved)
    if name in ARITHMETIC:
        return Work("elementwise", 0, results, moved)
    if name in REDUCTIONS | CUMULATIVE:
        return Work("reductions", 0, operands, moved)
    if name in WINDOWS:
        return Work("windows", 0, results * prod(equation.params["window_dimensions"]), moved)
    if name in OTHERS:
        return Work(*OTHERS[name](equation, operands, results), moved)
    return Work(name, 0, 0, moved, counted=False)


def _bytes(equation: Any) -> int:
    avals = [v.aval for v in (*equation.invars, *equation.outvars)]
    return sum(prod(a.shape) * a.dtype.itemsize for a in avals if hasattr(a, "shape") and hasattr(a.dtype, "itemsize"))


def _conv_work(equation: Any, moved: int) -> Work:
    if equation.primitive is conv_p:
        problem = solved_problem(**equation.params)
    else:
        posed = equation_problem([v.aval for v in equation.invars], equation.outvars[0].aval, equation.params)
        if posed is None:  # of a type that jconv does not convolve in
            return Work("convolution", 0, 0, moved, counted=False)
        problem = posed[0]
    return Work(_conv_name(problem), problem.multiply_adds, 0, moved)


def _conv_name(problem: ConvProblem) -> str:
    """For example `conv 3x3/2 g4, 8x 56x56x64 -> 28x28x128`: window, stride, groups, batch, sizes and channels."""
    steps = f"/{_sides(problem.stride)}" if set(problem.stride) != {1} else ""
    steps += f"*{_sides(problem.input_dilation)}" if set(problem.input_dilation) != {1} else ""
    groups = f" g{problem.groups}" if problem.groups > 1 else ""
    batch = f"{problem.batch}x " if problem.batch != 1 else ""
    shapes = [
        _product((*sizes, problem.groups * channels))
        for sizes, channels in ((problem.input_size, problem.c_in), (problem.output_size, problem.c_out))
    ]
    return f"conv {_product(problem.window)}{steps}{groups}, {batch}{shapes[0]} -> {shapes[1]}"


def _sides(values: Ints) -> str:
    return str(values[0]) if len(set(values)) == 1 else _product(values)


def _product(sizes: Ints) -> str:
    return "x".join(map(str, sizes))


def _dot_work(equation: Any, results: int, moved: int) -> Work:
    (contracted, _), (batch, other) = equation.params["dimension_numbers"]
    left, right = (v.aval.shape for v in equation.invars)
    depth = prod(left[a] for a in contracted)
    count = prod(left[a] for a in batch)
    rows = prod(left) // max(depth * count, 1)
    columns = prod(right) // max(depth * prod(right[a] for a in other), 1)
    many = f"{count}x " if count != 1 else ""
    return Work(f"dot {many}{rows}x{depth} @ {depth}x{columns}", results * depth, 0, moved)


def _fft(equation: Any, operands: int, results: int) -> tuple[str, int, int]:
    length = prod(equation.params["fft_lengths"])
    many = max(operands, results)  # of a real transform, the real side
    whole = 5 * many * log2(max(length, 2))
    return "fft " + _product(equation.params["fft_lengths"]), 0, int(whole / (1 if operands == results else 2))


def _sort(equation: Any, operands: int, results: int) -> tuple[str, int, int]:
    length = equation.invars[0].aval.shape[equation.params.get("dimension", -1)]
    return "sorts", 0, int(operands * log2(max(length, 2)))


def _scatter(equation: Any, operands: int, results: int) -> tuple[str, int, int]:
    return "copies", 0, prod(equation.invars[2].aval.shape)


def _pick(equation: Any, operands: int, results: int) -> tuple[str, int, int]:
    return "windows", 0, prod(equation.invars[0].aval.shape) * prod(equation.params["window_dimensions"])


OTHERS: dict[str, Callable[[Any, int, int], tuple[str, int, int]]] = {
    "fft": _fft,
    "scatter-add": _scatter,
    "scatter_add": _scatter,
    "select_and_gather_add": _pick,
    "select_and_scatter_add": _pick,
    "sort": _sort,
    "top_k": _sort,
}
