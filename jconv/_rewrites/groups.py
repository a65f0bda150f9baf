"""The group axis of a kernel: apart, as the canonical arrays have it, or within the features, as users have it."""

import jax.numpy as jnp
from jax import lax

from jconv._equation.problem import ConvProblem
from jconv._typing import Array


def split_groups(kernel: Array, problem: ConvProblem) -> Array:
    """[*K, C, G*M] to [*K, G, C, M]: a copy, but for a single group."""
    if problem.groups == 1:
        return lax.expand_dims(kernel, (problem.rank,))
    apart = kernel.reshape(*problem.window, problem.c_in, problem.groups, problem.c_out)
    rank = problem.rank
    return lax.transpose(apart, (*range(rank), rank + 1, rank, rank + 2))


def join_groups(w: Array, problem: ConvProblem) -> Array:
    """[*K, G, C, M] to [*K, C, G*M], which undoes `split_groups`."""
    together = jnp.moveaxis(w, -3, -2)
    return together.reshape(*problem.window, problem.c_in, problem.groups * problem.c_out)
