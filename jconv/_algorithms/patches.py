"""The algorithm `patches`: the windows side by side as the rows of a matrix, and one dot (im2col)."""

from dataclasses import replace
from itertools import product
from math import prod

import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms._algorithm import Algorithm, Cost
from jconv._geometry import offsets
from jconv._problem import ConvProblem
from jconv._rewrites import in_phases, pad_input
from jconv._typing import Array, Ints

# Bytes of patches made at once: they should stay in cache, and fresh memory is slow to touch.
BLOCK_BYTES = 2 * 2**20
# Slices that are laid side by side; a larger window is work for another algorithm.
MAX_SLICES = 256


def compute(x: Array, w: Array, problem: ConvProblem) -> Array:
    """Gather the taps of every output by slicing, [N, *O, G, K*C], and multiply by the kernel [G, K*C, M].

    Where the window is its own stride, or a single tap, the patches are a reshape of x. Where outputs
    are fewer than taps, as in kernel gradients, the slices are taken per output instead.
    """
    if problem.empty:
        return jnp.zeros(problem.y_shape, problem.dtype)
    if any(e > 1 for e in problem.input_dilation):
        return in_phases(compute, x, w, problem)
    x, w = x.astype(problem.compute_dtype), w.astype(problem.compute_dtype)
    if _tiles(problem):
        return _dot(_as_tiles(pad_input(x, problem), problem), w, problem)
    if prod(problem.output_size) < prod(problem.window):
        return _few_outputs(x, w, problem)
    x = pad_input(x, problem)
    rows, blocks = _blocks(problem)
    if not blocks:
        return _dot(_patches(x, problem), w, problem)
    part = replace(problem, batch=1, output_size=(rows, *problem.output_size[1:]))

    def block(at: Array) -> Array:
        n, row = at
        first = (n, problem.stride[0] * row, *(0,) * (x.ndim - 2))
        extent = problem.stride[0] * (rows - 1) + problem.dilation[0] * (problem.window[0] - 1) + 1
        return _dot(_patches(lax.dynamic_slice(x, first, (1, extent, *x.shape[2:])), part), w, part)

    return lax.map(block, jnp.array(blocks, np.int32)).reshape(problem.y_shape)


def _few_outputs(x: Array, w: Array, problem: ConvProblem) -> Array:
    """sum over blocks of c and of rows of K:  patches [c, *K, G, O*N] transposed, times w [c, *K, G, M]."""
    # The kernel gradient's operands come transposed: to undo that before padding makes no copy.
    x = pad_input(jnp.swapaxes(x, 0, -1), problem)  # [C, *I, G, N]
    w = jnp.moveaxis(w, -2, 0)  # [C, *K, G, M]
    rows, blocks = _blocks(problem)
    taps = (rows, *problem.window[1:])
    extent = problem.dilation[0] * (rows - 1) + problem.stride[0] * (problem.output_size[0] - 1) + 1
    examples = 1 if blocks else problem.c_in

    def block(at: Array | Ints) -> Array:
        c, row = at
        x_b = lax.dynamic_slice(
            x, (c, problem.dilation[0] * row, *(0,) * (x.ndim - 2)), (examples, extent, *x.shape[2:])
        )
        spans = [d * (k - 1) + 1 for d, k in zip(problem.dilation, taps, strict=True)]
        patches = jnp.concatenate(
            [
                x_b[:, *(slice(a, a + n, d) for a, n, d in zip(at, spans, problem.dilation, strict=True))]
                for at in offsets(problem.output_size, problem.stride)
            ],
            axis=-1,
        )  # [c, *K, G, O*N]
        w_b = lax.dynamic_slice(w, (c, row, *(0,) * (w.ndim - 2)), (examples, rows, *w.shape[2:]))
        return _sum_dot(w_b, patches, problem)  # [G, M, O*N]

    if not blocks:
        y = block((0, 0))
    else:
        first, rest = blocks[0], jnp.array(blocks[1:], np.int32)
        y, _ = lax.scan(lambda total, at: (total + block(at), None), block(first), rest)
    y = y.reshape(problem.groups, problem.c_out, *problem.output_size, problem.batch)
    return jnp.moveaxis(y, (-1, 0, 1), (0, -2, -1)).astype(problem.dtype)


def _blocks(problem: ConvProblem) -> tuple[int, list[Ints]]:
    """How many rows of patches are made at once, and where the blocks start; none if all at once.

    Rows are those of the larger index set, outputs or taps; each block is of one example.
    """
    few = prod(problem.output_size) < prod(problem.window)
    examples, rows = (problem.c_in, problem.window[0]) if few else (problem.batch, problem.output_size[0])
    if _patch_bytes(problem) <= BLOCK_BYTES:
        return rows, []
    most = BLOCK_BYTES * examples * rows // _patch_bytes(problem)
    at_once = max((r for r in range(1, rows + 1) if rows % r == 0 and r <= most), default=1)
    return at_once, list(product(range(examples), range(0, rows, at_once)))


