"""The dots over explicit groups that the algorithms share."""

from jax import lax

from jconv._equation.problem import ConvProblem
from jconv._typing import Array, Ints

# The dot algorithms that XLA:CPU has.
CPU_DOTS = ("DEFAULT", "F16_F16_F16", "F32_F32_F32", "F64_F64_F64", *(f"BF16_BF16_F32{x}" for x in ("", "_X3", "_X6")))


def refused_dots(problem: ConvProblem, platform: str) -> tuple[str, ...]:
    """Why the platform's dots do not have the dot algorithm that the problem asks for; empty if they do.

    Which have it is known of CPU alone: others are asked by trying.
    """
    asked = problem.precision
    if platform == "cpu" and isinstance(asked, lax.DotAlgorithmPreset) and asked.name not in CPU_DOTS:
        return (f"precision={asked.name} is a dot algorithm that XLA does not have on CPU",)
    return ()


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

    In a single group the narrower goes first: XLA transposes the first operand of such a product, and only that.
    """
    summed = tuple(range(1, a.ndim - 1))
    if problem.groups == 1 and a.shape[-1] > b.shape[-1]:
        return grouped_dot(b, a, summed, summed, problem).swapaxes(-1, -2)
    return grouped_dot(a, b, summed, summed, problem)
