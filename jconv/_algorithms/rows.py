"""The algorithm `rows`: a few sums over an image, kept in cache; the depthwise kernel gradient."""

from functools import partial
from itertools import product
from math import prod

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms._contract import Algorithm, Cost
from jconv._equation.geometry import cut
from jconv._equation.problem import ConvProblem
from jconv._rewrites.padding import pad_input, slice_at
from jconv._rewrites.phases import in_phases
from jconv._rewrites.swap import swap_is_due, swap_operands
from jconv._typing import Array

# Elements of one accumulator: a piece of a row, small enough that all of them stay in cache.
ROW_ELEMENTS = 4096
MAX_ACCUMULATORS = 256
# Products written out; more run as a loop over the outputs, so that programs compile quickly.
MAX_TERMS = 40
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
    x = jnp.moveaxis(x, -2, 1)  # [C, N, *I, G*M]
    w = jnp.moveaxis(w, -2, 0).reshape(problem.c_in, *problem.window, lanes)  # [C, *K, G*M]
    w = _longer(w, piece * pieces - problem.window[-1])
    # Positions and lanes become one axis: a piece is one run of numbers, however few lanes there are. Where taps
    # are d positions apart, positions that agree modulo d come to lie side by side.
    lead, (s, d) = problem.rank - 1, (problem.stride, problem.dilation)
    reach = s[-1] * (problem.output_size[-1] - 1) // d[-1] + piece * pieces
    x = _longer(x, d[-1] * reach - x.shape[-2]).reshape(*x.shape[:-2], reach, d[-1], lanes)
    x, w = jnp.moveaxis(x, -2, -3).reshape(*x.shape[:-3], d[-1], -1), w.reshape(*w.shape[:-2], -1)

    rows, (at_once, loops) = _unrolled_rows(problem), _outputs_at_once(problem)
    size = (at_once, *problem.output_size[1:])
    block = (*(1,) * (lead - 1), rows) if lead else ()
    extent = [di * (b - 1) + si * (o - 1) + 1 for b, si, di, o in zip(block, s, d, size, strict=False)]
    extent += d[-1], (s[-1] * (size[-1] - 1) // d[-1] + piece) * lanes

    def step(shift: Array | int, sums: tuple[Array, ...], at: Array) -> tuple[tuple[Array, ...], None]:
        c, *first = at
        shifts = (shift, *(0,) * lead)
        *x_at, along = (di * k + o for di, k, o in zip((*d[:-1], 1), first, shifts, strict=True))
        x_b = slice_at(x, (c, 0, *x_at, 0, along * lanes), (1, problem.batch, *extent))[0]
        w_b = slice_at(w, (c, *first[:-1], first[-1] * lanes), (1, *block, piece * lanes)).reshape(rows, -1)
        w_b = w_b.astype(wide)
        new = []
        for total, (o, n) in zip(sums, product(outputs, range(problem.batch)), strict=True):
            for r in range(rows):
                row = tuple(si * oi for si, oi in zip(s[:lead], o[:lead], strict=True))
                row = (*row[:-1], row[-1] + d[lead - 1] * r) if lead else ()
                start, phase = divmod(s[-1] * o[-1], d[-1])
                x_r = x_b[(n, *row, phase, slice(start * lanes, (start + piece) * lanes))]
                total = total + x_r.astype(wide) * w_b[r]
            new.append(total)
        return tuple(new), None

    outputs = list(product(*map(range, size)))
    steps = product(
        range(problem.c_in),
        *(range(0, k, b) for k, b in zip(problem.window[:lead], block, strict=True)),
        range(0, piece * pieces, piece),
    )
    # Zeros made from the data, so that they vary over mesh axes as the data do.
    zero = jnp.zeros_like(x, wide, shape=(piece * lanes,))
    steps, zeros = jnp.array(list(steps), np.int32), (zero,) * (len(outputs) * problem.batch)

    def some_outputs(shift: Array | int) -> Array:
        sums, _ = lax.scan(partial(step, shift), zeros, steps)
        return jnp.stack(sums).reshape(-1, piece, lanes).sum(1)

    shift = s[0] * at_once // (1 if lead else d[0])
    y = some_outputs(0) if loops == 1 else lax.map(some_outputs, jnp.array(shift * np.arange(loops), np.int32))
    y = y.reshape(*problem.output_size, problem.batch, problem.groups, problem.c_out)
    return jnp.moveaxis(y, problem.rank, 0).astype(problem.dtype)


def _piece(problem: ConvProblem) -> tuple[int, int]:
    """How long a piece of a row is, and how many there are: pieces divide the row where they can."""
    return cut(problem.window[-1], ROW_ELEMENTS // (problem.groups * problem.c_out))


def _outputs_at_once(problem: ConvProblem) -> tuple[int, int]:
    """How many outputs along the first axis are summed in one pass over the taps, and how many passes that takes."""
    first, terms = problem.output_size[0], _accumulators(problem) * _unrolled_rows(problem)
    counts = [n for n in range(1, first + 1) if first % n == 0]
    if problem.rank == 1:  # a pass starts at a position of the first phase
        counts = [n for n in counts if n == first or n * problem.stride[0] % problem.dilation[0] == 0]
    at_once = max((n for n in counts if n * terms <= MAX_TERMS * first), default=counts[0])
    return at_once, first // at_once


def _unrolled_rows(problem: ConvProblem) -> int:
    if problem.rank == 1:
        return 1
    return max(r for r in range(1, MAX_UNROLLED_ROWS + 1) if problem.window[-2] % r == 0)


def _longer(array: Array, amount: int) -> Array:
    """Zeros after the last spatial axis of [..., lanes]."""
    if not amount:
        return array
    return lax.pad(array, jnp.zeros((), array.dtype), [*[(0, 0, 0)] * (array.ndim - 2), (0, amount, 0), (0, 0, 0)])


def _accumulators(problem: ConvProblem) -> int:
    return prod(problem.output_size) * problem.batch


def unsupported(problem: ConvProblem) -> tuple[str, ...]:
    """It is made for few outputs and many taps."""
    reasons = []
    if not problem.few_outputs:
        reasons.append("it needs fewer outputs than taps")
    if _accumulators(problem) > MAX_ACCUMULATORS:
        reasons.append(f"{_accumulators(problem)} sums are more than the {MAX_ACCUMULATORS} it keeps at once")
    if problem.c_out > 16:
        reasons.append(f"{problem.c_out} features per group are more than 16")
    return tuple(reasons)


def cost(problem: ConvProblem, platform: str) -> Cost:
    """The direct form's work, elementwise; the accumulators pass through cache at every step."""
    (piece, pieces), (_, passes) = _piece(problem), _outputs_at_once(problem)
    steps = problem.c_in * prod(problem.window[:-1]) * pieces // _unrolled_rows(problem)
    sums = _accumulators(problem) * piece * problem.groups * problem.c_out * problem.accumulator.itemsize
    repeated = problem.padded_bytes * problem.c_out
    return Cost(
        multiply_adds=problem.multiply_adds,
        bytes_moved=2 * repeated + passes * (repeated + problem.w_bytes) + 2 * sums * steps,
        extra_bytes=2 * repeated + problem.w_bytes + 2 * sums // passes,
        calls=steps * passes,
    )


ROWS = Algorithm(
    name="rows",
    compute=compute,
    unsupported=unsupported,
    cost=cost,
    error_bound=4.0,
    local=True,
    reference="loop interchange and register blocking, as in any BLAS",
)
