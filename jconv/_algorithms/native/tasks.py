"""The head of every task: which part and which run of its units of work belongs to a task's number."""

from contextlib import ExitStack
from typing import Any

from llvmlite import ir

from jconv._algorithms.native.code import INDEX, NOTHING, POINTER, Code, Number, new_function
from jconv._algorithms.native.plan import Plan
from jconv._algorithms.native.spans import Spans
from jconv._typing import Ints

# Bytes that two cores cannot write at once.
CACHE_LINE = 64


class Task:
    """task(x, w, y, number), while it is written."""

    def __init__(self, module: ir.Module, element: Any, plan: Plan):
        self.plan = plan
        self.function = new_function(module, "task", NOTHING, [POINTER] * 3 + [INDEX])
        self.code = Code(self.function, element)
        self.chunk, self.part = self._place(self.function.args[3])
        self.spans = Spans(self.code, plan.parts, self.part)

    def _place(self, number: Number) -> tuple[Number, Number]:
        """The run and the part of a number: of neighbours, two threads are at work at once."""
        plan = self.plan
        if plan.problem.groups * plan.problem.c_out * plan.problem.dtype.itemsize < CACHE_LINE:
            part, chunk = self.code.divmod(number, plan.chunks)  # else they would write to the same lines
            return chunk, part
        return self.code.divmod(number, len(plan.parts.spans))  # one stretch of y after another stays in cache

    def range(self, units: Number) -> tuple[Number, Number]:
        """The units of work of this task, from and to."""
        code, chunks = self.code, self.plan.chunks
        first, _ = code.divmod(code.mul(self.chunk, units), chunks)
        last, _ = code.divmod(code.mul(code.add(self.chunk, 1), units), chunks)
        return first, last

    def blocks(self, loops: ExitStack, block: Ints) -> list[Number]:
        """Open loops over blocks of channels, and of taps per axis: one at least, for sums that have no taps."""
        code, problem = self.code, self.plan.problem
        sizes = (problem.c_in, *(self.spans.get(axis, "taps") for axis in range(problem.rank)))
        return [
            loops.enter_context(code.loop(0, code.max(size, 1), step)) for size, step in zip(sizes, block, strict=True)
        ]

    def call(self, kernel: ir.Function, *numbers: Number) -> None:
        """Call kernel(x, w, y, part, *numbers)."""
        code = self.code
        code.builder.call(kernel, [*self.function.args[:3], *map(code.index, (self.part, *numbers))])
