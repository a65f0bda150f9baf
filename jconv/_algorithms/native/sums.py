"""The sums of a register tile: so many rows of vectors, which LLVM keeps in registers."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from llvmlite import ir

from jconv._algorithms.native.code import Code, Number


class Sums:
    """Rows by vectors of sums; of the last vector of a row only the first numbers are in memory."""

    def __init__(self, code: Code, rows: int, width: int, vectors: int, last: int):
        self.code, self.width, self.vectors, self.last = code, width, vectors, last
        self.kind = code.vector_type(width)
        self.variables = [[code.variable(self.kind) for _ in range(vectors)] for _ in range(rows)]

    def clear(self) -> None:
        """Begin at 0."""
        for variable in (v for row in self.variables for v in row):
            self.code.builder.store(ir.Constant(self.kind, None), variable)

    def add(self, row: int, factor: Any, vectors: list[Any]) -> None:
        """Add a product to each of a row's sums."""
        for number, vector in enumerate(vectors):
            self.add_one(row, number, factor, vector)

    def add_one(self, row: int, vector: int, factor: Any, lanes: Any) -> None:
        """Add a product to one vector of sums."""
        variable = self.variables[row][vector]
        total = self.code.builder.load(variable, typ=self.kind)
        self.code.builder.store(self.code.multiply_add(factor, lanes, total), variable)

    def load(self, pointer: Any) -> list[Any]:
        """A row's vectors from memory."""
        return [
            self.code.load(self.code.at(pointer, v * self.width), self.width, self.used(v)) for v in range(self.vectors)
        ]

    def resume(self, row: int, pointer: Any) -> None:
        """Go on from the sums in memory."""
        for variable, vector in zip(self.variables[row], self.load(pointer), strict=True):
            self.code.builder.store(vector, variable)

    def value(self, row: int) -> Any:
        """The first vector of a row."""
        return self.code.builder.load(self.variables[row][0], typ=self.kind)

    def store(self, row: int, pointer: Any) -> None:
        """A row's sums to memory."""
        for v, variable in enumerate(self.variables[row]):
            total = self.code.builder.load(variable, typ=self.kind)
            self.code.store(total, self.code.at(pointer, v * self.width), self.used(v))

    def used(self, vector: int) -> int:
        """How many numbers of a vector are in memory."""
        return self.last if vector == self.vectors - 1 else self.width


class Row(NamedTuple):
    """Where a row of sums is in y, and a bit that says whether it is there at all; None if it always is."""

    pointer: Any
    exists: Any = None


def resume_after_first(sums: Sums, rows: Sequence[Row], starts: Sequence[Number]) -> None:
    """Begin at 0 in the first block of positions, which starts at 0, else where the block before it ended."""
    code, total = sums.code, None
    for start in starts:
        total = start if total is None else code.builder.or_(total, start)
    sums.clear()
    if total is not None:
        with code.when(code.compare("!=", total, 0)):
            for number, row in enumerate(rows):
                with code.when(row.exists):
                    sums.resume(number, row.pointer)


def store_all(sums: Sums, rows: Sequence[Row]) -> None:
    """Every row that exists to memory."""
    for number, row in enumerate(rows):
        with sums.code.when(row.exists):
            sums.store(number, row.pointer)
