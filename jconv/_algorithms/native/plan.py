"""The plan of a problem's loop nest: which nest, its register tile, blocks and tasks. A pure function."""

from math import prod
from typing import Literal, NamedTuple

from jconv._algorithms.native.parts import Parts, parts_of
from jconv._equation.problem import ConvProblem
from jconv._typing import Ints

# Multiply-adds of a task that is worth being given to another thread, and the most tasks.
TASK_WORK, MOST_TASKS = 2**21, 64
# Bytes of w up to which all of it is used at every tile of outputs; more is used block of features by block.
W_BYTES = 2**19
# Positions that are summed up before the tile of sums goes back to memory.
SUMMED_POSITIONS = 256


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
    def shapes(self) -> list[tuple[int, int]]:
        """The vectors of a full block and of the rest, each with how many numbers its last vector has."""
        shapes = [(self.vectors, self.width)] if self.blocks else []
        if self.rest:
            full, last = divmod(self.rest, self.width)
            shapes.append((full + 1, last) if last else (full, self.width))
        return shapes

    @property
    def count(self) -> int:
        """Blocks, the rest counted."""
        return self.blocks + (self.rest > 0)


class Plan(NamedTuple):
    """A loop nest.

    Args:
        problem: what is computed.
        parts: the problem without input dilation.
        nest: "outputs": a tile has neighbouring outputs; "sums": neighbouring examples, as kernel gradients have
            channels there, and the sum runs over many positions.
        orders: the axes of x, w and y from the slowest to the fastest, as the nest wants them in memory.
        rows: outputs or examples of a tile.
        features: how the features are cut into vectors.
        features_first: whether all tiles are made for one block of features before the next block.
        block: examples and positions per axis that are summed up at once.
        chunks: tasks per part.
    """

    problem: ConvProblem
    parts: Parts
    nest: Literal["outputs", "sums"]
    orders: tuple[Ints, Ints, Ints]
    rows: int
    features: Lanes
    features_first: bool
    block: Ints
    chunks: int

    @property
    def tasks(self) -> int:
        """How many tasks the work is divided into. What each computes depends on nothing but the plan."""
        return self.chunks * len(self.parts.spans)


def plan_of(problem: ConvProblem, machine: Machine) -> Plan:
    """The plan for a problem that is not empty."""
    return _plan_sums(problem, machine) if problem.more_taps_than_outputs else _plan_outputs(problem, machine)


def cut_lanes(numbers: int, most: int, most_vectors: int) -> Lanes:
    """Cut numbers into as few equal blocks as can be."""
    width = most
    while width // 2 >= numbers:
        width //= 2
    vectors = -(-numbers // width)
    blocks = -(-vectors // most_vectors)
    vectors = -(-vectors // blocks)
    return Lanes(width, vectors, *divmod(numbers, width * vectors))


def _width(problem: ConvProblem, machine: Machine) -> int:
    """Numbers of a full vector."""
    return machine.vector_bytes // problem.dtype.itemsize


def _tasks(problem: ConvProblem, most: int) -> int:
    """How many tasks are worth it."""
    return max(1, min(problem.multiply_adds // TASK_WORK, most))


def _plan_outputs(problem: ConvProblem, machine: Machine) -> Plan:
    """Tiles of neighbouring outputs, whatever row or image these are in."""
    features = cut_lanes(problem.c_out, _width(problem, machine), 4 if machine.registers > 16 else 2)
    parts, rank = parts_of(problem), problem.rank
    outputs = [problem.batch * parts.outputs(part) for part in range(len(parts.spans))]
    most_rows = 6 if machine.registers <= 16 or features.vectors > 3 else 8
    rows = min(most_rows, *outputs)
    tasks = _tasks(problem, MOST_TASKS)
    return Plan(
        problem=problem,
        parts=parts,
        nest="outputs",
        orders=tuple(tuple(range(rank + n)) for n in (3, 3, 3)),
        rows=rows,
        features=features,
        features_first=problem.w_bytes // problem.groups > W_BYTES,
        block=(),
        chunks=max(1, min(-(-tasks // len(parts.spans)), max(outputs) // rows)),
    )


def _plan_sums(problem: ConvProblem, machine: Machine) -> Plan:
    """Tiles of channels by features, as kernel gradients have them, each a sum over all positions and examples."""
    features = cut_lanes(problem.c_out, _width(problem, machine), 4 if machine.registers > 16 else 2)
    most_rows = (28 if machine.registers > 16 else 12) // features.vectors
    tiles = -(-problem.batch // min(most_rows, 14))
    rows = -(-problem.batch // tiles)
    parts, rank = parts_of(problem), problem.rank
    units = problem.groups * features.count * tiles * max(parts.outputs(n) for n in range(len(parts.spans)))
    last = rank + 2
    return Plan(
        problem=problem,
        parts=parts,
        nest="sums",
        orders=(
            (last - 0, *range(1, last), 0),
            (rank + 1, *range(rank + 1), rank + 2),
            (*range(1, last), 0, last),
        ),
        rows=rows,
        features=features,
        features_first=False,
        block=_summed_block((problem.c_in, *problem.window)),
        chunks=max(1, min(_tasks(problem, machine.threads), units)),
    )


def _summed_block(sizes: Ints) -> Ints:
    """How many examples, and positions per axis, are summed up at once: the fastest axes whole."""
    block, room = [], SUMMED_POSITIONS
    for size in reversed(sizes):
        block.append(max(1, min(size, room)))
        room = room // block[-1] if block[-1] == size else 1
    return tuple(reversed(block))


def strides_of(shape: Ints, order: Ints) -> Ints:
    """Elements between neighbours along each axis, where the axes lie in memory in this order."""
    return tuple(prod(shape[a] for a in order[order.index(axis) + 1 :]) for axis in range(len(shape)))
