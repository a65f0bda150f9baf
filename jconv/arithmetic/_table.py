"""The table that cost gives: numbers in rows, that print in 80 columns and show in a notebook."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH = 80
HEADER = ("operation", "times", "params", "MACs", "ops", "bytes", "FLOP/B")
COLUMNS = (7, 8, 8, 8, 8, 7)  # of the numbers; the operation has the rest


class CostRow(NamedTuple):
    """One operation of a program, all its occurrences together.

    Args:
        operation: what it is.
        times: how often it is done.
        parameters: elements of the parameters that it reads.
        multiply_adds: of contractions.
        operations: other arithmetic, one per result.
        bytes: operands and results, each read or written once, as if nothing were fused.
    """

    operation: str
    times: int
    parameters: int
    multiply_adds: int
    operations: int
    bytes: int

    @property
    def flops(self) -> int:
        """Two per multiply-add, one per other operation."""
        return 2 * self.multiply_adds + self.operations

    @property
    def intensity(self) -> float:
        """Arithmetic intensity: flops per byte."""
        return self.flops / self.bytes if self.bytes else 0.0


class CostTable(NamedTuple):
    """What a program costs: `rows`, their `total`, and `notes` on what was not counted.

    Args:
        rows: an operation each.
        parameters: elements of all parameters, also of those that no row reads.
        notes: sentences.
    """

    rows: tuple[CostRow, ...]
    parameters: int
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> CostRow:
        """The sum of the rows."""
        return CostRow(
            operation="total",
            times=sum(row.times for row in self.rows),
            parameters=self.parameters,
            multiply_adds=sum(row.multiply_adds for row in self.rows),
            operations=sum(row.operations for row in self.rows),
            bytes=sum(row.bytes for row in self.rows),
        )

    def __str__(self) -> str:
        lines = [_line(HEADER), *(_line(_cells(row)) for row in (*self.rows, self.total))]
        return "\n".join((*lines, *self.notes))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        def line(cells: Sequence[str], tag: str) -> str:
            first, *numbers = (escape(cell) for cell in cells)
            right = "".join(f'<{tag} style="text-align:right">{cell}</{tag}>' for cell in numbers)
            return f'<tr><{tag} style="text-align:left">{first}</{tag}>{right}</tr>'

        body = "".join(line(_cells(row), "td") for row in (*self.rows, self.total))
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return f"<table><thead>{line(HEADER, 'th')}</thead><tbody>{body}</tbody></table>{notes}"


def _cells(row: CostRow) -> tuple[str, ...]:
    numbers = map(_short, (row.parameters, row.multiply_adds, row.operations, row.bytes))
    return row.operation, str(row.times), *numbers, f"{row.intensity:.1f}"


def _line(cells: Sequence[str]) -> str:
    first, *numbers = cells
    room = WIDTH - sum(COLUMNS)
    if len(first) > room:
        first = first[: room - 3] + "..."
    return first.ljust(room) + "".join(cell.rjust(width) for cell, width in zip(numbers, COLUMNS, strict=True))


def _short(number: int) -> str:
    """Three digits and the SI letter: 885 k, 4.09 G."""
    for letter, size in (("P", 10**15), ("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= size:
            return f"{_digits(number / size)} {letter}"
    return str(number)


def _digits(value: float) -> str:
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:.0f}"
