"""The function that XLA calls: it reads XLA's frame, and runs the tasks in this thread and in XLA's own threads.

Threads take tasks by a shared counter. What a task computes depends on its number alone, so the result does not
depend on how many threads there are, or on which of them is faster. Helpers that come late find no task left. The
caller waits for tasks that were taken, never for helpers: all threads of the pool may be in such a wait.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from jconv._algorithms.native.code import INDEX, NOTHING, POINTER, Code, new_function
from jconv._algorithms.native.header import Interface

WORD = ir.IntType(32)

# Bytes from the start of the structures of XLA's header: `header` refuses others.
_EXTENSION, _API, _CONTEXT, _ARGUMENTS, _RESULTS, _BUFFER_DATA = 8, 16, 24, 72, 112, 24
_METADATA, _MAJOR, _MINOR = 24, 24, 28
# Words of what the threads of one call share: x, w and y, then three counters.
_NEXT, _DONE, _USERS, _SHARED_WORDS = 3, 4, 5, 6
# How often a thread that waits looks before it lets others run.
_LOOKS = 2000


def emit_handler(module: ir.Module, name: str, task: ir.Function, tasks: int, interface: Interface) -> None:
    """Write the handler."""
    handler = ir.Function(module, ir.FunctionType(POINTER, [POINTER]), name)
    code = Code(handler, ir.FloatType())
    frame = handler.args[0]
    extension = _pointer(code, frame, _EXTENSION)
    with code.when(_is_set(code, extension)):  # XLA asks which version of the interface this is made for
        metadata = _pointer(code, extension, _METADATA)
        for place, number in ((_MAJOR, interface.major), (_MINOR, interface.minor)):
            code.builder.store(WORD(number), _byte(code, metadata, place), align=4)
        code.builder.ret(ir.Constant(POINTER, None))
        code.builder.position_at_end(handler.append_basic_block("unreached"))
    arguments, results = (_pointer(code, frame, place) for place in (_ARGUMENTS, _RESULTS))
    buffers = (_pointer(code, arguments, 0), _pointer(code, arguments, 8), _pointer(code, results, 0))
    x, w, y = (_pointer(code, buffer, _BUFFER_DATA) for buffer in buffers)
    if tasks == 1:
        code.builder.call(task, [x, w, y, INDEX(0)])
    else:
        code.builder.call(_emit_share(module, task, tasks, interface), [frame, x, w, y])
    code.builder.ret(ir.Constant(POINTER, None))


def _emit_work(module: ir.Module, task: ir.Function, tasks: int) -> ir.Function:
    """Write work(shared): take tasks until none is left."""
    function = new_function(module, "work", NOTHING, [POINTER])
    code, shared = Code(function, ir.FloatType()), function.args[0]
    x, w, y = (_pointer(code, shared, 8 * n) for n in range(3))
    take, work, end = (function.append_basic_block(word) for word in ("take", "work", "end"))
    code.builder.branch(take)
    code.builder.position_at_end(take)
    number = _count(code, shared, _NEXT, 1)
    code.builder.cbranch(code.compare("<", number, tasks), work, end)
    code.builder.position_at_end(work)
    code.builder.call(task, [x, w, y, number])
    _count(code, shared, _DONE, 1)
    code.builder.branch(take)
    code.builder.position_at_end(end)
    code.builder.ret_void()
    return function


def _emit_leave(module: ir.Module) -> ir.Function:
    """Write leave(shared): the last user of what is shared frees it."""
    function = new_function(module, "leave", NOTHING, [POINTER])
    code, shared = Code(function, ir.FloatType()), function.args[0]
    with code.when(code.compare("==", _count(code, shared, _USERS, -1), 1)):
        code.builder.call(code.declared("free", NOTHING, [POINTER]), [shared])
    code.builder.ret_void()
    return function


def _emit_help(module: ir.Module, work: ir.Function, leave: ir.Function) -> ir.Function:
    """Write help(shared): what a thread of XLA's pool runs."""
    function = new_function(module, "help", NOTHING, [POINTER])
    code = Code(function, ir.FloatType())
    code.builder.call(work, [function.args[0]])
    code.builder.call(leave, [function.args[0]])
    code.builder.ret_void()
    return function


