"""in_order: an algorithm whose every output is one sum in one order, whatever the sizes around it."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms import Algorithm
from jconv._equation.geometry import offsets
from jconv._equation.problem import ConvProblem
from jconv._rewrites.padding import pad_input, slice_at
from jconv._rewrites.phases import in_phases
from jconv._typing import Array, Ints

# Up to so many products are written out one by one; more run as a loop, so that programs stay small.
MAX_UNROLLED = 64


def _compute(x: Array, w: Array, problem: ConvProblem) -> Array:
    """y [N, *O, G, M]: products are added tap by tap and channel by channel, each rounded by itself.

    A dot leaves the order to a library, which chooses it by the sizes of its operands.
    """
    if problem.empty:
        return jnp.zeros(problem.y_shape, problem.dtype)
    if any(e > 1 for e in problem.input_dilation):
        return in_phases(_compute, x, w, problem, together=False)
    x, w = x.astype(problem.accumulator), w.astype(problem.accumulator)
    zero = _unknown_zero(x)
    x = lax.optimization_barrier(pad_input(x, problem))
    extent = tuple(s * (o - 1) + 1 for s, o in zip(problem.stride, problem.output_size, strict=True))
    sizes = (x.shape[0], *extent, problem.groups, 1)
    steps = (slice(None), *(slice(None, None, s) for s in problem.stride))

    def term(start: Ints | list[Array], w_k: Array) -> Array:
        *first, channel = start
        x_k = slice_at(x, (0, *first, 0, channel), sizes)[steps]  # [N, *O, G, 1]
        return _rounded(x_k * w_k.reshape((1,) * (x.ndim - 2) + w_k.shape), zero)

    starts = [(*first, c) for first in offsets(problem.window, problem.dilation) for c in range(problem.c_in)]
    terms = w.reshape(-1, problem.groups, problem.c_in, problem.c_out).swapaxes(1, 2)
    terms = terms.reshape(-1, problem.groups, problem.c_out)  # [K * C, G, M]
    y = term(starts[0], terms[0])
    if len(starts) <= MAX_UNROLLED:
        for j, start in enumerate(starts[1:], start=1):
            y = y + term(start, terms[j])
    else:
        rest = jnp.array(starts[1:], np.int32), terms[1:]
        y, _ = lax.scan(lambda y, next_: (y + term(list(next_[0]), next_[1]), None), y, rest, unroll=8)
    return y.astype(problem.dtype)


def _unknown_zero(x: Array) -> Array | None:
    """A zero of as many bits as the numbers of x have, which no compiler knows to be one; None where none is needed."""
    if not jnp.issubdtype(x.dtype, jnp.floating):
        return None
    bits = lax.bitcast_convert_type(x.reshape(-1)[0], np.dtype(f"int{8 * x.dtype.itemsize}"))
    # No square leaves 5 when it is divided by 8.
    last_bits = bits * bits & jnp.full_like(bits, 7)
    return lax.optimization_barrier((last_bits == jnp.full_like(bits, 5)).astype(bits.dtype))


def _rounded(product: Array, zero: Array | None) -> Array:
    """A product that stays one: compilers make multiply-adds of a product and a sum in some loops, not in others."""
    if zero is None:
        return product
    bits = lax.bitcast_convert_type(product, zero.dtype)
    return lax.bitcast_convert_type(bits ^ zero.reshape((1,) * bits.ndim), product.dtype)


def _unsupported(problem: ConvProblem, platform: str) -> tuple[str, ...]:
    """It takes every problem."""
    return ()


in_order = Algorithm(
    name="in_order",
    compute=_compute,
    unsupported=_unsupported,
    error_bound=4.0,
    partitions=True,
    local=True,
    reference="the equation of ConvProblem, with its sum in the order in which it is written",
)
