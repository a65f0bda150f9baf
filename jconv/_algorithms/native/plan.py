"""What a plan is: the loop nest of a problem, with its register tile, blocks and tasks."""

from math import prod
from typing import NamedTuple, TypeAlias

from jconv._algorithms.native.parts import Parts
from jconv._equation.problem import ConvProblem
from jconv._typing import Ints


class Machine(NamedTuple):
    """What a plan must know of a processor.

    Args:
        vector_bytes: bytes of a register.
        registers: how many there are.
        threads: threads that may work at once.
    """

    vector_bytes: int
    registers: int
    threads: int


class Lanes(NamedTuple):
    """How a run of numbers is cut into blocks of vectors.

    Args:
        width: numbers of a vector.
        vectors: vectors of a block.
        blocks: how many full blocks there are.
        rest: numbers left over, less than a block.
    """

    width: int
    vectors: int
    blocks: int
    rest: int

    @property
    def block(self) -> int:
        """Numbers of a full block."""
        return self.width * self.vectors

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """The vectors of a full block and of the rest, each with how many numbers its last vector has."""
        shapes = [(self.vectors, self.width)] if self.blocks else []
        if self.rest:
            full, last = divmod(self.rest, self.width)
            shapes.append((full + 1, last) if last else (full, self.width))
        return shapes

    @property
    def all_blocks(self) -> int:
        """Blocks, the rest counted."""
        return self.blocks + (self.rest > 0)


class OutputsTile(NamedTuple):
    """A tile of neighbouring outputs by features.

    Args:
        rows: outputs.
        features: how the features are cut into vectors.
        features_first: whether all tiles are made for one block of features before the next block.
        joins_taps: whether the channels of all taps of the last axis are one run in x and w.
    """

    rows: int
    features: Lanes
    features_first: bool
    joins_taps: bool


class ChannelsTile(NamedTuple):
    """A tile of neighbouring outputs and all features, which are few: lanes are channels, added up at the end.

    Args:
        rows: outputs.
        width: channels of a vector.
    """

    rows: int
    width: int


class SumsTile(NamedTuple):
    """A tile of examples by features, each a sum over many positions.

    Args:
        rows: examples of a tile; features, if the lanes are examples.
        lanes: how the features are cut into vectors; the examples, if those are the lanes.
        by_examples: whether the lanes are examples.
        block: channels, and taps per axis, that are summed up at once.
    """

    rows: int
    lanes: Lanes
    by_examples: bool
    block: Ints


class GroupsTile(NamedTuple):
    """A run of outputs along the last axis that meets a run of taps; lanes are groups by features.

    Args:
        together: groups of a vector.
        outputs: outputs of a run.
        taps: taps of a run, which are written out.
        by_examples: whether there are sums for all examples, over many positions.
        block: channels, and taps per axis, that are summed up at once.
    """

    together: int
    outputs: int
    taps: int
    by_examples: bool
    block: Ints


class LineTile(NamedTuple):
    """A run of outputs of one channel and one feature; lanes are neighbours along the last axis.

    Args:
        outputs: outputs of the run.
        width: numbers of a vector.
        by_taps: whether the lanes are taps, added up at the end, and not outputs.
    """

    outputs: int
    width: int
    by_taps: bool

    @property
    def vectors(self) -> int:
        """Vectors of outputs."""
        return -(-self.outputs // self.width)


Tile: TypeAlias = LineTile | OutputsTile | ChannelsTile | SumsTile | GroupsTile


class Plan(NamedTuple):
    """A loop nest.

    Args:
        problem: what is computed.
        parts: the problem without input dilation.
        orders: the axes of x, w and y from the slowest to the fastest, as the nest wants them in memory.
        tile: what is held in registers.
        chunks: tasks per part.
    """

    problem: ConvProblem
    parts: Parts
    orders: tuple[Ints, Ints, Ints]
    tile: Tile
    chunks: int

    @property
    def tasks(self) -> int:
        """How many tasks the work is divided into. What each computes depends on nothing but the plan."""
        return self.chunks * len(self.parts.spans)

    @property
    def strides(self) -> tuple[Ints, Ints, Ints]:
        """Elements between neighbours along each axis of x, w and y."""
        shapes = (self.problem.x_shape, self.problem.w_shape, self.problem.y_shape)
        x, w, y = map(strides_of, shapes, self.orders)
        return x, w, y


def strides_of(shape: Ints, order: Ints) -> Ints:
    """Elements between neighbours along each axis, where the axes lie in memory in this order."""
    return tuple(prod(shape[a] for a in order[order.index(axis) + 1 :]) for axis in range(len(shape)))


def cut_lanes(numbers: int, most: int, most_vectors: int) -> Lanes:
    """Cut numbers into as few equal blocks as can be."""
    width = most
    while width // 2 >= numbers:
        width //= 2
    vectors = -(-numbers // width)
    blocks = -(-vectors // most_vectors)
    vectors = -(-vectors // blocks)
    return Lanes(width, vectors, *divmod(numbers, width * vectors))
