"""How Winograd's algorithm cuts a problem: tiles and products of every axis, and blocks that stay in cache."""

from collections.abc import Sequence
from functools import cache
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

from jconv._algorithms.winograd.toom_cook import Transforms, transforms
from jconv._equation.geometry import cut
from jconv._equation.problem import Axis, ConvProblem

# Each product is a dot of its own, for one batched dot would copy; so programs grow with them.
MAX_PRODUCTS = 100  # F(4,3) on one axis and F(2,3) on two are 96
# Bytes of tiles made at once, and in a block where they are more: fresh memory is slow to touch.
MAX_BYTES = 2**25
BLOCK_BYTES = 13 * 2**20


class TiledAxis(NamedTuple):
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

    def positions(self, *, inputs: bool) -> int:
        """How many inputs, or outputs or taps, the tiles cover."""
        beyond = self.few - 1 if inputs else 0
        return self.phases * (self.step * self.tiles + beyond)


class Blocks(NamedTuple):
    """How many examples a block holds, its axes, and where each starts: an example, a tile of the first axis.

    All together have the axes `whole`, the first of which may have a few tiles more than are needed.
    """

    examples: int
    axes: tuple[TiledAxis, ...]
    whole: tuple[TiledAxis, ...]
    starts: np.ndarray


@cache
def choose_axes(problem: ConvProblem, most: int) -> tuple[TiledAxis, ...]:
    """Tiles of outputs on every axis, or of taps on every axis: those that take fewest products in all."""
    return min(ways(problem.axes, most), key=points)


def ways(axes: Sequence[Axis], most: int) -> list[tuple[TiledAxis, ...]]:
    """The ways to tile all axes that take no more products than are written out one by one."""
    return [
        way
        for of_taps in (False, True)
        for way in product(*(_tilings(axis, of_taps, most) for axis in axes))
        if prod(axis.products for axis in way) <= MAX_PRODUCTS
    ]


def sums_tiles(axes: Sequence[TiledAxis]) -> bool:
    """Whether tiles are of taps, so that their products are summed."""
    return any(axis.of_taps for axis in axes)


def points(axes: Sequence[TiledAxis]) -> int:
    """How many numbers a channel of an example becomes."""
    return prod(axis.products * axis.tiles * axis.phases for axis in axes)


def _tilings(axis: Axis, of_taps: bool, most: int) -> list[TiledAxis]:
    """The ways to tile an axis; the outputs or taps tiled must be one step apart."""
    few, many, step, phases = axis.window, axis.output, axis.stride, axis.dilation
    if of_taps:
        few, many, step, phases = many, few, phases, step
    if step > 1 or axis.input_dilation > 1:
        return []
    sizes = [products + 1 - few for products in range(4, most + 1, 2) if products > few]
    return [TiledAxis(of_taps, few, size, -(-many // (size * phases)), phases) for size in sizes]


def cut_blocks(problem: ConvProblem, axes: tuple[TiledAxis, ...]) -> Blocks:
    """Everything at once, or blocks of examples, or of tiles along the first axis of one example."""
    examples = problem.c_in if sums_tiles(axes) else problem.batch
    size = tile_bytes(problem, axes)
    if size <= MAX_BYTES:
        return Blocks(examples, axes, axes, np.zeros((1, 2), np.int32))
    tiles = axes[0].tiles
    fit = BLOCK_BYTES * examples // size
    several = max((n for n in range(1, min(examples, fit) + 1) if examples % n == 0), default=1)
    rows, count = (tiles, 1) if several > 1 else cut(tiles, BLOCK_BYTES * examples * tiles // size)
    starts = np.array(list(product(range(0, examples, several), range(0, rows * count, rows))), np.int32)
    first, rest = axes[0], axes[1:]
    part, whole = first._replace(tiles=rows), first._replace(tiles=rows * count)
    return Blocks(several, (part, *rest), (whole, *rest), starts)


def tile_bytes(problem: ConvProblem, axes: Sequence[TiledAxis]) -> int:
    """Bytes of everything between the transforms: tiles of x, and of y or w."""
    beside = problem.c_in if sums_tiles(axes) else problem.batch
    channels = problem.batch * problem.c_in + problem.c_out * beside
    return points(axes) * problem.groups * channels * problem.accumulator.itemsize