def _emit_share(module: ir.Module, task: ir.Function, tasks: int, interface: Interface) -> ir.Function:
    """Write share(frame, x, w, y): all tasks, by this thread and those of the pool, if it has any."""
    work, leave = _emit_work(module, task, tasks), _emit_leave(module)
    helper = _emit_help(module, work, leave)
    function = new_function(module, "share", NOTHING, [POINTER] * 4)
    code = Code(function, ir.FloatType())
    frame, *arrays = function.args
    api, context = _pointer(code, frame, _API), _pointer(code, frame, _CONTEXT)
    threads = _pool_size(code, api, context, interface)
    shared = code.builder.call(code.declared("malloc", POINTER, [INDEX]), [INDEX(8 * _SHARED_WORDS)])
    alone = code.builder.or_(code.compare("<", threads, 2), code.builder.not_(_is_set(code, shared)))
    with code.when(alone):
        code.builder.call(code.declared("free", NOTHING, [POINTER]), [shared])
        with code.loop(0, tasks) as number:
            code.builder.call(task, [*arrays, code.index(number)])
        code.builder.ret_void()
        code.builder.position_at_end(function.append_basic_block("unreached"))
    for n, array in enumerate(arrays):
        code.builder.store(array, _byte(code, shared, 8 * n), align=8)
    for counter, value in ((_NEXT, 0), (_DONE, 0), (_USERS, 1)):
        code.builder.store(INDEX(value), _byte(code, shared, 8 * counter), align=8)
    with code.loop(1, code.min(threads, tasks)):
        _count(code, shared, _USERS, 1)
        with code.when(_ask(code, api, interface.schedule, [context, helper, shared], interface)):
            _count(code, shared, _USERS, -1)
    code.builder.call(work, [shared])
    _wait(code, _byte(code, shared, 8 * _DONE), tasks)
    code.builder.call(leave, [shared])
    code.builder.ret_void()
    return function


def _pool_size(code: Code, api: Any, context: Any, interface: Interface) -> Any:
    """Threads of XLA's pool; 1 if it has none."""
    answer = code.variable(INDEX)
    code.builder.store(INDEX(1), answer)
    _ask(code, api, interface.thread_count, [context, _opaque(code, answer)], interface)
    return code.builder.load(answer, typ=INDEX)


def _ask(code: Code, api: Any, place: int, fields: Sequence[Any], interface: Interface) -> Any:
    """Call one of XLA's functions, and give whether it failed; its error is thrown away."""
    error = code.builder.call(_function(code, api, place), [_request(code, fields)])
    failed = _is_set(code, error)
    with code.when(failed):
        code.builder.call(_function(code, api, interface.destroy), [_request(code, [error])])
    return failed


def _function(code: Code, api: Any, place: int) -> Any:
    """One of XLA's functions, which take a request and return an error or nothing."""
    address = code.builder.ptrtoint(_pointer(code, api, place), INDEX)
    return code.builder.inttoptr(address, ir.FunctionType(POINTER, [POINTER]).as_pointer())


def _request(code: Code, fields: Sequence[Any]) -> Any:
    """A structure of XLA's: its size, no extension, and the fields."""
    request = _opaque(code, code.variable(ir.ArrayType(INDEX, 2 + len(fields))))
    header = (INDEX(16 + 8 * len(fields)), ir.Constant(POINTER, None))
    for n, field in enumerate((*header, *fields)):
        code.builder.store(field, _byte(code, request, 8 * n), align=8)
    return request


def _wait(code: Code, counter: Any, tasks: int) -> None:
    """Wait until so many tasks are done: those left are being worked on."""
    look, rest, again, end = (code.function.append_basic_block(word) for word in ("look", "rest", "again", "end"))
    looks = code.variable(INDEX)
    code.builder.store(INDEX(0), looks)
    code.builder.branch(look)
    code.builder.position_at_end(look)
    done = code.builder.load_atomic(counter, "acquire", 8, typ=INDEX)
    so_far = code.builder.add(code.builder.load(looks, typ=INDEX), INDEX(1))
    code.builder.store(so_far, looks)
    code.builder.cbranch(code.compare("==", done, tasks), end, again)
    code.builder.position_at_end(again)
    code.builder.cbranch(code.compare(">", so_far, _LOOKS), rest, look)
    code.builder.position_at_end(rest)
    code.builder.call(code.declared("sched_yield", WORD, []), [])
    code.builder.branch(look)
    code.builder.position_at_end(end)


def _count(code: Code, shared: Any, counter: int, step: int) -> Any:
    """Add to a counter that all threads see, and give what it was."""
    return code.builder.atomic_rmw("add", _byte(code, shared, 8 * counter), INDEX(step), "acq_rel")


def _byte(code: Code, pointer: Any, offset: int) -> Any:
    """The address so many bytes further."""
    return code.builder.gep(pointer, [INDEX(offset)], source_etype=ir.IntType(8))


def _opaque(code: Code, pointer: Any) -> Any:
    """A pointer of which llvmlite forgets what it points to."""
    return code.builder.inttoptr(code.builder.ptrtoint(pointer, INDEX), POINTER)


def _pointer(code: Code, pointer: Any, offset: int) -> Any:
    """A pointer from memory, so many bytes further."""
    return code.builder.load(_byte(code, pointer, offset), typ=POINTER, align=8)


def _is_set(code: Code, pointer: Any) -> Any:
    """Whether a pointer points anywhere."""
    return code.builder.icmp_unsigned("!=", pointer, ir.Constant(POINTER, None))
