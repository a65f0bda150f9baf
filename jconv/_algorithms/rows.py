"""The algorithm `rows`: a few sums over an image, kept in cache; the depthwise kernel gradient."""

from functools import partial
from itertools import product
from math import prod
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms._contract import Algorithm, Cost
from jconv._equation.geometry import cut
from jconv._equation.problem import ConvProblem
from jconv._rewrites.padding import pad_axes, pad_input, slice_at
from jconv._rewrites.phases import in_phases
from jconv._rewrites.swap import swap_is_due, swap_operands
from jconv._typing import Array, Ints

# Elements of one accumulator: a piece of a row, small enough that all of them stay in cache.
ROW_ELEMENTS = 4096
MAX_ACCUMULATORS = 256
# Products written out; more run as a loop over the outputs, so that programs compile quickly.
MAX_TERMS = 40
# Rows added up at one step. Before jax 0.11, XLA's CPU compiler made scalar code of more than one.
MAX_UNROLLED_ROWS = 4 if jax.__version_info__ >= (0, 11) else 1


class Plan(NamedTuple):
    """How the sums are made.

    Args:
        problem: what is computed.
        piece: positions of a row that are added up at once.
        pieces: how many of these a row has.
        rows: rows added up at one step.
        outputs: outputs per axis that are summed in one pass over the taps.
        passes: how many passes that takes.
    """

    problem: ConvProblem
    piece: int
    pieces: int
    rows: int
    outputs: Ints
    passes: int

    @property
    def lanes(self) -> int:
        """Numbers at one position, after channels are repeated: G*M."""
        return self.problem.groups * self.problem.c_out

    @property
    def rows_per_axis(self) -> Ints:
        """How many taps of each axis but the last are taken at one step."""
        before = self.problem.rank - 2
        return (*(1,) * before, self.rows) if before >= 0 else ()

    @property
    def sums(self) -> list[tuple[Ints, int]]:
        """The output and the example of every sum of a pass."""
        outputs = product(*map(range, self.outputs))
        return list(product(outputs, range(self.problem.batch)))


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
    plan = _plan(problem)
    one_pass = partial(_pass, _steps(plan), _x_in_lanes(x, plan), _w_in_lanes(w, plan), plan)
    shift = problem.stride[0] * plan.outputs[0]
    if problem.rank == 1:
        shift //= problem.dilation[0]
    if plan.passes == 1:
        y = one_pass(0)
    else:
        y = lax.map(one_pass, jnp.array(shift * np.arange(plan.passes), np.int32))
    y = y.reshape(*problem.output_size, problem.batch, problem.groups, problem.c_out)
    return jnp.moveaxis(y, problem.rank, 0).astype(problem.dtype)


def _plan(problem: ConvProblem) -> Plan:
    """The pieces, rows and passes of a problem."""
    (piece, pieces), (at_once, passes) = _piece(problem), _outputs_at_once(problem)
    outputs = (at_once, *problem.output_size[1:])
    return Plan(problem, piece, pieces, _unrolled_rows(problem), outputs, passes)


def _steps(plan: Plan) -> Array:
    """Where each step over the taps starts, an int32 row each: the channel, then the tap along every axis."""
    problem = plan.problem
    starts = product(
        range(problem.c_in),
        *(range(0, k, b) for k, b in zip(problem.window[:-1], plan.rows_per_axis, strict=True)),
        range(0, plan.piece * plan.pieces, plan.piece),
    )
    return jnp.array(list(starts), np.int32)


def _x_in_lanes(x: Array, plan: Plan) -> Array:
    """Give x [N, *I, G, C] as [C, N, *padded I but the last, d, reach * lanes]: positions and lanes become one axis.

    A piece is then one run of numbers, however few lanes there are. Where taps are d positions apart,
    positions that agree modulo d come to lie side by side.
    """
    problem, lanes = plan.problem, plan.lanes
    # The kernel gradient's operands come transposed: to undo that before padding makes no copy.
    x = pad_input(jnp.moveaxis(x, (-1, 0), (0, -2)), problem)  # [C, *I, N, G]
    if problem.c_out > 1:
        x = jnp.repeat(x, problem.c_out, axis=-1)  # [C, *I, N, G*M]
    x = jnp.moveaxis(x, -2, 1)  # [C, N, *I, G*M]
    s, d = problem.stride[-1], problem.dilation[-1]
    reach = s * (problem.output_size[-1] - 1) // d + plan.piece * plan.pieces
    x = _longer(x, d * reach - x.shape[-2]).reshape(*x.shape[:-2], reach, d, lanes)
    return jnp.moveaxis(x, -2, -3).reshape(*x.shape[:-3], d, -1)


