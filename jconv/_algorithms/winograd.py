"""The algorithms `winograd` and `winograd4`: short convolutions by fewer products than outputs times taps."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache, partial
from itertools import product
from math import prod
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms._algorithm import Algorithm, Cost
from jconv._geometry import dilated_size
from jconv._problem import ConvProblem
from jconv._rewrites import without_idle_axes
from jconv._typing import Array, Ints

# Where polynomials are evaluated, beside infinity. The last two lose less to rounding than 2 and -2 would.
POINTS = (Fraction(0), Fraction(1), Fraction(-1), Fraction(1, 2), Fraction(-2))
# Axes that are not idle.
MAX_AXES = 3
# Each product is a dot of its own, for one batched dot would copy; so programs grow with them.
MAX_PRODUCTS = 100

Matrix = tuple[tuple[Fraction, ...], ...]


class Transforms(NamedTuple):
    """Matrices with  y = outputs @ ((taps @ w) * (inputs @ x))  where y[o] = sum over k of x[o + k] * w[k]."""

    inputs: Matrix
    taps: Matrix
    outputs: Matrix


@cache
def transforms(products: int, taps: int) -> Transforms:
    """F(products + 1 - taps, taps): Toom and Cook's multiplication of polynomials, transposed.

    A polynomial is known by its values at enough points, one of them infinity. Row j of `taps`
    evaluates w at point j; row j of `inputs` is Lagrange's basis polynomial of point j, whose
    denominator the taps bear; column j of `outputs` holds the powers of point j.

    >>> [[int(v) for v in row] for row in transforms(4, 3).inputs]
    [[-1, 0, 1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]]
    """
    points, made = POINTS[: products - 1], products + 1 - taps
    rows, evaluated = [], []
    for point in points:
        others = [other for other in points if other != point]
        rows.append((*_with_roots(others), Fraction(0)))
        evaluated.append(tuple(point**k / prod(point - other for other in others) for k in range(taps)))
    rows.append(_with_roots(points))
    evaluated.append(tuple(Fraction(k == taps - 1) for k in range(taps)))
    outputs = tuple((*(point**o for point in points), Fraction(o == made - 1)) for o in range(made))
    return Transforms(tuple(rows), tuple(evaluated), outputs)


def _with_roots(roots: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Coefficients, constant first, of the product of x - root."""
    c = [Fraction(1)]
    for root in roots:
        c = [low - root * high for low, high in zip([Fraction(0), *c], [*c, Fraction(0)], strict=True)]
    return tuple(c)


class Axis(NamedTuple):
    """How one axis is computed: in `tiles` of `step` outputs, or of `step` taps where those are more.

    `few` is the size of the other index set; a tile takes few + step - 1 `products`. Positions that
    agree modulo `phases`, the dilation or the stride, meet only one another.
    """

    of_taps: bool
    few: int
    step: int
    tiles: int
    phases: int

    @property
    def products(self) -> int:
        return self.few + self.step - 1

    @property
    def transforms(self) -> Transforms:
        return transforms(self.products, self.step if self.of_taps else self.few)


def compute(x: Array, w: Array, problem: ConvProblem, *, most: int) -> Array:
    """Transform tiles of x and w axis by axis, multiply with a dot for each product, transform back."""
    if problem.empty:
        return jnp.zeros(problem.y_shape, problem.dtype)
    x, w = x.astype(problem.accumulator), w.astype(problem.accumulator)
    return without_idle_axes(partial(_convolve, most=most), x, w, problem)


