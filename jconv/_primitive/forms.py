"""Three maps of one problem: each of x, w and y from the other two. Every derivative of one is another.

A problem's equation is one trilinear form of x, w and y. Leaving one of the three open gives three bilinear maps:

    y from (x, w)    the convolution
    x from (y, w)    its adjoint for a fixed w: the gradient of x, and the transposed convolution
    w from (x, y)    its adjoint for a fixed x: the gradient of the kernel

The transpose of each in either operand is one of the three again, so that derivatives of any order are these three.
"""

from collections.abc import Callable
from typing import Literal, TypeAlias

from jax import lax
from jax.sharding import PartitionSpec

from jconv._equation.problem import ConvProblem
from jconv._typing import Array, DType, Ints

Name: TypeAlias = Literal["x", "w", "y"]

OPERANDS: dict[Name, tuple[Name, Name]] = {"y": ("x", "w"), "x": ("y", "w"), "w": ("x", "y")}

# Where the arrays that share it keep an axis: N, M, C and G.
SHARED: dict[str, dict[Name, int]] = {
    "batch": {"x": 0, "y": 0},
    "c_out": {"w": -1, "y": -1},
    "c_in": {"x": -1, "w": -2},
    "groups": {"x": -2, "w": -3, "y": -2},
}


def shape_of(problem: ConvProblem, name: Name) -> Ints:
    """The shape of x, w or y."""
    return {"x": problem.x_shape, "w": problem.w_shape, "y": problem.y_shape}[name]


def dtype_of(problem: ConvProblem, name: Name) -> DType:
    """The dtype of x, w or y."""
    return {"x": problem.x_dtype, "w": problem.w_dtype, "y": problem.dtype}[name]


def solved_problem(problem: ConvProblem, result: Name) -> ConvProblem:
    """The problem whose y is this result: what an algorithm computes."""
    if result == "y":
        return problem
    return problem.gradient_x() if result == "x" else problem.gradient_w()


def solve(
    compute: Callable[[Array, Array, ConvProblem, Ints, Ints], Array],
    a: Array,
    b: Array,
    problem: ConvProblem,
    result: Name,
) -> Array:
    """The result from the two other arrays, by what gives y from what x and w are transposed from, by given orders."""
    solved, last = solved_problem(problem, result), problem.rank + 2
    as_it_is = tuple(range(last + 1))
    if result == "y":
        return compute(a, b, solved, as_it_is, as_it_is)
    if result == "x":
        windows = lax.rev(b, tuple(range(problem.rank)))
        return compute(a, windows, solved, as_it_is, (*range(last - 1), last, last - 1))  # [*K, G, M, C]
    first_before_last = (*range(1, last), 0, last)
    x_order = (last, *range(1, last), 0)  # x as [C, *I, G, N], y as [*O, G, N, M]
    return lax.transpose(compute(a, b, solved, x_order, first_before_last), first_before_last)  # from [C, *K, G, M]


def result_spec(spec: PartitionSpec, rank: int, result: Name) -> PartitionSpec:
    """How the result is sharded, from the first operand's: along the batch; of w along the channels."""
    if result == "w":
        channels = spec[rank + 2] if len(spec) == rank + 3 else None
        return PartitionSpec(*(None,) * (rank + 1), channels, None)
    return PartitionSpec(*spec[:1], *(None,) * (rank + 2))