def _w_in_lanes(w: Array, plan: Plan) -> Array:
    """Give w [*K, G, C, M] as [C, *K but the last, K * lanes], with zeros up to a whole number of pieces."""
    problem = plan.problem
    w = jnp.moveaxis(w, -2, 0).reshape(problem.c_in, *problem.window, plan.lanes)  # [C, *K, G*M]
    w = _longer(w, plan.piece * plan.pieces - problem.window[-1])
    return w.reshape(*w.shape[:-2], -1)


def _pass(steps: Array, x: Array, w: Array, plan: Plan, shift: Array | int) -> Array:
    """The sums of the outputs that start `shift` positions along the first axis, [sums, lanes]."""
    # Zeros made from the data, so that they vary over mesh axes as the data do.
    zero = jnp.zeros_like(x, plan.problem.accumulator, shape=(plan.piece * plan.lanes,))
    zeros = (zero,) * len(plan.sums)
    sums, _ = lax.scan(partial(_step, x, w, plan, shift), zeros, steps)
    return jnp.stack(sums).reshape(-1, plan.piece, plan.lanes).sum(1)


def _step(
    x: Array, w: Array, plan: Plan, shift: Array | int, sums: tuple[Array, ...], at: Array
) -> tuple[tuple[Array, ...], None]:
    """The sums with the products of one step added to them; `at` is a row of `_steps`."""
    problem, lanes, wide = plan.problem, plan.lanes, plan.problem.accumulator
    c, *first = at
    shifts = (shift, *(0,) * (problem.rank - 1))
    *x_at, along = (d * k + o for d, k, o in zip((*problem.dilation[:-1], 1), first, shifts, strict=True))
    x = slice_at(x, (c, 0, *x_at, 0, along * lanes), (1, problem.batch, *_extent(plan)))[0]
    sizes = (1, *plan.rows_per_axis, plan.piece * lanes)
    w = slice_at(w, (c, *first[:-1], first[-1] * lanes), sizes).reshape(plan.rows, -1).astype(wide)
    new = []
    for total, (output, example) in zip(sums, plan.sums, strict=True):
        for row in range(plan.rows):
            total = total + x[(example, *_run(output, row, plan))].astype(wide) * w[row]
        new.append(total)
    return tuple(new), None


def _extent(plan: Plan) -> Ints:
    """The shape of the part of x that a step meets: positions of all axes but the last, phases, the run."""
    *before, last = plan.problem.axes
    extent = [
        axis.dilation * (rows - 1) + axis.stride * (outputs - 1) + 1
        for axis, rows, outputs in zip(before, plan.rows_per_axis, plan.outputs[:-1], strict=True)
    ]
    run = last.stride * (plan.outputs[-1] - 1) // last.dilation + plan.piece
    return (*extent, last.dilation, run * plan.lanes)


def _run(output: Ints, row: int, plan: Plan) -> tuple[int | slice, ...]:
    """Where in the part of x that a step meets the numbers are that one row of taps gives to one output."""
    *before, last = plan.problem.axes
    position = [axis.stride * o for axis, o in zip(before, output[:-1], strict=True)]
    if before:
        position[-1] += before[-1].dilation * row
    start, phase = divmod(last.stride * output[-1], last.dilation)
    return (*position, phase, slice(start * plan.lanes, (start + plan.piece) * plan.lanes))


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
    """How many rows are added up at one step; they divide the window."""
    if problem.rank == 1:
        return 1
    return max(r for r in range(1, MAX_UNROLLED_ROWS + 1) if problem.window[-2] % r == 0)


def _longer(array: Array, amount: int) -> Array:
    """[..., K, lanes] with so many zeros after K."""
    return pad_axes(array, array.ndim - 2, [(0, amount, 0)])


def _accumulators(problem: ConvProblem) -> int:
    """How many sums there are, each of a number per lane."""
    return prod(problem.output_size) * problem.batch


def unsupported(problem: ConvProblem, platform: str) -> tuple[str, ...]:
    """It is made for few outputs and many taps."""
    reasons = []
    if not problem.more_taps_than_outputs:
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
