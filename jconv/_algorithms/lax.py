"""The algorithm `lax`: XLA's own convolution, always in the one form that XLA recognises everywhere."""

import jax.numpy as jnp
import numpy as np
from jax import lax as jax_lax

from jconv._algorithms._algorithm import Algorithm, Cost, supports_everything
from jconv._problem import ConvProblem
from jconv._rewrites import pad_input
from jconv._typing import Array


def compute(x: Array, w: Array, problem: ConvProblem) -> Array:
    """Pad explicitly, then NHWC by HWIO, VALID, no input dilation, no batch groups.

    XLA brings other forms into this one only in a program's entry computation: inside loops they
    run as scalar code on CPU. On GPU, padding that is not symmetric would zero-stuff the kernel.
    """
    if problem.empty:
        return jnp.zeros(problem.y_shape, problem.dtype)
    g, c, m = problem.groups, problem.c_in, problem.c_out
    x = pad_input(x.astype(problem.compute_dtype), problem)
    w = jnp.moveaxis(w.astype(problem.compute_dtype), -3, -2)
    first, last, spatial = 0, problem.rank + 1, tuple(range(1, problem.rank + 1))
    channels_last = (first, last, *spatial)
    y = jax_lax.conv_general_dilated(
        x.reshape(*x.shape[:-2], g * c),
        w.reshape(*problem.window, c, g * m),
        window_strides=problem.stride,
        padding="VALID",
        rhs_dilation=problem.dilation,
        dimension_numbers=jax_lax.ConvDimensionNumbers(
            lhs_spec=channels_last,
            rhs_spec=(last, problem.rank, *range(problem.rank)),
            out_spec=channels_last,
        ),
        feature_group_count=g,
        precision=problem.precision,
        preferred_element_type=np.promote_types(problem.compute_dtype, problem.dtype),
    )
    return y.reshape(problem.y_shape).astype(problem.dtype)


def cost(problem: ConvProblem, platform: str) -> Cost:
    """The direct form's work, over a padded copy of x where padding is asked for."""
    padded = problem.padded_bytes if problem.padded else 0
    return Cost(
        multiply_adds=problem.multiply_adds,
        bytes_moved=problem.operand_bytes + 2 * padded,
        extra_bytes=padded,
        calls=1 + problem.padded,
    )


LAX = Algorithm(
    name="lax",
    compute=compute,
    unsupported=supports_everything,
    cost=cost,
    error=4.0,
    reference="jax.lax.conv_general_dilated",
)
