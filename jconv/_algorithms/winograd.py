"""The algorithms `winograd` and `winograd4`: short convolutions by fewer products than outputs times taps."""

from collections.abc import Sequence
from functools import cache, partial
from itertools import product
from math import prod
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms._algorithm import Algorithm, Cost
from jconv._algorithms._toom_cook import Matrix, Transforms, transforms
from jconv._problem import ConvProblem
from jconv._rewrites import drop_idle_axes, slice_at, without_idle_axes
from jconv._typing import Array

# Axes that are not idle.
MAX_AXES = 3
# Each product is a dot of its own, for one batched dot would copy; so programs grow with them.
MAX_PRODUCTS = 100
# Bytes of tiles made at once, and in a block where they are more: fresh memory is slow to touch.
MAX_BYTES = 2**25
BLOCK_BYTES = 2**24


class Axis(NamedTuple):
    """How one axis is computed: in `tiles` of `step` outputs, or of `step` taps where those are more.

    `few` is the size of the other index set; a tile takes few + step - 1 products. Positions that
    agree modulo `phases`, the dilation or the stride, meet only one another.
    """

    of_taps: bool
    few: int
    step: int
    tiles: int
    phases: int

    @property
    def products(self) -> int:
        """How many products a tile takes."""
        return self.few + self.step - 1

    @property
    def transforms(self) -> Transforms:
        """F(outputs, taps) of a tile."""
        return transforms(self.products, self.step if self.of_taps else self.few)

    def positions(self, of_inputs: bool) -> int:
        """How many inputs, or outputs or taps, the tiles cover."""
        return self.phases * (self.step * self.tiles + (self.few - 1) * of_inputs)


def compute(x: Array, w: Array, problem: ConvProblem, *, most: int) -> Array:
    """Transform tiles of x and w axis by axis, multiply with a dot for each product, transform back."""
    if problem.empty:
        return jnp.zeros(problem.y_shape, problem.dtype)
    x, w = x.astype(problem.accumulator), w.astype(problem.accumulator)
    return without_idle_axes(partial(_convolve, most=most), x, w, problem)


def _convolve(x: Array, w: Array, problem: ConvProblem, *, most: int) -> Array:
    axes = choose_axes(problem, most)
    if _of_taps(axes):
        y = _few_outputs(x, w, problem, axes)
    else:
        y = _few_taps(x, w, problem, axes)
    return y[:, *(slice(o) for o in problem.output_size)].astype(problem.dtype)


def _few_taps(x: Array, w: Array, problem: ConvProblem, axes: tuple[Axis, ...]) -> Array:
    """Tiles of outputs, block by block."""
    x, us = _pad_inputs(x, problem, axes), _kernel_at_points(w, axes)
    examples, part, starts = _blocks(problem, axes)

    def block(at: Array) -> Array:
        vs = _at_points(_cut(x, at, examples, part, of_inputs=True), part, inputs=True)
        products = [_dot("tgc,gcm->tgm", v, u) for v, u in zip(vs, us, strict=True)]
        sizes = (axis.tiles * axis.phases for axis in part)
        shape = (examples, *sizes, problem.groups, problem.c_out)
        return _outputs([y.reshape(shape) for y in products], part)

    y = lax.map(block, starts) if len(starts) > 1 else block(starts[0])
    return y.reshape(problem.batch, *(axis.positions(False) for axis in axes), *y.shape[-2:])


def _few_outputs(x: Array, w: Array, problem: ConvProblem, axes: tuple[Axis, ...]) -> Array:
    """Tiles of taps, block by block, summed before they are transformed back."""
    # A kernel gradient's operands come transposed: this undoes it, and no copy of either is made.
    x, w = _pad_inputs(jnp.swapaxes(x, 0, -1), problem, axes), jnp.moveaxis(w, -2, 0)
    missing = (axis.positions(False) - k for axis, k in zip(axes, problem.window, strict=True))
    w = lax.pad(w, jnp.zeros((), w.dtype), [(0, 0, 0), *((0, n, 0) for n in missing), (0, 0, 0), (0, 0, 0)])
    examples, part, starts = _blocks(problem, axes)

    def block(at: Array) -> list[Array]:
        vs = _at_points(_cut(x, at, examples, part, of_inputs=True), part, inputs=True)
        us = _at_points(_cut(w, at, examples, part, of_inputs=False), part, inputs=False)
        return [_dot("tgn,tgm->ngm", v, u) for v, u in zip(vs, us, strict=True)]

    ys = block(starts[0])
    if len(starts) > 1:
        ys, _ = lax.scan(lambda sums, at: (list(map(jnp.add, sums, block(at))), None), ys, starts[1:])
    return _outputs([jnp.expand_dims(y, range(1, 1 + len(axes))) for y in ys], axes)


