"""Lowering: the algorithm chosen for a problem becomes part of a program. `conv_p` and `install` share it."""

from functools import partial
from typing import Any

import jax
from jax import lax
from jax.interpreters import mlir

from jconv._algorithms import Algorithm
from jconv._choice.choose import choose_algorithm
from jconv._choice.tuned import tuned_table
from jconv._equation.problem import ConvProblem
from jconv._primitive.forms import OPERANDS, Name, result_spec, shape_of, solve
from jconv._primitive.jax_internals import is_exported, is_partitioned
from jconv._primitive.layout import Layout, solve_in_layout, solve_lying
from jconv._typing import Array

PLATFORMS = ("cpu", "cuda", "rocm", "tpu")

# By which choice JAX's own convolutions that are lowered in this thread are served: "auto" or "direct"; empty if they
# are not. It is part of the key of JAX's caches: a function compiled under one answer is compiled anew under the
# other, and found again when it changes back.
serving = jax.make_user_context(default_value="")


def chosen(ctx: mlir.LoweringRuleContext, problem: ConvProblem, platform: str) -> Algorithm:
    """The algorithm for a problem in the program being lowered: by the ladder and this process's tuned table."""
    where = {"partitioned": is_partitioned(ctx), "exported": is_exported(ctx)}
    return choose_algorithm(problem, platform, **where, tuned=tuned_table(platform)).on(platform)


def lower(
    ctx: Any, lhs: Any, rhs: Any, *, problem: ConvProblem, algorithm: Algorithm, arrangement: Layout | Name
) -> Any:
    """The operations of an algorithm, for lhs and rhs in a layout of lax's, or for what gives x, w or y."""

    def compute(lhs: Array, rhs: Array) -> Array:
        if not isinstance(arrangement, Layout):  # XLA copies operands with axes of length 1, as one group is, at a call
            lhs, rhs = _without_ones(lhs), _without_ones(rhs)
        return _solved(lhs, rhs, problem=problem, algorithm=algorithm, arrangement=arrangement)

    # An algorithm that itself asks for a convolution gets JAX's, or this would have no end. What users forbid in
    # their own code, algorithms may do.
    with serving(""), jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        return mlir.lower_fun(compute, multiple_results=False)(ctx, lhs, rhs)


# A jit of its own, so that equal problems in one program are traced and lowered once.
@partial(jax.jit, static_argnames=("problem", "algorithm", "arrangement"))
def _solved(lhs: Array, rhs: Array, *, problem: ConvProblem, algorithm: Algorithm, arrangement: Layout | Name) -> Array:
    """The result by one algorithm: in lax's layout, or x, w or y from the others without their axes of length 1."""
    with jax.named_scope(f"jconv.{algorithm.name}"):  # so that a profile, and the program's text, tell
        if isinstance(arrangement, Layout) and algorithm.compute_lying is not None:
            return solve_lying(algorithm.compute_lying, lhs, rhs, problem, arrangement)
        if isinstance(arrangement, Layout):
            return solve_in_layout(algorithm.compute, lhs, rhs, problem, arrangement)
        a, b = (one.reshape(shape_of(problem, n)) for one, n in zip((lhs, rhs), OPERANDS[arrangement], strict=True))
        return _solved_form(a, b, problem, algorithm, arrangement)


def _solved_form(a: Array, b: Array, problem: ConvProblem, algorithm: Algorithm, result: Name) -> Array:
    """Give x, w or y from the others; in JAX's explicit sharding mode, sharded as `result_spec` says."""

    def compute(a: Array, b: Array) -> Array:
        return solve(algorithm.on_lying, a, b, problem, result)

    sharding = jax.typeof(a).sharding
    if sharding.mesh.explicit_axes:  # algorithms need not say how each step is sharded: only the result is
        spec = result_spec(sharding.spec, problem.rank, result)
        return jax.sharding.auto_axes(compute, out_sharding=spec)(a, b)  # pyrefly: ignore
    return compute(a, b)


def _without_ones(array: Array) -> Array:
    """The array without its axes of length 1."""
    return lax.squeeze(array, [a for a, n in enumerate(array.shape) if n == 1])
