"""The plan of a problem's loop nest: which nest, its register tile, blocks and tasks. A pure function."""

from math import gcd, prod
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


class GroupLanes(NamedTuple):
    """How groups lie side by side in vectors.

    Args:
        together: groups of a vector.
        blocks: full vectors.
        rest: groups left over, less than a vector has.
    """

    together: int
    blocks: int
    rest: int

    @property
    def shapes(self) -> list[int]:
        """Groups of a full vector, and of the rest."""
        return [n for n in (self.together if self.blocks else 0, self.rest) if n]

    @property
    def count(self) -> int:
        """Vectors, the rest counted."""
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
        groups: of "groups", how the groups lie in vectors.
        output_box: of "groups", outputs of a tile per axis.
        tap_box: of "groups", taps per axis that are written out.
        sums_examples: of "groups", whether a tile has all examples, and sums over many positions.
    """

    problem: ConvProblem
    parts: Parts
    nest: Literal["outputs", "sums", "groups"]
    orders: tuple[Ints, Ints, Ints]
    rows: int
    features: Lanes
    features_first: bool
    block: Ints
    chunks: int
    groups: GroupLanes = GroupLanes(1, 0, 0)
    output_box: Ints = ()
    tap_box: Ints = ()
    sums_examples: bool = False

    @property
    def tasks(self) -> int:
        """How many tasks the work is divided into. What each computes depends on nothing but the plan."""
        return self.chunks * len(self.parts.spans)


def plan_of(problem: ConvProblem, machine: Machine) -> Plan:
    """The plan for a problem that is not empty."""
    if _small_groups(problem, machine):
        return _plan_groups(problem, machine)
    return _plan_sums(problem, machine) if problem.more_taps_than_outputs else _plan_outputs(problem, machine)


def _small_groups(problem: ConvProblem, machine: Machine) -> bool:
    """Whether several groups fill a vector, and what they meet is small enough to be written out."""
    inner = problem.batch if problem.more_taps_than_outputs else problem.c_in
    return problem.rank > 0 and problem.groups > 1 and max(inner, problem.c_out) <= _width(problem, machine) // 2


def cut_lanes(numbers: int, most: int, most_vectors: int) -> Lanes:
    """Cut numbers into as few equal blocks as can be."""
    width = most
    while width // 2 >= numbers:
        width //= 2
    vectors = -(-numbers // width)
    blocks = -(-vectors // most_vectors)
    vectors = -(-vectors // blocks)
    return Lanes(width, vectors, *divmod(numbers, width * vectors))


def most_rows(machine: Machine, vectors: int) -> int:
    """How many rows of so many vectors fit in the registers beside the factors."""
    return min(12, (machine.registers * 3 // 4) // vectors)


def _even_rows(count: int, most: int) -> int:
    """Rows of a tile: the most that leave none over, if they are not few; else the most."""
    return next((rows for rows in range(min(count, most), most // 2, -1) if count % rows == 0), min(count, most))


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
    rows = min(8, most_rows(machine, features.vectors), *outputs)
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
    rows = _even_rows(problem.batch, most_rows(machine, features.vectors))
    parts, rank = parts_of(problem), problem.rank
    units = problem.groups * features.count * -(-problem.batch // rows) * max(parts.outputs(n) for n in range(len(parts.spans)))
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


def _plan_groups(problem: ConvProblem, machine: Machine) -> Plan:
    """Boxes of outputs and taps, with groups side by side in the lanes."""
    parts, rank, sums = parts_of(problem), problem.rank, problem.more_taps_than_outputs
    together = min(problem.groups, _width(problem, machine) // problem.c_out)
    groups = GroupLanes(together, *divmod(problem.groups, together))
    outputs = [[spans[a].outputs for spans in parts.spans] for a in range(rank)]
    taps = [max(spans[a].taps for spans in parts.spans) for a in range(rank)]
    most = machine.registers * 3 // 4
    if sums:
        output_box = _divided_box([gcd(*counts) for counts in outputs], max(1, most // problem.batch))
    else:
        output_box = (*(1,) * (rank - 1), min(8 if most > 12 else 6, *outputs[-1]))
    tap_box = (*(1,) * (rank - 1), max(1, min(taps[-1], 8)))
    boxes = max(prod(-(-spans[a].outputs // output_box[a]) for a in range(rank)) for spans in parts.spans)
    units = boxes * (groups.count if sums else problem.batch)
    last = rank + 2
    orders = (tuple(range(last + 1)), (*range(rank), rank + 1, rank, rank + 2), tuple(range(last + 1)))
    if sums:
        orders = (
            (last, *range(1, last), 0), (rank + 1, *range(rank + 1), last), (*range(1, rank + 1), 0, rank + 1, last)
        )  # fmt: skip
    return Plan(
        problem=problem,
        parts=parts,
        nest="groups",
        orders=orders,
        rows=1,
        features=cut_lanes(problem.c_out, _width(problem, machine), 1),
        features_first=False,
        block=_summed_block((problem.c_in, *problem.window)) if sums else (problem.c_in, *map(lambda k: max(k, 1), taps)),
        chunks=max(1, min(_tasks(problem, machine.threads if sums else MOST_TASKS), units)),
        groups=groups,
        output_box=output_box,
        tap_box=tap_box,
        sums_examples=sums,
    )


def _divided_box(sizes: list[int], most: int) -> Ints:
    """A box that divides the sizes, the fastest axes first, with so many cells at most."""
    box = []
    for size in reversed(sizes):
        box.append(next(n for n in range(min(size, most), 0, -1) if size % n == 0))
        most = most // box[-1] if box[-1] == size else 1
    return tuple(reversed(box))
