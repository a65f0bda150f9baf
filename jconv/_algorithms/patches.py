"""The algorithm `patches`: the windows side by side as the rows of a matrix, and one dot (im2col)."""

from dataclasses import replace
from functools import partial
from itertools import product
from math import prod

import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms._contract import Algorithm, Cost, in_short_loops
from jconv._equation.geometry import cut, offsets
from jconv._equation.problem import ConvProblem
from jconv._rewrites.padding import pad_axes, pad_input, slice_at
from jconv._rewrites.phases import in_phases, phases_together
from jconv._rewrites.products import grouped_dot, refused_dots, summed_dot
from jconv._rewrites.swap import swap_is_due, swap_operands, swapped
from jconv._typing import Array, Ints

# Bytes of patches made at once: they should stay in cache, and fresh memory is slow to touch.
BLOCK_BYTES = 2**22
# Slices that are laid side by side; a larger window is work for another algorithm.
MAX_SLICES = 256


def compute(x: Array, w: Array, problem: ConvProblem) -> Array:
    """Gather the taps of every output by slicing, [G, N, *O, K*C], and multiply by the kernel [G, K*C, M].

    Where the window is its own stride, or a single tap, the patches are a reshape of x. Where outputs
    are fewer than taps, as in kernel gradients, the slices are taken per output instead.
    """
    if problem.empty:
        return jnp.zeros(problem.y_shape, problem.dtype)
    if any(e > 1 for e in problem.input_dilation):
        return (swap_operands if swap_is_due(problem) else in_phases)(compute, x, w, problem)
    x, w = x.astype(problem.compute_dtype), w.astype(problem.compute_dtype)
    if problem.more_taps_than_outputs and not _tiles(problem):
        return _output_by_output(x, w, problem)
    # Groups first, as the batch dimension of the dot: a map over pairs of inputs and kernels made
    # them from leading axes, and moving them back there makes no copy.
    x = jnp.moveaxis(pad_input(x, problem), -2, 0)  # [G, N, *I, C]
    w = jnp.moveaxis(w, -3, 0).reshape(problem.groups, -1, problem.c_out)  # [G, K*C, M]
    if _tiles(problem):
        return _dot(_as_tiles(x, problem), w, problem)
    rows, blocks, surplus = _blocks(problem)
    if not blocks:
        return _dot(_patches(x, problem), w, problem)
    x = _lengthened(x, problem.stride[0] * surplus)
    part = replace(problem, batch=1, output_size=(rows, *problem.output_size[1:]))
    y = lax.map(partial(_block_of_outputs, x=x, w=w, part=part), jnp.array(blocks, np.int32))
    y = y.reshape(problem.batch, problem.output_size[0] + surplus, *problem.y_shape[2:])
    return y[:, : problem.output_size[0]]


def _block_of_outputs(at: Array, x: Array, w: Array, part: ConvProblem) -> Array:
    """The outputs of the block that starts at (example, row), from the padded x [G, N, *I, C] and w [G, K*C, M].

    `part` is the problem with the outputs of one block of one example.
    """
    n, row = at
    first = (0, n, part.stride[0] * row, *(0,) * (x.ndim - 3))
    x = slice_at(x, first, (x.shape[0], 1, part.axes[0].reach, *x.shape[3:]))
    return _dot(_patches(x, part), w, part)


