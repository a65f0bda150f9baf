"""The spans of a part inside the code: numbers where all parts agree, else read from a table by the part's number."""

from llvmlite import ir

from jconv._algorithms.native.code import INDEX, Code, Number
from jconv._algorithms.native.parts import Parts, Span
from jconv._equation.problem import ConvProblem


class Spans:
    """The spans of one part, which may be known only while the code runs."""

    def __init__(self, code: Code, parts: Parts, part: Number):
        self.code, self.parts = code, parts
        self.part: Number = part if len(parts.spans) > 1 else 0
        # Read where the function begins, so that they are there in all of it.
        self._fields = {
            (axis, field): self._field(axis, field) for axis in range(len(parts.steps)) for field in Span._fields
        }

    def get(self, axis: int, field: str) -> Number:
        """A field of the span of an axis."""
        return self._fields[axis, field]

    def output_count(self) -> Number:
        """Output positions."""
        count: Number = 1
        for axis in range(len(self.parts.steps)):
            count = self.code.mul(count, self.get(axis, "outputs"))
        return count

    def unravel(self, number: Number) -> tuple[Number, list[Number]]:
        """The example and the output per axis of one of all outputs, which are counted with the last axis fastest."""
        outputs: list[Number] = []
        for axis in reversed(range(len(self.parts.steps))):
            number, output = self.code.divmod(number, self.get(axis, "outputs"))
            outputs.insert(0, output)
        return number, outputs

    def output(self, axis: int, number: Number) -> Number:
        """Where an output of the part is among those of the problem."""
        every = self.parts.steps[axis].output_every
        return self.code.add(self.code.mul(number, every), self.get(axis, "first_output"))

    def tap(self, axis: int, number: Number) -> Number:
        """Where a tap of the part is among those of the problem."""
        every = self.parts.steps[axis].tap_every
        return self.code.add(self.code.mul(number, every), self.get(axis, "first_tap"))

    def input(self, axis: int, output: Number, tap: Number) -> Number:
        """The input that an output meets with a tap; it may lie outside."""
        steps, code = self.parts.steps[axis], self.code
        return code.add(code.mul(output, steps.output), code.mul(tap, steps.tap), self.get(axis, "base"))

    def may_leave(self, axis: int, size: int) -> bool:
        """Whether some output of some part meets no input with some tap."""
        steps = self.parts.steps[axis]
        for span in (spans[axis] for spans in self.parts.spans):
            last = span.base + steps.output * (span.outputs - 1) + steps.tap * (span.taps - 1)
            if span.taps and (span.base < 0 or last >= size):
                return True
        return False

    def _field(self, axis: int, field: str) -> Number:
        """A field, known if it is the same in all parts, else from a table."""
        values = {getattr(spans[axis], field) for spans in self.parts.spans}
        if len(values) == 1:
            return values.pop()
        rank, code = len(self.parts.steps), self.code
        table = code.module.globals.get("spans") or self._table()
        row = code.builder.mul(code.index(self.part), INDEX(rank * len(Span._fields)))
        where = code.builder.add(row, INDEX(axis * len(Span._fields) + Span._fields.index(field)))
        return code.builder.load(code.builder.gep(table, [where], source_etype=INDEX), typ=INDEX)

    def _table(self) -> ir.GlobalVariable:
        """All fields of all axes of all parts."""
        numbers = [number for spans in self.parts.spans for span in spans for number in span]
        kind = ir.ArrayType(INDEX, len(numbers))
        table = ir.GlobalVariable(self.code.module, kind, "spans")
        table.linkage, table.global_constant, table.initializer = "internal", True, ir.Constant(kind, numbers)
        return table


def met_taps(
    spans: Spans, problem: ConvProblem, axis: int, output: Number, start: Number, length: int
) -> tuple[Number, Number]:
    """The taps of a block, from and to, that meet an input at one output along an axis."""
    code, size, step = spans.code, problem.input_size[axis], spans.parts.steps[axis].tap
    first = spans.input(axis, output, 0)
    stop = code.min(code.add(start, length), spans.get(axis, "taps"))
    if not spans.may_leave(axis, size):
        return start, stop
    low = code.ceil_steps(code.mul(first, -1), step)
    high = code.ceil_steps(code.add(code.mul(first, -1), size), step)
    return code.max(start, low), code.min(stop, high)
