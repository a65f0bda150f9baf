"""Input and kernel in each other's place, so that input dilation and dilation change places too."""

from dataclasses import replace

import jax.numpy as jnp
from jax import lax

from jconv._equation.problem import ConvProblem
from jconv._rewrites.compute import Compute
from jconv._typing import Array


def swap_operands(compute: Compute, x: Array, w: Array, problem: ConvProblem) -> Array:
    """Solve a problem with input and kernel in each other's place, and the outputs in reverse.

    The equation reads d*k + s*(O-1) - lo = s*o' + e*i with o' = O-1-o: input dilation and dilation
    change places too. So the kernel gradient of a transposed convolution loses its input dilation.
    """
    y = compute(jnp.moveaxis(w, -1, 0), jnp.moveaxis(x, 0, -1), swapped(problem))  # [M, *O, G, N]
    return lax.rev(jnp.swapaxes(y, 0, -1), range(1, problem.rank + 1))


def swapped(problem: ConvProblem) -> ConvProblem:
    """The problem that `swap_operands` solves."""
    precision = problem.precision
    return replace(
        problem,
        batch=problem.c_out,
        c_out=problem.batch,
        input_size=problem.window,
        window=problem.input_size,
        input_dilation=problem.dilation,
        dilation=problem.input_dilation,
        low=tuple(axis.stride * (axis.output - 1) - axis.low for axis in problem.axes),
        x_dtype=problem.w_dtype,
        w_dtype=problem.x_dtype,
        precision=precision[::-1] if isinstance(precision, tuple) else precision,
    )


def swap_is_due(problem: ConvProblem) -> bool:
    """Whether input dilation is best removed by `swap_operands`, not by phases: there are few outputs."""
    return (
        problem.more_taps_than_outputs and set(problem.dilation) == {1} and any(e > 1 for e in problem.input_dilation)
    )