def _output_by_output(x: Array, w: Array, problem: ConvProblem) -> Array:
    """Give y [N, *O, G, M] from x [N, *I, G, C] and w [*K, G, C, M], where outputs are fewer than taps.

    sum over blocks of c and of rows of K:  w [G, c, *K, M] transposed, times patches [G, c, *K, O*N].
    """
    # The kernel gradient's operands come transposed: to undo that before padding makes no copy.
    x = jnp.moveaxis(pad_input(jnp.swapaxes(x, 0, -1), problem), -2, 0)  # [G, C, *I, N]
    w = jnp.moveaxis(w, (-3, -2), (0, 1))  # [G, C, *K, M]
    rows, blocks, surplus = _blocks(problem)
    x, w = _lengthened(x, problem.dilation[0] * surplus), _lengthened(w, surplus)
    if not blocks:
        y = _sum_over_block((0, 0), x, w, problem)
    else:
        part = replace(problem, c_in=1, window=(rows, *problem.window[1:]))
        block = partial(_sum_over_block, x=x, w=w, part=part)
        start, rest = blocks[0], jnp.array(blocks[1:], np.int32)
        y, _ = lax.scan(lambda total, at: (total + block(at), None), block(start), rest)
    y = y.reshape(problem.groups, problem.c_out, *problem.output_size, problem.batch)
    return jnp.moveaxis(y, (-1, 0, 1), (0, -2, -1)).astype(problem.dtype)


def _sum_over_block(at: Array | Ints, x: Array, w: Array, part: ConvProblem) -> Array:
    """[G, M, O*N], the sum over the block of x [G, C, *I, N] and w [G, C, *K, M] that starts at (channel, row).

    `part` is the problem with the channels and the window of one block.
    """
    c, row = at
    extent = part.axes[0].reach
    first = (0, c, part.dilation[0] * row, *(0,) * (x.ndim - 3))
    x = slice_at(x, first, (x.shape[0], part.c_in, extent, *x.shape[3:]))
    w = slice_at(w, (0, c, row, *(0,) * (w.ndim - 3)), (w.shape[0], part.c_in, part.window[0], *w.shape[3:]))
    spans = [d * (k - 1) + 1 for d, k in zip(part.dilation, part.window, strict=True)]
    slices = [
        x[:, :, *(slice(a, a + n, d) for a, n, d in zip(corner, spans, part.dilation, strict=True))]
        for corner in offsets(part.output_size, part.stride)
    ]
    return summed_dot(w, jnp.concatenate(slices, axis=-1), part)