def _convolve(x: Array, w: Array, problem: ConvProblem, *, most: int) -> Array:
    axes = choose_axes(problem, most)
    if _of_taps(axes):
        # A kernel gradient's operands come transposed: this undoes it, and no copy of either is made.
        xs, ws = [jnp.swapaxes(x, 0, -1)], _tap_tiles_at_points(jnp.moveaxis(w, -2, 0), problem, axes)
    else:
        xs, ws = [x], _kernel_at_points(w, problem, axes)
    pads = [(0, 0, 0)] * x.ndim
    for a, (axis, (i, *_, lo)) in enumerate(zip(axes, problem.axes, strict=True), start=1):
        pads[a] = (lo, axis.phases * (axis.step * axis.tiles + axis.few - 1) - lo - i, 0)
    xs = [lax.pad(xs[0], jnp.zeros((), x.dtype), pads)]
    for a, axis in enumerate(axes, start=1):
        xs = [part for v in xs for part in _combine(axis.transforms.inputs, _positions(v, a, axis, axis.products))]
    ys = [_dot(v, u, problem, axes) for v, u in zip(xs, ws, strict=True)]
    for a, axis in reversed(list(enumerate(axes, start=1))):
        groups = [ys[i : i + axis.products] for i in range(0, len(ys), axis.products)]
        ys = [_interleave(_combine(axis.transforms.outputs, group), a, axis) for group in groups]
    return ys[0][:, *(slice(o) for o in problem.output_size)].astype(problem.dtype)


def _of_taps(axes: Sequence[Axis]) -> bool:
    return any(axis.of_taps for axis in axes)


def _kernel_at_points(w: Array, problem: ConvProblem, axes: Sequence[Axis]) -> list[Array]:
    """[*K, G, C, M] to [G, C, M] for each product.

    One dot for all: as elementwise work, a kernel that comes transposed (that of an input gradient)
    is read across its rows once for each product.
    """
    matrix = np.ones((1, 1))
    for axis in axes:
        matrix = np.kron(matrix, np.array(axis.transforms.taps, np.float64))
    matrix = jnp.asarray(matrix, w.dtype)
    u = jnp.dot(matrix, w.reshape(matrix.shape[1], -1), precision=lax.Precision.HIGHEST)
    return [one.reshape(w.shape[-3:]) for one in u]


def _tap_tiles_at_points(w: Array, problem: ConvProblem, axes: Sequence[Axis]) -> list[Array]:
    """[C, *K, G, M] to [C, *tiles, G, M] for each product."""
    pads = [(0, 0, 0)] * w.ndim
    for a, (axis, k) in enumerate(zip(axes, problem.window, strict=True), start=1):
        pads[a] = (0, axis.phases * axis.step * axis.tiles - k, 0)
    ws = [lax.pad(w, jnp.zeros((), w.dtype), pads)]
    for a, axis in enumerate(axes, start=1):
        ws = [part for u in ws for part in _combine(axis.transforms.taps, _positions(u, a, axis, axis.step))]
    return ws


def _positions(v: Array, a: int, axis: Axis, count: int) -> list[Array]:
    """The first `count` positions of every tile, each as one array: strided slices, nothing is gathered."""
    v = v.reshape(*v.shape[:a], -1, axis.phases, *v.shape[a + 1 :])
    last = axis.step * (axis.tiles - 1) + 1
    parts = [lax.slice_in_dim(v, p, p + last, axis.step, a) for p in range(count)]
    return [part.reshape(*v.shape[:a], -1, *v.shape[a + 2 :]) for part in parts]


def _interleave(made: list[Array], a: int, axis: Axis) -> Array:
    """Outputs side by side again: [tiles * phases] of each to [tiles, outputs, phases]."""
    if axis.of_taps:
        return jnp.concatenate(made, a)
    shape = made[0].shape
    made = [y.reshape(*shape[:a], axis.tiles, axis.phases, *shape[a + 1 :]) for y in made]
    return jnp.stack(made, a + 1).reshape(*shape[:a], -1, *shape[a + 1 :])


def _combine(matrix: Matrix, arrays: Sequence[Array]) -> list[Array]:
    """Every row's sum of multiples of the arrays, as elementwise work."""
    sums = []
    for row in matrix:
        terms = [
            -a if c == -1 else a if c == 1 else a * float(c) for c, a in zip(row, arrays, strict=True) if c
        ]
        sums.append(sum(terms[1:], start=terms[0]))
    return sums


