"""Lowering: the algorithm chosen for a problem becomes part of a program. `conv_p` and `install` share it."""

from functools import partial
from typing import Any

import jax
from jax import lax
from jax.interpreters import mlir
from jax.sharding import PartitionSpec

from jconv._algorithms import Algorithm
from jconv._choice.choose import choose_algorithm
from jconv._choice.tuned import tuned_table
from jconv._equation.problem import ConvProblem
from jconv._primitive.jax_internals import is_partitioned
from jconv._primitive.layout import Layout, solve_in_layout
from jconv._typing import Array

PLATFORMS = ("cpu", "cuda", "rocm", "tpu")

# By which choice JAX's own convolutions that are lowered in this thread are served: "auto" or "direct"; empty if they
# are not. It is part of the key of JAX's caches: a function compiled under one answer is compiled anew under the
# other, and found again when it changes back.
serving = jax.make_user_context(default_value="")


def chosen(ctx: mlir.LoweringRuleContext, problem: ConvProblem, platform: str) -> Algorithm:
    """The algorithm for a problem in the program being lowered: by the ladder and this process's tuned table."""
    choice = choose_algorithm(problem, platform, partitioned=is_partitioned(ctx), tuned=tuned_table(platform))
    return choice.on(platform)


def lower(ctx: Any, lhs: Any, rhs: Any, *, problem: ConvProblem, algorithm: Algorithm, layout: Layout | None) -> Any:
    """The operations of an algorithm, for lhs and rhs in a layout of lax's; for canonical x and w if it is None."""

    def compute(lhs: Array, rhs: Array) -> Array:
        if layout is None:  # XLA copies operands that have axes of length 1, as a single group is, at a call
            lhs, rhs = _without_ones(lhs), _without_ones(rhs)
        return _solved(lhs, rhs, problem=problem, algorithm=algorithm, layout=layout)

    # An algorithm that itself asks for a convolution gets JAX's, or this would have no end. What users forbid in
    # their own code, algorithms may do.
    with serving(""), jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        return mlir.lower_fun(compute, multiple_results=False)(ctx, lhs, rhs)


# A jit of its own, so that equal problems in one program are traced and lowered once.
@partial(jax.jit, static_argnames=("problem", "algorithm", "layout"))
def _solved(lhs: Array, rhs: Array, *, problem: ConvProblem, algorithm: Algorithm, layout: Layout | None) -> Array:
    """The result by one algorithm in lax's layout; without a layout, y from x and w without their axes of length 1."""
    with jax.named_scope(f"jconv.{algorithm.name}"):  # so that a profile, and the program's text, tell
        if layout is not None:
            return solve_in_layout(algorithm.compute, lhs, rhs, problem, layout)
        return _solved_canonical(lhs.reshape(problem.x_shape), rhs.reshape(problem.w_shape), problem, algorithm)


def _solved_canonical(x: Array, w: Array, problem: ConvProblem, algorithm: Algorithm) -> Array:
    """Give y from x and w; in JAX's explicit sharding mode, sharded over the batch as x is."""

    def compute(x: Array, w: Array) -> Array:
        return algorithm.compute(x, w, problem)

    sharding = jax.typeof(x).sharding
    if sharding.mesh.explicit_axes:  # algorithms need not say how each step is sharded: only the result is
        like_batch = batch_spec(sharding.spec, problem)
        return jax.sharding.auto_axes(compute, out_sharding=like_batch)(x, w)  # pyrefly: ignore
    return compute(x, w)


def batch_spec(spec: PartitionSpec, problem: ConvProblem) -> PartitionSpec:
    """How y [N, *O, G, M] is sharded: as the batch of x [N, *I, G, C] is, and along no other axis."""
    return PartitionSpec(*spec[:1], *(None,) * (problem.rank + 2))


def _without_ones(array: Array) -> Array:
    """The array without its axes of length 1."""
    return lax.squeeze(array, [a for a, n in enumerate(array.shape) if n == 1])