# ---- the steps


def _pad_inputs(x: Array, problem: ConvProblem, axes: Sequence[Axis]) -> Array:
    """x [..., *I, G, ...] padded, or cropped, to whole tiles."""
    pads = [(lo, axis.positions(True) - lo - i, 0) for axis, (i, *_, lo) in zip(axes, problem.axes, strict=True)]
    return lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *pads, (0, 0, 0), (0, 0, 0)])


def _kernel_at_points(w: Array, axes: Sequence[Axis]) -> list[Array]:
    """[*K, G, C, M] to [G, C, M] for each product.

    One dot for all: as elementwise work, a kernel that comes transposed (that of an input gradient)
    is read across its rows once for each product.
    """
    matrix = np.ones((1, 1))
    for axis in axes:
        matrix = np.kron(matrix, np.array(axis.transforms.taps, np.float64))
    u = jnp.dot(jnp.asarray(matrix, w.dtype), w.reshape(matrix.shape[1], -1), precision=lax.Precision.HIGHEST)
    return [one.reshape(w.shape[-3:]) for one in u]


def _cut(a: Array, at: Array, examples: int, part: Sequence[Axis], *, of_inputs: bool) -> Array:
    """The block that starts at an example and a tile of the first axis."""
    sizes = [axis.positions(of_inputs) for axis in part]
    shape = (examples, *sizes, *a.shape[-2:])
    if shape == a.shape:
        return a
    first = at[1] * (part[0].phases * part[0].step)
    return slice_at(a, (at[0], first, *(0,) * (a.ndim - 2)), shape)


def _at_points(a: Array, axes: Sequence[Axis], *, inputs: bool) -> list[Array]:
    """[n, *I, G, b] to [n, *tiles, G, b] for each product, one axis after the other."""
    parts = [a]
    for along, axis in enumerate(axes, start=1):
        matrix = axis.transforms.inputs if inputs else axis.transforms.taps
        parts = [one for a in parts for one in _combine(matrix, _positions(a, along, axis, len(matrix[0])))]
    return parts


def _positions(a: Array, along: int, axis: Axis, count: int) -> list[Array]:
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


def _dot(equation: str, v: Array, u: Array) -> Array:
    """The product at one point; differences of large sums follow, so it never is one of rounded operands."""
    v = v.reshape(-1, *v.shape[-2:])
    if equation.startswith("tgn"):
        u = u.reshape(-1, *u.shape[-2:])
    if v.shape[1] > 1:
        return jnp.einsum(equation, v, u, precision=lax.Precision.HIGHEST)
    # One group: a dot without batch dimensions is faster.
    y = jnp.einsum(equation.replace("g", ""), v[:, 0], u.reshape(-1, u.shape[-1]), precision=lax.Precision.HIGHEST)
    return y[:, None]


def _outputs(products: list[Array], axes: Sequence[Axis]) -> Array:
    """Transform back, the last axis first, and lay the outputs of all tiles side by side again."""
    for along, axis in reversed(list(enumerate(axes, start=1))):
        groups = (products[i : i + axis.products] for i in range(0, len(products), axis.products))
        products = [_interleave(_combine(axis.transforms.outputs, group), along, axis) for group in groups]
    return products[0]


def _interleave(made: list[Array], along: int, axis: Axis) -> Array:
    """From each output of every tile [tiles * phases] to [tiles * outputs * phases]."""
    if axis.of_taps:
        return jnp.concatenate(made, along)
    shape = made[0].shape
    made = [y.reshape(*shape[:along], axis.tiles, axis.phases, *shape[along + 1 :]) for y in made]
    return jnp.stack(made, along + 1).reshape(*shape[:along], -1, *shape[along + 1 :])


# ---- sizes


@cache
def choose_axes(problem: ConvProblem, most: int) -> tuple[Axis, ...]:
    """Tiles of outputs on every axis, or of taps on every axis: those that take fewest products in all."""
    return min(_ways(problem.axes, most), key=_points)


def _ways(axes: Sequence[tuple[int, ...]], most: int) -> list[tuple[Axis, ...]]:
    """The ways to tile all axes that take no more products than are written out one by one."""
    return [
        way
        for of_taps in (False, True)
        for way in product(*(_tilings(axis, of_taps, most) for axis in axes))
        if prod(axis.products for axis in way) <= MAX_PRODUCTS
    ]


