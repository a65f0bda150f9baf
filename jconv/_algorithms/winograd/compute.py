"""The algorithms `winograd` and `winograd4`: short convolutions by fewer products than outputs times taps."""

from collections.abc import Callable, Sequence
from functools import partial

import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms.winograd.plan import Blocks, TiledAxis, choose_axes, cut_blocks, sums_tiles
from jconv._algorithms.winograd.toom_cook import Matrix
from jconv._equation.problem import ConvProblem
from jconv._rewrites.axes import without_idle_axes
from jconv._rewrites.padding import pad_axes, slice_at
from jconv._typing import Array, Ints


def compute(x: Array, w: Array, problem: ConvProblem, *, most: int) -> Array:
    """Transform tiles of x and w axis by axis, multiply with a dot for each product, transform back."""
    if problem.empty:
        return jnp.zeros(problem.y_shape, problem.dtype)
    x, w = x.astype(problem.accumulator), w.astype(problem.accumulator)
    return without_idle_axes(partial(_convolve, most=most), x, w, problem)


def _convolve(x: Array, w: Array, problem: ConvProblem, *, most: int) -> Array:
    """Solve a problem without idle axes, by tiles of taps or of outputs."""
    axes = choose_axes(problem, most)
    if sums_tiles(axes):
        y = _by_tiles_of_taps(x, w, problem, axes)
    else:
        y = _by_tiles_of_outputs(x, w, problem, axes)
    return y[:, *(slice(o) for o in problem.output_size)].astype(problem.dtype)


def _by_tiles_of_outputs(x: Array, w: Array, problem: ConvProblem, axes: tuple[TiledAxis, ...]) -> Array:
    """Give y on whole tiles of outputs, [N, *tiled, G, M], block by block."""
    blocks, us = cut_blocks(problem, axes), _kernel_at_points(w, axes)
    cut = _cutter(x, problem.low, blocks, inputs=True)

    def block(at: Array | np.ndarray) -> Array:
        vs = _at_points(cut(at), blocks.axes, inputs=True)
        products = [_dot(v, u) for v, u in zip(vs, us, strict=True)]
        sizes = (axis.tiles * axis.phases for axis in blocks.axes)
        shape = (blocks.examples, *sizes, problem.groups, problem.c_out)
        return _outputs([y.reshape(shape) for y in products], blocks.axes)

    starts = blocks.starts
    y = lax.map(block, starts) if len(starts) > 1 else block(starts[0])
    return y.reshape(problem.batch, *(axis.positions(inputs=False) for axis in blocks.whole), *y.shape[-2:])


def _by_tiles_of_taps(x: Array, w: Array, problem: ConvProblem, axes: tuple[TiledAxis, ...]) -> Array:
    """Give y [N, *O, G, M] by tiles of taps, block by block, summed before they are transformed back."""
    # A kernel gradient's operands come transposed: this undoes it, and no copy of either is made.
    x, w, blocks = jnp.swapaxes(x, 0, -1), jnp.moveaxis(w, -2, 0), cut_blocks(problem, axes)
    cut_x = _cutter(x, problem.low, blocks, inputs=True)
    cut_w = _cutter(w, (0,) * len(axes), blocks, inputs=False)

    def block(at: Array | np.ndarray) -> list[Array]:
        vs = _at_points(cut_x(at), blocks.axes, inputs=True)
        us = _at_points(cut_w(at), blocks.axes, inputs=False)
        return [_summed_dot(v, u) for v, u in zip(vs, us, strict=True)]

    ys, rest = block(blocks.starts[0]), blocks.starts[1:]
    if len(rest):
        ys, _ = lax.scan(lambda sums, at: (list(map(jnp.add, sums, block(at))), None), ys, rest)
    return _outputs([jnp.expand_dims(y, range(1, 1 + len(axes))) for y in ys], axes)


# ---- the steps


def _cutter(a: Array, low: Ints, blocks: Blocks, *, inputs: bool) -> Callable[[Array | np.ndarray], Array]:
    """A function of where a block starts, which cuts it out of [n, *I, G, b] and pads it to whole tiles."""
    axes, sizes = blocks.whole, [axis.positions(inputs=inputs) for axis in blocks.axes]
    cut, step = (blocks.examples, *a.shape[1:]), 0
    if blocks.axes != axes:  # rows of one example: they overlap, so they are padded beforehand
        after = axes[0].positions(inputs=inputs) - low[0] - a.shape[1]
        a, low = pad_axes(a, 1, [(low[0], after, 0)]), (0, *low[1:])
        cut, step = (blocks.examples, sizes[0], *a.shape[2:]), axes[0].phases * axes[0].step
    pads = [(lo, size - lo - n, 0) for lo, size, n in zip(low, sizes, cut[1:-2], strict=True)]
    # One position more than is read: a pad is made once, where a mere slice would be cut out anew,
    # number by number, in each of the many loops that read it.
    before, after, _ = pads[-1]
    pads[-1] = (before, after + axes[-1].phases, 0)

    def at(start: Array | np.ndarray) -> Array:
        block = a if cut == a.shape else slice_at(a, (start[0], start[1] * step, *(0,) * (a.ndim - 2)), cut)
        return pad_axes(block, 1, pads)

    return at


