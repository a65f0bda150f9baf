"""What the TPU compiler estimates of a program: the cycles in its scheduled HLO, read from the text.

The compiler writes `"estimated_cycles"` beside each operation that it schedules. The body of a loop counts as often as
it runs, and the dearer branch of a conditional once. An operation without an estimate counts nothing, and is named.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

# Operations that take no time of their own: names for what is there, or copies that run beside the others.
FREE = frozenset(
    "parameter constant tuple get-tuple-element bitcast copy-start copy-done slice-start slice-done after-all "
    "async-start async-update async-done partition-id replica-id opt-barrier".split()
)
FREE_CALLS = ("AllocateBuffer", "ConcatBitcast", "AssumeGatherIndicesInBound")
# What a loop's counter may pass through unchanged.
THROUGH = ("copy", "bitcast", "reshape", "convert")


@dataclass(frozen=True)
class Operation:
    """One line of a computation.

    Args:
        opcode: what it does.
        operands: the names of what it takes; of a constant, its value.
        rest: what follows the operands: attributes, and the compiler's notes.
        scalar: whether it gives a single number, which takes no time beside arrays.
    """

    opcode: str
    operands: tuple[str, ...]
    rest: str
    scalar: bool = False

    def named(self, attribute: str) -> str:
        """The computation that an attribute names; empty if it has none such."""
        found = re.search(rf"\b{attribute}=%?([\w.\-]+)", self.rest)
        return found[1] if found else ""

    @property
    def free(self) -> bool:
        """Whether it takes no time of its own."""
        return self.opcode in FREE or any(f'custom_call_target="{name}"' in self.rest for name in FREE_CALLS)

    @property
    def cycles(self) -> int | None:
        """The compiler's estimate; None if it gives none."""
        found = re.search(r'"estimated_cycles":"(\d+)"', self.rest)
        return int(found[1]) if found else None


@dataclass(frozen=True)
class Computation:
    """Operations by name, and the name of the one whose value is the result."""

    operations: dict[str, Operation] = field(default_factory=dict)
    root: list[str] = field(default_factory=list)

    def behind(self, name: str) -> Operation | None:
        """What a name stands for, behind copies of it."""
        operation = self.operations.get(name)
        while operation and operation.opcode in THROUGH:
            operation = self.operations.get(operation.operands[0])
        return operation


@dataclass(frozen=True)
class Estimate:
    """What a program takes.

    Args:
        cycles: the sum of the estimates, bodies of loops as often as they run.
        unknown_loops: loops of which it is not known how often they run; they count once.
        without: how many operations have no estimate, by opcode; loops multiply them too.
    """

    cycles: int
    unknown_loops: int = 0
    without: Counter = field(default_factory=Counter)


def estimate(text: str) -> Estimate:
    """The estimate of a compiled program, from the text of its scheduled HLO."""
    computations, entry = read(text)
    return _sum(computations, entry)


def read(text: str) -> tuple[dict[str, Computation], str]:
    """The computations of a program by name, and the name of the one that is its entry."""
    computations: dict[str, Computation] = {}
    entry, current = "", None
    for line in re.sub(r"/\*.*?\*/", "", text).splitlines():
        head = re.match(r"(ENTRY )?%?([\w.\-]+) \(.*\{$", line)
        if head:
            current = computations.setdefault(head[2], Computation())
            entry = head[2] if head[1] else entry
        found = re.match(r"  (ROOT )?%?([\w.\-]+) = (.*)", line)
        if found and current is not None:
            current.operations[found[2]] = _operation(found[3])
            current.root.extend([found[2]] if found[1] else [])
    return computations, entry


def _operation(text: str) -> Operation:
    """An operation from `type opcode(operands), rest`. A tuple's type is in parentheses, and has blanks."""
    end = _closing(text, 0) if text.startswith("(") else text.index(" ")
    call = text[end:].lstrip(") ")
    opening = call.index("(")
    closing = _closing(call, opening)
    operands = tuple(name.strip().lstrip("%") for name in call[opening + 1 : closing].split(","))
    return Operation(call[:opening], operands, call[closing + 1 :], scalar="[]" in text[:end])


