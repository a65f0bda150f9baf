"""Code: a function of LLVM's intermediate language while it is written; numbers known now are folded away."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from llvmlite import ir

INDEX, BIT, POINTER, NOTHING = ir.IntType(64), ir.IntType(1), ir.PointerType(), ir.VoidType()
Number: TypeAlias = Any  # an int where it is known while the code is written, else a value of type INDEX

_SIGNED = {"<": int.__lt__, "<=": int.__le__, "==": int.__eq__, ">=": int.__ge__, ">": int.__gt__, "!=": int.__ne__}


def new_function(module: ir.Module, name: str, result: Any, arguments: Sequence[Any]) -> ir.Function:
    """A function that only its module sees, without a body."""
    function = ir.Function(module, ir.FunctionType(result, list(arguments)), name)
    function.linkage = "internal"
    return function


class Code:
    """Where the next instruction goes, and the type of the numbers that are multiplied."""

    def __init__(self, function: ir.Function, element: Any):
        self.function, self.module, self.element = function, function.module, element
        self.entry = function.append_basic_block("entry")
        self.builder = ir.IRBuilder(self.entry)

    # ---- whole numbers

    def index(self, number: Number) -> Any:
        """A number as a value."""
        return INDEX(number) if isinstance(number, int) else number

    def add(self, *numbers: Number) -> Number:
        """The sum."""
        known = sum(n for n in numbers if isinstance(n, int))
        total = None
        for n in numbers:
            if not isinstance(n, int):
                total = n if total is None else self.builder.add(total, n)
        if total is None:
            return known
        return self.builder.add(total, INDEX(known)) if known else total

    def mul(self, a: Number, b: Number) -> Number:
        """The product."""
        if isinstance(a, int):
            a, b = b, a
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        if isinstance(b, int) and b in (0, 1):
            return a if b else 0
        return self.builder.mul(a, self.index(b))

    def divmod(self, a: Number, b: Number) -> tuple[Number, Number]:
        """Quotient and remainder of numbers that are not negative."""
        if isinstance(b, int) and b == 1:
            return a, 0
        if isinstance(a, int) and isinstance(b, int):
            return divmod(a, b)
        quotient = self.builder.udiv(self.index(a), self.index(b))
        return quotient, self.builder.sub(self.index(a), self.builder.mul(quotient, self.index(b)))

    def min(self, a: Number, b: Number) -> Number:
        """The less of two."""
        if isinstance(a, int) and isinstance(b, int):
            return min(a, b)
        return self.builder.select(self.compare("<", a, b), self.index(a), self.index(b))

    def max(self, a: Number, b: Number) -> Number:
        """The greater of two."""
        if isinstance(a, int) and isinstance(b, int):
            return max(a, b)
        return self.builder.select(self.compare(">", a, b), self.index(a), self.index(b))

    def ceil_steps(self, distance: Number, step: int) -> Number:
        """How many steps reach a distance; none if it is not positive."""
        steps, _ = self.divmod(self.add(self.max(distance, 0), step - 1), step)
        return steps

    def compare(self, how: str, a: Number, b: Number) -> Any:
        """The answer, a bit."""
        if isinstance(a, int) and isinstance(b, int):
            return BIT(_SIGNED[how](a, b))
        return self.builder.icmp_signed(how, self.index(a), self.index(b))

    def inside(self, position: Number, size: int) -> Any:
        """Whether 0 <= position < size, a bit."""
        return self.builder.icmp_unsigned("<", self.index(position), INDEX(size))

    # ---- control

    @contextmanager
    def loop(self, start: Number, stop: Number, step: int = 1) -> Iterator[Number]:
        """Write the body of a loop, as in `for i in range(start, stop, step)`; one known pass is written out."""
        if isinstance(start, int) and isinstance(stop, int) and start < stop <= start + step:
            yield start
            return
        body, after = (self.function.append_basic_block(word) for word in ("body", "after"))
        before = self.builder.block
        if isinstance(start, int) and isinstance(stop, int) and start < stop:
            self.builder.branch(body)
        else:
            self.builder.cbranch(self.compare("<", start, stop), body, after)
        self.builder.position_at_end(body)
        i = self.builder.phi(INDEX)
        i.add_incoming(self.index(start), before)
        yield i
        following = self.builder.add(i, INDEX(step))
        i.add_incoming(following, self.builder.block)
        self.builder.cbranch(self.compare("<", following, stop), body, after)
        self.builder.position_at_end(after)

    @contextmanager
    def when(self, bit: Any) -> Iterator[None]:
        """Write what is done where a bit is set, or always if there is none."""
        if bit is None:
            yield
            return
        with self.builder.if_then(bit):
            yield

    # ---- vectors

    def vector_type(self, width: int) -> Any:
        """So many numbers side by side."""
        return ir.VectorType(self.element, width)

    def at(self, pointer: Any, offset: Number) -> Any:
        """The address of an element."""
        if isinstance(offset, int) and offset == 0:
            return pointer
        return self.builder.gep(pointer, [self.index(offset)], source_etype=self.element)

    def load(self, pointer: Any, width: int, used: int | None = None) -> Any:
        """A vector from memory, of which only the first `used` elements are touched; the others are 0."""
        kind = self.vector_type(width)
        if used is None or used == width:
            return self.builder.load(pointer, typ=kind, align=self.element_bytes)
        return self._masked(pointer, kind, self._first(used, width))

    def load_inside(self, pointer: Any, first: Number, size: int, width: int, used: int) -> Any:
        """A vector whose elements have the positions from `first` on: zeros where these are not below `size`."""
        kind = ir.VectorType(INDEX, width)
        start = self.builder.insert_element(ir.Constant(kind, ir.Undefined), self.index(first), ir.IntType(32)(0))
        positions = self.builder.add(self.shuffle(start, [0] * width), ir.Constant(kind, list(range(width))))
        inside = self.builder.icmp_unsigned("<", positions, ir.Constant(kind, [size] * width))
        if used < width:
            inside = self.builder.and_(inside, self._first(used, width))
        return self._masked(pointer, self.vector_type(width), inside)

    def _masked(self, pointer: Any, kind: Any, bits: Any) -> Any:
        """A vector from memory, of which only the lanes that have their bit set are touched; the others are 0."""
        load = self.declared(f"llvm.masked.load.{_suffix(kind)}.p0", kind, [POINTER, ir.IntType(32), bits.type, kind])
        return self.builder.call(load, [pointer, ir.IntType(32)(self.element_bytes), bits, ir.Constant(kind, None)])

    def store(self, vector: Any, pointer: Any, used: int | None = None) -> None:
        """A vector, or only its first `used` elements, to memory."""
        width, size = vector.type.count, self.element_bytes
        if used is None or used == width:
            self.builder.store(vector, pointer, align=size)
            return
        bits = ir.VectorType(BIT, width)
        arguments = [vector.type, POINTER, ir.IntType(32), bits]
        store = self.declared(f"llvm.masked.store.{_suffix(vector.type)}.p0", NOTHING, arguments)
        self.builder.call(store, [vector, pointer, ir.IntType(32)(size), self._first(used, width)])

    def splat(self, pointer: Any, width: int) -> Any:
        """One element from memory, in every lane."""
        one = self.builder.load(pointer, typ=self.element, align=self.element_bytes)
        kind = self.vector_type(width)
        alone = self.builder.insert_element(ir.Constant(kind, ir.Undefined), one, ir.IntType(32)(0))
        return self.shuffle(alone, [0] * width)

    def shuffle(self, vector: Any, lanes: Sequence[int]) -> Any:
        """The lanes of a vector that are named, in this order."""
        if list(lanes) == list(range(vector.type.count)):
            return vector
        mask = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), list(lanes))
        return self.builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), mask)

    def multiply_add(self, a: Any, b: Any, total: Any) -> Any:
        """a*b + total, rounded once."""
        kind = total.type
        return self.builder.call(self.declared(f"llvm.fma.{_suffix(kind)}", kind, [kind] * 3), [a, b, total])

    def total(self, vector: Any) -> Any:
        """The sum of a vector's elements, by halves: in a fixed order."""
        while (half := vector.type.count // 2) > 0:
            low, high = (self.shuffle(vector, range(start, start + half)) for start in (0, half))
            vector = self.builder.fadd(low, high)
        return self.builder.extract_element(vector, ir.IntType(32)(0))

    def variable(self, kind: Any) -> Any:
        """A place for a value that changes: a register once LLVM has seen it."""
        with self.builder.goto_block(self.entry):
            if self.entry.instructions:
                self.builder.position_before(self.entry.instructions[0])
            return self.builder.alloca(kind)

    # ---- others

    def zeros(self, count: int) -> Any:
        """So many zeros, to be read where an array has nothing."""
        zeros = self.module.globals.get(f"zeros{count}")
        if zeros is None:
            kind = ir.ArrayType(self.element, count)
            zeros = ir.GlobalVariable(self.module, kind, f"zeros{count}")
            zeros.linkage, zeros.global_constant, zeros.initializer = "internal", True, ir.Constant(kind, None)
        return self.builder.inttoptr(self.builder.ptrtoint(zeros, INDEX), POINTER)

    @property
    def element_bytes(self) -> int:
        """Bytes of an element."""
        return 8 if isinstance(self.element, ir.DoubleType) else 4

    def declared(self, name: str, result: Any, arguments: Sequence[Any]) -> Any:
        """A function that is defined elsewhere."""
        found = self.module.globals.get(name)
        return found or ir.Function(self.module, ir.FunctionType(result, list(arguments)), name)

    def _first(self, used: int, width: int) -> Any:
        """The mask of the first lanes."""
        return ir.Constant(ir.VectorType(BIT, width), [lane < used for lane in range(width)])


def _suffix(kind: Any) -> str:
    """The type's part of an intrinsic's name."""
    return f"v{kind.count}f{64 if isinstance(kind.element, ir.DoubleType) else 32}"