def _dot(v: Array, u: Array, problem: ConvProblem, axes: Sequence[Axis]) -> Array:
    """The product of all tiles at one point: summed over channels, and over the tiles if they are of taps.

    Differences of large sums follow, so that it never is a product of rounded operands.
    """
    g, m = problem.groups, problem.c_out
    v = v.reshape(-1, g, v.shape[-1])  # [tiles, G, C], or N as the last
    u = u.reshape(-1, g, m) if _of_taps(axes) else u
    equation = "tgn,tgm->ngm" if _of_taps(axes) else "tgc,gcm->tgm"
    if g == 1:  # a dot without batch dimensions is faster
        equation = equation.replace("g", "")
        v, u = v.reshape(v.shape[0], -1), u.reshape(-1, m)
    y = jnp.einsum(equation, v, u, precision=lax.Precision.HIGHEST)
    sizes = (1 if axis.of_taps else axis.tiles * axis.phases for axis in axes)
    return y.reshape(problem.batch, *sizes, g, m)


@cache
def choose_axes(problem: ConvProblem, most: int) -> tuple[Axis, ...]:
    """Tiles of outputs on every axis, or of taps on every axis: those that take fewest products in all."""
    ways = [
        axes
        for of_taps in (False, True)
        for axes in product(*(_tilings(axis, of_taps, most) for axis in problem.axes))
        if prod(axis.products for axis in axes) <= MAX_PRODUCTS
    ]
    return min(ways, key=lambda axes: prod(axis.products * axis.tiles * axis.phases for axis in axes))


def _tilings(axis: tuple[int, ...], of_taps: bool, most: int) -> list[Axis]:
    """The ways to tile an axis (I, K, O, s, e, d, lo); the outputs or taps tiled must be one step apart."""
    _, k, o, s, e, d, _ = axis
    few, many, step, phases = (o, k, d, s) if of_taps else (k, o, s, d)
    if step > 1 or e > 1:
        return []
    sizes = [products + 1 - few for products in range(4, most + 1, 2) if products > few]
    return [Axis(of_taps, few, size, -(-many // (size * phases)), phases) for size in sizes]


def unsupported(problem: ConvProblem, *, most: int) -> tuple[str, ...]:
    """It is for short windows at stride 1, and for their kernel gradients: a few outputs at dilation 1."""
    reasons = []
    if problem.accumulator.kind not in "fc":
        reasons.append(f"it computes with fractions, and {problem.dtype} holds none")
    busy = [axis for axis in problem.axes if axis[1] > 1 and axis[2] > 1]
    if len(busy) > MAX_AXES:
        reasons.append(f"{len(busy)} spatial axes are more than {MAX_AXES}")
    elif not any(all(_tilings(axis, of_taps, most) for axis in busy) for of_taps in (False, True)):
        for _, k, o, s, e, d, _ in busy:
            reasons.append(
                f"an axis has {k} taps, {o} outputs, stride {s}, dilation {d} and input dilation {e}, where it takes "
                f"2 to {most - 1} taps at strides of 1, or so few outputs at dilations of 1"
            )
    return tuple(reasons)


def cost(problem: ConvProblem, platform: str, *, most: int) -> Cost:
    """The dots, and each array of tiles once written and once read in every pass."""


def _algorithm(name: str, most: int, error: float) -> Algorithm:
    return Algorithm(
        name=name,
        compute=partial(compute, most=most),
        unsupported=partial(unsupported, most=most),
        cost=partial(cost, most=most),
        error=error,
        reference="Winograd, 1980; Lavin and Gray, arXiv:1509.09308; points of Alam et al., arXiv:2201.10369",
    )


WINOGRAD = _algorithm("winograd", most=4, error=8.0)
WINOGRAD_4 = _algorithm("winograd4", most=6, error=60.0)