def _blocks(problem: ConvProblem) -> tuple[int, list[Ints], int]:
    """How many rows of patches are made at once, where the blocks start, and the last one's surplus of rows.

    There are no blocks if all are made at once. Rows run along the larger index set, outputs or
    taps; each block holds one example.
    """
    few = problem.more_taps_than_outputs
    examples, sizes = (problem.c_in, problem.window) if few else (problem.batch, problem.output_size)
    rows = sizes[0] if sizes else 1
    if _laid_out(problem) <= BLOCK_BYTES:
        return rows, [], 0
    at_once, count = cut(rows, BLOCK_BYTES * examples * rows // _laid_out(problem))
    return at_once, list(product(range(examples), range(0, at_once * count, at_once))), at_once * count - rows


def _lengthened(array: Array, amount: int) -> Array:
    """[G, N, *I, C] with so many zeros after its first spatial axis."""
    return pad_axes(array, 2, [(0, amount, 0)])


def _tiles(problem: ConvProblem) -> bool:
    """Whether neighbouring windows neither overlap nor leave gaps, in themselves or between."""
    return all(
        s == k and (d == 1 or k == 1) for s, k, d in zip(problem.stride, problem.window, problem.dilation, strict=True)
    )


def _as_tiles(x: Array, problem: ConvProblem) -> Array:
    """[G, N, *(O*K), C] to [G, N, *O, K*C]."""
    rank = problem.rank
    pairs = [n for pair in zip(problem.output_size, problem.window, strict=True) for n in pair]
    x = x.reshape(*x.shape[:2], *pairs, problem.c_in)
    outputs, taps = range(2, 2 * rank + 1, 2), range(3, 2 * rank + 2, 2)
    x = x.transpose(0, 1, *outputs, *taps, 2 * rank + 2)
    return x.reshape(*x.shape[:2], *problem.output_size, -1)


def _patches(x: Array, problem: ConvProblem) -> Array:
    """The taps of every output, [G, N, *O, K*C], from the padded x [G, N, *I, C], by slicing."""
    spans = [s * (o - 1) + 1 for s, o in zip(problem.stride, problem.output_size, strict=True)]
    slices = [
        x[:, :, *(slice(a, a + n, s) for a, n, s in zip(at, spans, problem.stride, strict=True))]
        for at in offsets(problem.window, problem.dilation)
    ]
    return jnp.concatenate(slices, axis=-1)


def _dot(patches: Array, w: Array, problem: ConvProblem) -> Array:
    """[G, N, *O, K*C] by [G, K*C, M] to [N, *O, G, M]."""
    y = grouped_dot(patches, w, (patches.ndim - 1,), (1,), problem).astype(problem.dtype)
    return jnp.moveaxis(y, 0, -2)


def _laid_out(problem: ConvProblem) -> int:
    """Bytes of all patches; none where they are x itself, as tiles or as one slice."""
    if _tiles(problem) or (problem.more_taps_than_outputs and prod(problem.output_size) == 1):
        return 0
    pairs = prod(problem.output_size) * prod(problem.window)
    return problem.batch * pairs * problem.groups * problem.c_in * problem.compute_dtype.itemsize


def unsupported(problem: ConvProblem, platform: str) -> tuple[str, ...]:
    """Every slice is an operation of its own, and the product a dot."""
    reasons = refused_dots(problem, platform)
    slices = min(prod(problem.window), prod(problem.output_size))
    if slices > MAX_SLICES and not _tiles(problem) and not any(e > 1 for e in problem.input_dilation):
        reasons = (f"{slices} slices are more than the {MAX_SLICES} it lays side by side", *reasons)
    return reasons


def cost(problem: ConvProblem, platform: str) -> Cost:
    """The direct form's work as one dot, with the patches written and read once."""
    if swap_is_due(problem):
        problem = swapped(problem)
    tiles, laid_out = _tiles(problem), _laid_out(problem)
    made = laid_out // prod(problem.input_dilation) // phases_together(problem)
    run = problem.batch if problem.more_taps_than_outputs else problem.c_in  # what is copied at once
    _, starts, surplus = _blocks(problem)
    blocks = max(1, len(starts))
    apart = tiles and prod(problem.window) > 1  # windows, laid out as rows
    outputs = prod(problem.output_size)
    sums = problem.more_taps_than_outputs and outputs > 1
    padded = problem.undilated_padded_bytes if problem.padded or apart or sums or surplus else 0
    # Groups are moved to the front; the narrower of a kernel gradient's operands is transposed.
    narrow, wide = sorted((problem.c_out, problem.batch * outputs))
    transposed = problem.w_bytes if sums and (problem.groups > 1 or problem.c_out == narrow) else 0
    kept = padded + problem.w_bytes
    if problem.groups > 1:
        kept += problem.x_bytes
    if problem.more_taps_than_outputs and not tiles:
        kept += problem.x_bytes + problem.y_bytes
    elif any(e > 1 for e in problem.input_dilation):
        kept += problem.y_bytes + problem.w_bytes
    # One dot is fastest, many smaller ones are not; 16-bit numbers are multiplied at twice the rate.
    work = problem.multiply_adds * (1 if prod(problem.window) == 1 else 2) * problem.compute_dtype.itemsize // 4
    # It is slow where its result is narrow; so is a sum over all positions.
    work = in_short_loops(work, wide // 8 if problem.more_taps_than_outputs else problem.c_out)
    calls = blocks * (1 + problem.groups)
    return Cost(
        multiply_adds=work,
        bytes_moved=problem.operand_bytes + 2 * (padded + transposed + in_short_loops(made, run)),
        extra_bytes=kept + laid_out // blocks + problem.widened_bytes,
        calls=calls + 1 if problem.padded else calls,
    )


PATCHES = Algorithm(
    name="patches",
    compute=compute,
    unsupported=unsupported,
    cost=cost,
    error_bound=4.0,
    local=True,
    reference="Chellapilla, Puri and Simard, High performance convolutional neural networks, 2006",
)
