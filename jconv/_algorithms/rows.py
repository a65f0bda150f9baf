"""The algorithm `rows`: a few sums over an image, kept in cache; the depthwise kernel gradient."""

from itertools import product
from math import prod

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms._algorithm import Algorithm, Cost
from jconv._problem import ConvProblem
from jconv._rewrites import in_phases, pad_input, slice_at, swap_is_due, swap_operands
from jconv._typing import Array

# Elements of one accumulator: a piece of a row, small enough that all of them stay in cache.
ROW_ELEMENTS = 4096
MAX_ACCUMULATORS = 256
# Rows added up at one step. Before jax 0.11, XLA's CPU compiler made scalar code of more than one.
MAX_UNROLLED_ROWS = 4 if jax.__version_info__ >= (0, 11) else 1


def compute(x: Array, w: Array, problem: ConvProblem) -> Array:
    """Give each output a row of accumulators; walk over the taps row by row, adding products elementwise.

    y[n, o, g, m] = sum over u of  sum over rows r of  x[n, s*o + d*(r, u) - lo, g, c] * w[(r, u), g, c, m].
    The sum over u, along a row, is taken once, after the loop. XLA's own reduction would read x and w
    anew for every output.
    """
    if problem.empty:
        return jnp.zeros(problem.y_shape, problem.dtype)
    if any(e > 1 for e in problem.input_dilation):
        return (swap_operands if swap_is_due(problem) else in_phases)(compute, x, w, problem)
    wide, lanes = problem.accumulator, problem.groups * problem.c_out
    piece, pieces = _piece(problem)
    # The kernel gradient's operands come transposed: to undo that before padding makes no copy.
    x = pad_input(jnp.moveaxis(x, (-1, 0), (0, -2)), problem)  # [C, *I, N, G]
    if problem.c_out > 1:
        x = jnp.repeat(x, problem.c_out, axis=-1)  # [C, *I, N, G*M]
    w = jnp.moveaxis(w, -2, 0).reshape(problem.c_in, *problem.window, lanes)  # [C, *K, G*M]
    surplus = piece * pieces - problem.window[-1]
    if surplus:
        x = _pad_last_axis(x, problem.dilation[-1] * surplus, behind=2)
        w = _pad_last_axis(w, surplus, behind=1)

    rows = _unrolled_rows(problem)
    lead, (s, d) = problem.rank - 1, (problem.stride, problem.dilation)
    block = (*(1,) * (lead - 1), rows) if lead else ()
    extent = tuple(
        di * (b - 1) + si * (o - 1) + 1 for b, si, di, o in zip((*block, piece), s, d, problem.output_size, strict=True)
    )

    def step(sums: tuple[Array, ...], at: Array) -> tuple[tuple[Array, ...], None]:
        c, *first = at
        x_at = (c, *(di * k for di, k in zip(d, first, strict=True)), 0, 0)
        x_b = slice_at(x, x_at, (1, *extent, problem.batch, lanes))[0]
        w_b = slice_at(w, (c, *first, 0), (1, *block, piece, lanes)).reshape(rows, piece, lanes)
        w_b = w_b.astype(wide)
        new = []
        for total, (o, n) in zip(sums, product(outputs, range(problem.batch)), strict=True):
            for r in range(rows):
                row = tuple(si * oi for si, oi in zip(s[:lead], o[:lead], strict=True))
                row = (*row[:-1], row[-1] + d[lead - 1] * r) if lead else ()
                along = slice(s[-1] * o[-1], s[-1] * o[-1] + d[-1] * (piece - 1) + 1, d[-1])
                total = total + x_b[(*row, along, n)].astype(wide) * w_b[r]
            new.append(total)
        return tuple(new), None

    outputs = list(product(*map(range, problem.output_size)))
    steps = product(
        range(problem.c_in),
        *(range(0, k, b) for k, b in zip(problem.window[:lead], block, strict=True)),
        range(0, piece * pieces, piece),
    )
    # Zeros made from the data, so that they vary over mesh axes as the data do.
    zero = jnp.zeros_like(x, wide, shape=(piece, lanes))
    sums, _ = lax.scan(step, (zero,) * (len(outputs) * problem.batch), jnp.array(list(steps), np.int32))
    y = jnp.stack([total.sum(0) for total in sums]).reshape(
        *problem.output_size, problem.batch, problem.groups, problem.c_out
    )
    return jnp.moveaxis(y, problem.rank, 0).astype(problem.dtype)


def _piece(problem: ConvProblem) -> tuple[int, int]:
    """How long a piece of a row is, and how many there are: pieces divide the row where they can."""
    row, lanes = problem.window[-1], problem.groups * problem.c_out
    most = max(1, ROW_ELEMENTS // lanes)
    if row <= most:
        return row, 1
    for piece in range(most, most // 2, -1):
        if row % piece == 0:
            return piece, row // piece
    return most, -(-row // most)


def _unrolled_rows(problem: ConvProblem) -> int:
    if problem.rank == 1:
        return 1
    return max(r for r in range(1, MAX_UNROLLED_ROWS + 1) if problem.window[-2] % r == 0)


def _pad_last_axis(array: Array, amount: int, *, behind: int) -> Array:
    """Zeros after the last spatial axis, which has `behind` axes after it."""
    config = [(0, 0, 0)] * array.ndim
    config[-1 - behind] = (0, amount, 0)
    return lax.pad(array, jnp.zeros((), array.dtype), config)


def _accumulators(problem: ConvProblem) -> int:
    return prod(problem.output_size) * problem.batch


def unsupported(problem: ConvProblem) -> tuple[str, ...]:
    """It is made for few outputs and many taps."""
    reasons = []
    if not problem.few_outputs:
        reasons.append("there are no fewer outputs than taps")
    if _accumulators(problem) > MAX_ACCUMULATORS:
        reasons.append(f"{_accumulators(problem)} sums are more than the {MAX_ACCUMULATORS} it keeps at once")
    if problem.c_out > 16:
        reasons.append(f"{problem.c_out} features per group are more than 16")
    return tuple(reasons)


def cost(problem: ConvProblem, platform: str) -> Cost:
    """The direct form's work, elementwise; the accumulators pass through cache at every step."""
    piece, pieces = _piece(problem)
    steps = problem.c_in * prod(problem.window[:-1]) * pieces // _unrolled_rows(problem)
    sums = _accumulators(problem) * piece * problem.groups * problem.c_out * problem.accumulator.itemsize
    repeated = problem.padded_bytes * problem.c_out
    return Cost(
        multiply_adds=problem.multiply_adds,
        bytes_moved=problem.operand_bytes + 2 * repeated + 2 * sums * steps,
        extra_bytes=repeated + 2 * sums,
        calls=steps,
    )


ROWS = Algorithm(
    name="rows",
    compute=compute,
    unsupported=unsupported,
    cost=cost,
    error=4.0,
    reference="loop interchange and register blocking, as in any BLAS",
)
