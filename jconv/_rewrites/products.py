"""The dots over explicit groups that the algorithms share."""

from jax import lax

from jconv._equation.problem import ConvProblem
from jconv._typing import Array, Ints


def grouped_dot(a: Array, b: Array, a_summed: Ints, b_summed: Ints, problem: ConvProblem) -> Array:
    """Multiply a [G, ...] by b [G, ...], summed over the given axes, to [G, *rest of a, *rest of b].

    One group needs no batch dimension, which is faster. Half types accumulate in float32.
    """
    if problem.groups == 1:
        a, b = lax.squeeze(a, (0,)), lax.squeeze(b, (0,))
        numbers = ((tuple(i - 1 for i in a_summed), tuple(i - 1 for i in b_summed)), ((), ()))
    else:
        numbers = ((a_summed, b_summed), ((0,), (0,)))
    y = lax.dot_general(
        a.astype(problem.compute_dtype),
        b.astype(problem.compute_dtype),
        numbers,
        precision=problem.precision,
        preferred_element_type=problem.accumulator,
    )
    return y if problem.groups > 1 else y[None]


def summed_dot(a: Array, b: Array, problem: ConvProblem) -> Array:
    """[G, ..., A] by [G, ..., B], summed over all between, to [G, A, B]: as a kernel gradient's operands come.

    Of one group the narrower goes first: XLA transposes the first operand of such a product, and only that.
    """
    summed = tuple(range(1, a.ndim - 1))
    if problem.groups == 1 and a.shape[-1] > b.shape[-1]:
        return grouped_dot(b, a, summed, summed, problem).swapaxes(-1, -2)
    return grouped_dot(a, b, summed, summed, problem)
