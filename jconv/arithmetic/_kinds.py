"""What kind of work each of JAX's primitives does, by its name."""

from collections.abc import Sequence
from typing import Any, NamedTuple

# One result per position, from the same position of each operand.
ARITHMETIC = frozenset(
    """
    abs acos acosh add add_any and asin asinh atan atan2 atanh bessel_i0e bessel_i1e cbrt ceil clamp clz complex
    conj cos cosh digamma div eq eq_to erf erf_inv erfc exp exp2 expm1 floor ge gt igamma igamma_grad_a igammac imag
    integer_pow is_finite le le_to lgamma log log1p logistic lt lt_to max min mul mulhi ne neg nextafter not or
    polygamma population_count pow random_gamma_grad real regularized_incomplete_beta rem round rsqrt
    select_n shift_left shift_right_arithmetic shift_right_logical sign sin sinh sqrt square
    sub tan tanh xor zeta
    """.split()
)
# The same, without arithmetic: XLA makes them no work of their own.
SAME = frozenset(
    """
    copy copy_p convert_element_type optimization_barrier reduce_precision sharding_constraint stop_gradient pvary
    pcast to_edtype_p from_edtype_p name
    """.split()
)
# Along `axes`.
REDUCTIONS = frozenset(
    """
    argmax argmin reduce_and reduce_max reduce_min reduce_or reduce_prod reduce_sum reduce_xor reduce
    """.split()
)
CUMULATIVE = frozenset("cumlogsumexp cummax cummin cumprod cumsum".split())
WINDOWS = frozenset("reduce_window reduce_window_max reduce_window_min reduce_window_sum".split())
# Other names for an array, or reads that are made where the result is used.
VIEWS = frozenset("broadcast_in_dim expand_dims iota reshape squeeze empty empty2".split())
MOVES = frozenset(
    """
    bitcast_convert_type concatenate dynamic_slice dynamic_update_slice gather pad rev scatter slice split transpose
    """.split()
)
# Functions inside the program, whose operands are the equation's.
CALLS = frozenset(
    """
    checkpoint closed_call core_call custom_jvp_call custom_vjp_call custom_vjp_call_jaxpr jit pjit remat
    remat2 shard_map
    """.split()
)
_INNER = ("jaxpr", "call_jaxpr", "fun_jaxpr")


class Inner(NamedTuple):
    """A program inside an equation: its jaxpr, and the constants of its first variables."""

    jaxpr: Any
    constants: Sequence[Any]


def opened(program: Any) -> Inner:
    """A jaxpr, closed or open, with its constants."""
    if hasattr(program, "eqns") and not hasattr(program, "consts"):
        return Inner(program, ())
    return Inner(program.jaxpr, program.consts)


def called(equation: Any) -> Inner | None:
    """The program that an equation calls with all its operands, if it is of that kind."""
    if equation.primitive.name not in CALLS:
        return None
    return next((opened(equation.params[key]) for key in _INNER if key in equation.params), None)