def _kernel_at_points(w: Array, axes: Sequence[TiledAxis]) -> list[Array]:
    """[*K, G, C, M] to [G, C, M] for each product.

    One dot for all: as elementwise work, a kernel that comes transposed (as an input gradient's does)
    is read across its rows once for each product.
    """
    matrix = np.ones((1, 1))
    for axis in axes:
        matrix = np.kron(matrix, np.array(axis.transforms.taps, np.float64))
    u = jnp.dot(jnp.asarray(matrix, w.dtype), w.reshape(matrix.shape[1], -1), precision=lax.Precision.HIGHEST)
    return [one.reshape(w.shape[-3:]) for one in u]


def _at_points(a: Array, axes: Sequence[TiledAxis], *, inputs: bool) -> list[Array]:
    """[n, *I, G, b] to [n, *tiles, G, b] for each product, one axis after the other."""
    parts = [a]
    for along, axis in enumerate(axes, start=1):
        matrix = axis.transforms.inputs if inputs else axis.transforms.taps
        parts = [one for a in parts for one in _combine(matrix, _positions(a, along, axis, len(matrix[0])))]
    return parts


def _positions(a: Array, along: int, axis: TiledAxis, count: int) -> list[Array]:
    """The first `count` positions of every tile, each as an array: strided slices, nothing is gathered."""
    a = a.reshape(*a.shape[:along], -1, axis.phases, *a.shape[along + 1 :])
    reach = axis.step * (axis.tiles - 1) + 1
    slices = [lax.slice_in_dim(a, p, p + reach, axis.step, along) for p in range(count)]
    return [one.reshape(*a.shape[:along], -1, *a.shape[along + 2 :]) for one in slices]


def _combine(matrix: Matrix, arrays: Sequence[Array]) -> list[Array]:
    """Every row's sum of multiples of the arrays, as elementwise work."""
    sums = []
    for row in matrix:
        terms = [a if c == 1 else a * float(c) for c, a in zip(row, arrays, strict=True) if c]
        sums.append(sum(terms[1:], start=terms[0]))
    return sums


def _dot(v: Array, u: Array) -> Array:
    """The product at one point, [..., G, C] by [G, C, M] to [tiles, G, M].

    Differences of large sums follow, so it never is one of rounded operands.
    """
    return _einsum("tgc,gcm->tgm", v.reshape(-1, *v.shape[-2:]), u)


def _summed_dot(v: Array, u: Array) -> Array:
    """The product at one point, [..., G, N] by [..., G, M], summed over tiles, to [N, G, M]."""
    # For one group XLA transposes the first operand: the narrower goes there. For several groups it vectorises along
    # the first operand: the wider goes there.
    narrower, one = v.shape[-1] <= u.shape[-1], v.shape[-2] == 1
    if v.shape[-1] != u.shape[-1] and narrower != one:
        return _summed_dot(u, v).swapaxes(0, -1)
    return _einsum("tgn,tgm->ngm", v.reshape(-1, *v.shape[-2:]), u.reshape(-1, *u.shape[-2:]))


def _einsum(equation: str, v: Array, u: Array) -> Array:
    """`jnp.einsum` in whole precision of two operands whose axis 1 is the groups."""
    if v.shape[1] > 1:
        return jnp.einsum(equation, v, u, precision=lax.Precision.HIGHEST)
    # One group: a dot without batch dimensions is faster.
    y = jnp.einsum(equation.replace("g", ""), v[:, 0], u.reshape(-1, u.shape[-1]), precision=lax.Precision.HIGHEST)
    return y[:, None]


def _outputs(products: list[Array], axes: Sequence[TiledAxis]) -> Array:
    """Transform back, the last axis first, and lay the outputs of all tiles side by side again."""
    for along, axis in reversed(list(enumerate(axes, start=1))):
        groups = (products[i : i + axis.products] for i in range(0, len(products), axis.products))
        products = [_interleave(_combine(axis.transforms.outputs, group), along, axis) for group in groups]
    return products[0]


def _interleave(made: list[Array], along: int, axis: TiledAxis) -> Array:
    """From each output of every tile [tiles * phases] to [tiles * outputs * phases]."""
    if axis.of_taps:
        return jnp.concatenate(made, along)
    shape = made[0].shape
    made = [y.reshape(*shape[:along], axis.tiles, axis.phases, *shape[along + 1 :]) for y in made]
    return jnp.stack(made, along + 1).reshape(*shape[:along], -1, *shape[along + 1 :])
