"""The head of every task: which part and which run of its units of work belongs to a task's number."""

from contextlib import ExitStack
from typing import Any

from llvmlite import ir

from jconv._algorithms.native.code import INDEX, NOTHING, POINTER, Code, Number, new_function
from jconv._algorithms.native.plan import Plan
from jconv._algorithms.native.spans import Spans
from jconv._typing import Ints


class Task:
    """task(x, w, y, number), while it is written."""

    def __init__(self, module: ir.Module, element: Any, plan: Plan):
        self.plan = plan
        self.function = new_function(module, "task", NOTHING, [POINTER] * 3 + [INDEX])
        self.code = Code(self.function, element)
        # The parts of one stretch of y follow on one another, so that it stays in cache.
        self.chunk, self.part = self.code.divmod(self.function.args[3], len(plan.parts.spans))
        self.spans = Spans(self.code, plan.parts, self.part)

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
