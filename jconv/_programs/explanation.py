"""What `explain` found, as frozen records: an explanation has convolutions, these have directions and candidates."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from jconv._equation.problem import ConvProblem

WIDTH = 80
HEADS = ("algorithm", "time", "multiply-adds", "memory moved", "temporaries", "local")
LEGEND = (
    "time: predicted for one call. multiply-adds: counted as often as they are slower than in a product of matrices. "
    "memory moved: what is read and written. temporaries: the most that is alive at once. "
    "local: every output is a direct sum over its own window, so that nothing else reaches it."
)


@dataclass(frozen=True)
class Candidate:
    """One algorithm for one problem.

    Args:
        name: the algorithm's.
        cannot: the reasons why it cannot compute the problem; empty if it can.
        why_not_auto: why "auto" does not take it although it can; empty if it may.
        local: whether every output is a direct sum over its own window.
        multiply_adds: counted as often as they are slower than in a product of matrices; None if it does not say.
        bytes_moved: bytes read and written; None if it does not say.
        extra_bytes: the most bytes of temporaries alive at once; None if it does not say.
        seconds: predicted for one call; None where no rates are known.
        compile_seconds: what compilation adds to that in the choice, a thousandth of what it takes.
    """

    name: str
    cannot: tuple[str, ...]
    why_not_auto: str
    local: bool
    multiply_adds: float | None = None
    bytes_moved: int | None = None
    extra_bytes: int | None = None
    seconds: float | None = None
    compile_seconds: float = 0.0

    def cells(self) -> tuple[str, ...]:
        """What stands under `HEADS`, for an algorithm that can."""
        return (
            self.name,
            "unknown" if self.seconds is None else f"{1e3 * self.seconds:,.3f} ms",
            "unknown" if self.multiply_adds is None else in_thousands(self.multiply_adds, ""),
            "unknown" if self.bytes_moved is None else in_thousands(self.bytes_moved, "B"),
            "unknown" if self.extra_bytes is None else in_thousands(self.extra_bytes, "B"),
            "yes" if self.local else "no",
        )

    def remarks(self) -> tuple[str, ...]:
        """What is to be said of it beside the numbers."""
        if self.cannot:
            return (f"cannot: {'; '.join(self.cannot)}",)
        later = f"+ {1e3 * self.compile_seconds:.3f} ms for compilation" if self.compile_seconds else ""
        aside = f"not by auto: {self.why_not_auto}" if self.why_not_auto else ""
        return tuple(filter(None, (later, aside)))


@dataclass(frozen=True)
class Direction:
    """One direction of a convolution: what runs there, why, and what could.

    Args:
        name: "forward", "input gradient" or "kernel gradient".
        problem: what is computed.
        chosen: the name of the algorithm that runs.
        why: the reason.
        candidates: every algorithm, the chosen one included.
    """

    name: str
    problem: ConvProblem
    chosen: str
    why: str
    candidates: tuple[Candidate, ...]

    @property
    def seconds(self) -> float | None:
        """Predicted time of one call of the chosen algorithm; None where no rates are known."""
        return next((one.seconds for one in self.candidates if one.name == self.chosen), None)

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.chosen} ({self.why})", *wrapped(describe(self.problem), 2), row(HEADS, " ")]
        for one in self.candidates:
            mark = ">" if one.name == self.chosen else " "
            if one.cannot:
                first, *rest = wrapped(f"{one.name:11}{one.remarks()[0]}", 2, 13)
                lines += [f"{mark}{first[1:]}", *rest]
            else:
                lines.append(row(one.cells(), mark))
                lines += (line for remark in one.remarks() for line in wrapped(remark, 13))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        rows = [f"<tr>{''.join(f'<th>{head}</th>' for head in (*HEADS, ''))}</tr>"]
        for one in self.candidates:
            cells = (one.name, *[""] * (len(HEADS) - 1)) if one.cannot else one.cells()
            remarks = "; ".join((*["chosen"] * (one.name == self.chosen), *one.remarks()))
            kind = "th" if one.name == self.chosen else "td"  # browsers set the first in bold
            drawn = "".join(f"<{kind}>{escape(cell)}</{kind}>" for cell in (*cells, remarks))
            rows.append(f"<tr>{drawn}</tr>")
        title = escape(f"{self.name}: {self.chosen} ({self.why})")
        return f"<p><b>{title}</b><br>{escape(describe(self.problem))}</p><table>{''.join(rows)}</table>"


@dataclass(frozen=True)
class ConvolutionExplained:
    """One convolution and its two gradients.

    Args:
        forward: the convolution itself.
        input_gradient: the cotangent of x from that of y.
        kernel_gradient: the cotangent of the kernel from that of y.
    """

    forward: Direction
    input_gradient: Direction
    kernel_gradient: Direction

    def __iter__(self) -> Iterator[Direction]:
        return iter((self.forward, self.input_gradient, self.kernel_gradient))

    def __str__(self) -> str:
        return "\n\n".join(map(str, self))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return "".join(direction._repr_html_() for direction in self)


@dataclass(frozen=True)
class Explanation:
    """What `explain` found. Printed, and in a notebook, it is a table for each direction.

    Of a single convolution, `forward`, `input_gradient` and `kernel_gradient` are its own.

    Args:
        convolutions: the distinct ones, in the order of tracing.
        note: what else is to be said; empty if nothing.
    """

    convolutions: tuple[ConvolutionExplained, ...]
    note: str = ""

    @property
    def forward(self) -> Direction:
        """The direction from x and the kernel to y."""
        return self._only().forward

    @property
    def input_gradient(self) -> Direction:
        """The direction from the cotangent of y and the kernel to that of x."""
        return self._only().input_gradient

    @property
    def kernel_gradient(self) -> Direction:
        """The direction from x and the cotangent of y to that of the kernel."""
        return self._only().kernel_gradient

    def _only(self) -> ConvolutionExplained:
        """The single convolution, or an error that names what to use where there are none or several."""
        if len(self.convolutions) != 1:
            raise AttributeError(f"there are {len(self.convolutions)} convolutions here: take one of .convolutions")
        return self.convolutions[0]

    def __str__(self) -> str:
        parts = [str(one) for one in self.convolutions]
        parts += ["\n".join(wrapped(text, 0)) for text in (LEGEND if parts else "", self.note) if text]
        return "\n\n".join(parts)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        parts = [one._repr_html_() for one in self.convolutions]
        return "".join((*parts, *(f"<p>{escape(text)}</p>" for text in (LEGEND if parts else "", self.note) if text)))


def describe(problem: ConvProblem) -> str:
    """A problem in one line, for people."""
    groups = f"{problem.groups} groups of " if problem.groups != 1 else ""
    return (
        f"{[problem.batch, *problem.input_size]} x {groups}{problem.c_in} -> "
        f"{problem.c_out}, window {problem.window}, outputs {problem.output_size}, {problem.compute_dtype}"
    )


def in_thousands(number: float, unit: str) -> str:
    """A count in three figures: 1234567 and "B" make "1.23 MB"."""
    for prefix in ("", "k", "M", "G", "T"):
        if number < 999.5 or prefix == "T":
            break
        number /= 1000
    return f"{number:.3g} {prefix}{unit}".rstrip()


def row(cells: tuple[str, ...], mark: str) -> str:
    """One line of the table: the first cell to the left, the others to the right."""
    name, time, work, moved, kept, local = cells
    return f"{mark} {name:11}{time:>13}{work:>15}{moved:>14}{kept:>13}{local:>7}"


def wrapped(text: str, indent: int, further: int | None = None) -> list[str]:
    """A text as lines of at most `WIDTH` columns, indented by so many spaces, those after the first by `further`."""
    rest = " " * (indent if further is None else further)
    return textwrap.wrap(text, WIDTH, initial_indent=" " * indent, subsequent_indent=rest, break_on_hyphens=False)