def _tiles(problem: ConvProblem) -> bool:
    """Whether neighbouring windows neither overlap nor leave gaps, in themselves or between."""
    return all(
        s == k and (d == 1 or k == 1) for s, k, d in zip(problem.stride, problem.window, problem.dilation, strict=True)
    )


def _as_tiles(x: Array, problem: ConvProblem) -> Array:
    """[N, *(O*K), G, C] to [N, *O, G, K*C]."""
    rank = problem.rank
    pairs = [n for pair in zip(problem.output_size, problem.window, strict=True) for n in pair]
    x = x.reshape(x.shape[0], *pairs, problem.groups, problem.c_in)
    outputs, taps = range(1, 2 * rank, 2), range(2, 2 * rank + 1, 2)
    x = x.transpose(0, *outputs, 2 * rank + 1, *taps, 2 * rank + 2)
    return x.reshape(x.shape[0], *problem.output_size, problem.groups, -1)


def _patches(x: Array, problem: ConvProblem) -> Array:
    """The taps of every output, [N, *O, G, K*C], from the padded x, by slicing."""
    spans = [s * (o - 1) + 1 for s, o in zip(problem.stride, problem.output_size, strict=True)]
    slices = [
        x[:, *(slice(a, a + n, s) for a, n, s in zip(at, spans, problem.stride, strict=True))]
        for at in offsets(problem.window, problem.dilation)
    ]
    return jnp.concatenate(slices, axis=-1)


def _dot(patches: Array, w: Array, problem: ConvProblem) -> Array:
    """[N, *O, G, K*C] by [*K, G, C, M] to [N, *O, G, M]."""
    w = jnp.moveaxis(w, -3, 0).reshape(problem.groups, -1, problem.c_out)  # [G, K*C, M]
    shape = (*patches.shape[:-1], problem.c_out)
    contract, group = patches.ndim - 1, patches.ndim - 2
    if problem.groups == 1:
        patches, w = lax.squeeze(patches, (group,)), lax.squeeze(w, (0,))
        numbers = (((contract - 1,), (0,)), ((), ()))
    else:
        numbers = (((contract,), (1,)), ((group,), (0,)))
    y = lax.dot_general(
        patches, w, numbers, precision=problem.precision, preferred_element_type=problem.accumulator
    ).astype(problem.dtype)
    return y.reshape(shape) if problem.groups == 1 else jnp.moveaxis(y, 0, -2)


def _sum_dot(w: Array, patches: Array, problem: ConvProblem) -> Array:
    """[c, *K, G, M] and [c, *K, G, O*N] to [G, M, O*N]."""
    summed, group = tuple(range(problem.rank + 1)), problem.rank + 1
    if problem.groups == 1:
        w, patches = lax.squeeze(w, (group,)), lax.squeeze(patches, (group,))
        numbers = ((summed, summed), ((), ()))
    else:
        numbers = ((summed, summed), ((group,), (group,)))
    y = lax.dot_general(
        w, patches, numbers, precision=problem.precision, preferred_element_type=problem.accumulator
    )
    return y if problem.groups > 1 else y[None]


def _patch_bytes(problem: ConvProblem) -> int:
    pairs = prod(problem.output_size) * prod(problem.window)
    return problem.batch * pairs * problem.groups * problem.c_in * problem.compute_dtype.itemsize


def unsupported(problem: ConvProblem) -> tuple[str, ...]:
    """Every slice is an operation of its own."""
    slices = min(prod(problem.window), prod(problem.output_size))
    if slices > MAX_SLICES and not _tiles(problem) and not any(e > 1 for e in problem.input_dilation):
        return (f"{slices} slices are more than the {MAX_SLICES} it lays side by side",)
    return ()


def cost(problem: ConvProblem, platform: str) -> Cost:
    """The direct form's work as one dot, with the patches written and read once."""
    made = 0 if _tiles(problem) else _patch_bytes(problem)
    padded = problem.padded_bytes if problem.padded else 0
    blocks = 1 if _tiles(problem) else max(1, len(_blocks(problem)[1]))
    return Cost(
        multiply_adds=problem.multiply_adds,
        bytes_moved=problem.operand_bytes + 2 * padded + 2 * made,
        extra_bytes=padded + made // blocks,
        calls=2 * blocks + problem.padded,
    )


PATCHES = Algorithm(
    name="patches",
    compute=compute,
    unsupported=unsupported,
    cost=cost,
    error=4.0,
    reference="Chellapilla, Puri and Simard, High performance convolutional neural networks, 2006",
)
