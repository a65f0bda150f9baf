"""The dot over explicit groups that the algorithms share."""

from jax import lax

from jconv._problem import ConvProblem
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