def _closing(text: str, opening: int) -> int:
    """Where the parenthesis at a position is closed."""
    depth = 0
    for position in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if depth == 0:
            return position
    raise ValueError(f"scheduled: no parenthesis closes {text[:80]!r}.")


def _sum(computations: dict[str, Computation], name: str) -> Estimate:
    """What a computation takes, with all that it calls."""
    cycles, unknown, without = 0, 0, Counter()
    for operation in computations[name].operations.values():
        times, called = 1, _called(operation)
        parts = [_sum(computations, one) for one in called]
        if operation.opcode == "while":
            known = trips(computations, computations[name], operation)
            times, unknown = (1, unknown + 1) if known is None else (known, unknown)
        elif operation.cycles is not None:
            cycles += operation.cycles
        elif not called and not operation.scalar and not operation.free:
            without[operation.opcode] += 1
        if operation.opcode == "conditional":
            parts = [max(parts, key=lambda part: part.cycles)]
        for part in parts:
            cycles += times * part.cycles
            unknown += part.unknown_loops
            without.update({opcode: times * count for opcode, count in part.without.items()})
    return Estimate(cycles, unknown, without)


def _called(operation: Operation) -> list[str]:
    """The computations that an operation runs and that have estimates of their own. A fusion's estimate is its own."""
    match operation.opcode:
        case "while":
            return [operation.named("body")]
        case "call" | "async-start":
            return [name for name in (operation.named("to_apply"), operation.named("calls")) if name]
        case "conditional":
            branches = re.search(r"branch_computations=\{(.*?)\}", operation.rest)
            if branches:
                return [name.strip().lstrip("%") for name in branches[1].split(",")]
            return [operation.named("true_computation"), operation.named("false_computation")]
    return []


def trips(computations: dict[str, Computation], around: Computation, loop: Operation) -> int | None:
    """How often a loop runs: what the compiler noted, else what its counter says; None if neither tells."""
    noted = re.search(r'"known_trip_count":\{"n":"(\d+)"', loop.rest)
    if noted:
        return int(noted[1])
    condition, body = computations[loop.named("condition")], computations[loop.named("body")]
    test = condition.operations[condition.root[0]]
    initial = around.behind(loop.operands[0])
    if test.opcode != "compare" or "direction=LT" not in test.rest or not initial or initial.opcode != "tuple":
        return None
    counter = condition.behind(test.operands[0])
    if not counter or counter.opcode != "get-tuple-element":
        return None
    place = _place(counter)
    last = _constant(condition, test.operands[1], around, initial)
    first = _constant(around, initial.operands[place])
    step = _step(body, place, around, initial)
    if first is None or last is None or not step:
        return None
    return max(0, -(-(last - first) // step))


def _place(element: Operation) -> int:
    """Which element of a tuple is taken."""
    found = re.search(r"\bindex=(\d+)", element.rest)
    return int(found[1]) if found else 0


def _constant(inside: Computation, name: str, around: Computation | None = None, initial: Operation | None = None):
    """The whole number that a name stands for, also where it is handed into a loop from around it; None if it is none.

    `initial` is the tuple, of the computation `around`, with which the loop begins.
    """
    operation = inside.behind(name)
    if operation and operation.opcode == "constant" and re.fullmatch(r"-?\d+", operation.operands[0]):
        return int(operation.operands[0])
    if operation and operation.opcode == "get-tuple-element" and around and initial:
        return _constant(around, initial.operands[_place(operation)])
    return None


def _step(body: Computation, place: int, around: Computation, initial: Operation) -> int | None:
    """What a loop adds to its counter each time; None if it does something else."""
    after = body.behind(body.root[0])
    new = body.behind(after.operands[place]) if after and after.opcode == "tuple" else None
    if not new or new.opcode != "add":
        return None
    counter = body.behind(new.operands[0])
    if not counter or counter.opcode != "get-tuple-element" or _place(counter) != place:
        return None
    return _constant(body, new.operands[1], around, initial)
