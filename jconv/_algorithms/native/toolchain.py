"""From a plan to machine code: everything that needs llvmlite to run, loaded when the first plan is compiled."""

import hashlib
import os
import threading
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any

from llvmlite import binding, ir

from jconv._algorithms.native.emit_channels import emit_channels
from jconv._algorithms.native.emit_groups import emit_groups
from jconv._algorithms.native.emit_line import emit_line
from jconv._algorithms.native.emit_outputs import emit_outputs
from jconv._algorithms.native.emit_sums import emit_sums
from jconv._algorithms.native.handler import emit_handler
from jconv._algorithms.native.header import interface
from jconv._algorithms.native.plan import ChannelsTile, GroupsTile, LineTile, Machine, OutputsTile, Plan, SumsTile

_HANDLER = "handler"
_NESTS: dict[type, Callable[..., ir.Function]] = {
    ChannelsTile: emit_channels,
    GroupsTile: emit_groups,
    LineTile: emit_line,
    OutputsTile: emit_outputs,
    SumsTile: emit_sums,
}
# Held while anything is compiled or registered: a process that is forked finds it free, and nothing half made.
LOCK = threading.RLock()
os.register_at_fork(before=LOCK.acquire, after_in_parent=LOCK.release, after_in_child=LOCK.release)
# What XLA may call stays linked for as long as the process lives.
_LINKED: list[Any] = []
_NUMBERS = count()


@cache
def host() -> tuple[str, str]:
    """The processor's name and features, as LLVM knows them."""
    with LOCK:
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        features = binding.get_host_cpu_features()
        return binding.get_host_cpu_name(), features.flatten() + ",-prefer-256-bit"


@cache
def machine() -> Machine:
    """This processor."""
    _, features = host()
    wide = "+avx512f" in features and "+avx512vl" in features
    return Machine(64 if wide else 32, 32 if wide else 16, os.cpu_count() or 1)


def missing_instructions() -> str:
    """Which instructions the code needs and this processor lacks; empty if none."""
    _, features = host()
    lacking = [word for word in ("avx2", "fma") if f"+{word}" not in features.split(",")]
    return ", ".join(lacking)


def module_of(plan: Plan) -> tuple[str, ir.Module]:
    """A module with the handler for XLA, and a name for it: a digest of what the module says and of the processor."""
    module, task = _task_module(plan)
    emit_handler(module, _HANDLER, task, plan.tasks, interface())
    digest = hashlib.sha256(f"{host()} {module}".encode()).hexdigest()
    return f"jconv_native_{digest[:32]}", module


def compile_handler(module: ir.Module) -> int:
    """Where a handler is in memory, for as long as the process lives."""
    with LOCK:
        library = _linked(module, _HANDLER)
        _LINKED.append(library)
        return library[_HANDLER]


def compile_task(plan: Plan) -> tuple[int, Any]:
    """Where the task of a plan is, without a handler for XLA, and the library that must outlive it."""
    with LOCK:
        module, task = _task_module(plan)
        task.linkage = "external"
        library = _linked(module, task.name)
        return library[task.name], library


def assembly_of(plan: Plan) -> str:
    """The machine code as text."""
    with LOCK:
        module, task = _task_module(plan)
        task.linkage = "external"
        return _target_machine().emit_assembly(_optimised(module))


def _task_module(plan: Plan) -> tuple[ir.Module, ir.Function]:
    """A module with the task of a plan."""
    module = ir.Module()
    element = ir.DoubleType() if plan.problem.dtype.itemsize == 8 else ir.FloatType()
    return module, _NESTS[type(plan.tile)](module, element, plan, plan.tile)


def _linked(module: ir.Module, name: str) -> Any:
    """A library in memory, with one function. The module that it was made from is freed."""
    code = _target_machine().emit_object(_optimised(module))
    library = binding.JITLibraryBuilder().add_object_img(code).add_current_process().export_symbol(name)
    return library.link(_linker(), f"jconv{next(_NUMBERS)}")


@cache
def _linker() -> Any:
    """What links object code in this process."""
    return binding.create_lljit_compiler(_target_machine())


def _target_machine() -> Any:
    """What code is made for."""
    processor, features = host()
    target = binding.Target.from_default_triple()
    return target.create_target_machine(cpu=processor, features=features, opt=2, codemodel="jitdefault", jit=True)


def _optimised(module: ir.Module) -> Any:
    """A module of LLVM's own, after the few passes that written-out code needs."""
    parsed = binding.parse_assembly(str(module))
    builder = binding.create_pass_builder(_target_machine(), binding.create_pipeline_tuning_options(speed_level=2))
    passes = binding.create_new_function_pass_manager()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.add_new_gvn_pass()
    for function in parsed.functions:
        if not function.is_declaration:
            passes.run(function, builder)
    return parsed