def _of_taps(axes: Sequence[Axis]) -> bool:
    return any(axis.of_taps for axis in axes)


def _points(axes: Sequence[Axis]) -> int:
    """How many numbers a channel of an example becomes."""
    return prod(axis.products * axis.tiles * axis.phases for axis in axes)


def _tilings(axis: tuple[int, ...], of_taps: bool, most: int) -> list[Axis]:
    """The ways to tile an axis (I, K, O, s, e, d, lo); the outputs or taps tiled must be one step apart."""
    _, k, o, s, e, d, _ = axis
    few, many, step, phases = (o, k, d, s) if of_taps else (k, o, s, d)
    if step > 1 or e > 1:
        return []
    sizes = [products + 1 - few for products in range(4, most + 1, 2) if products > few]
    return [Axis(of_taps, few, size, -(-many // (size * phases)), phases) for size in sizes]


def _blocks(problem: ConvProblem, axes: tuple[Axis, ...]) -> tuple[int, tuple[Axis, ...], np.ndarray]:
    """Examples of a block, its axes, and where blocks start (example, tile of the first axis)."""
    examples = problem.c_in if _of_taps(axes) else problem.batch
    size = _tile_bytes(problem, axes)
    if size <= MAX_BYTES or not axes:
        return examples, axes, np.zeros((1, 2), np.int32)
    fit = BLOCK_BYTES * examples // size
    several = max((n for n in range(1, examples + 1) if examples % n == 0 and n <= fit), default=1)
    first, fit = axes[0], BLOCK_BYTES * examples * axes[0].tiles // size
    rows = max((r for r in range(1, first.tiles + 1) if first.tiles % r == 0 and r <= fit), default=1)
    rows = rows if several == 1 else first.tiles
    starts = list(product(range(0, examples, several), range(0, first.tiles, rows)))
    return several, (first._replace(tiles=rows), *axes[1:]), np.array(starts, np.int32)


def _tile_bytes(problem: ConvProblem, axes: Sequence[Axis]) -> int:
    """Bytes of everything between the transforms: tiles of x, and of y or w."""
    channels = problem.batch * problem.c_in + problem.c_out * (problem.c_in if _of_taps(axes) else problem.batch)
    return _points(axes) * problem.groups * channels * problem.accumulator.itemsize


# ---- the record


def unsupported(problem: ConvProblem, *, most: int) -> tuple[str, ...]:
    """It is for short windows at stride 1, and for their kernel gradients: a few outputs at dilation 1."""
    reasons = []
    if problem.accumulator.kind not in "fc":
        reasons.append(f"it computes with fractions, and {problem.dtype} holds none")
    busy = [axis for axis in problem.axes if axis[1] > 1 and axis[2] > 1]
    if len(busy) > MAX_AXES:
        reasons.append(f"{len(busy)} spatial axes are more than {MAX_AXES}")
    elif not _ways(busy, most):
        reasons += [
            f"an axis has {k} taps, {o} outputs, stride {s}, dilation {d} and input dilation {e}, where it takes "
            f"2 to {most - 1} taps at strides of 1, or so few outputs at dilations of 1"
            for _, k, o, s, e, d, _ in busy
        ]
    return tuple(reasons)


def cost(problem: ConvProblem, platform: str, *, most: int) -> Cost:
    """The dots. Tiles are written and read once, transforms being elementwise work on what is read anyway."""
    if problem.empty:
        return Cost(0, 0, 0, 0)
    problem = drop_idle_axes(problem)
    axes = choose_axes(problem, most)
    products, blocks = prod(axis.products for axis in axes), len(_blocks(problem, axes)[2])
    tiles = _tile_bytes(problem, axes)
    kernel = 0 if _of_taps(axes) else products * prod(problem.w_shape[-3:]) * problem.accumulator.itemsize
    pairs = problem.batch * problem.groups * problem.c_in * problem.c_out
    return Cost(
        multiply_adds=_points(axes) * pairs,
        bytes_moved=2 * problem.operand_bytes + 2 * tiles + 2 * kernel,
        extra_bytes=tiles // blocks + kernel,
        calls=3 * products * blocks,
    )


def _algorithm(name: str, most: int, error: float) -> Algorithm:
    return Algorithm(
        name=name,
        compute=partial(compute, most=most),
        unsupported=partial(unsupported, most=most),
        cost=partial(cost, most=most),
        error=error,
        reference="Winograd, 1980; Lavin and Gray, arXiv:1509.09308",
    )


WINOGRAD = _algorithm("winograd", most=4, error=8.0)
WINOGRAD_4 = _algorithm("winograd4", most=6, error=60.0)
