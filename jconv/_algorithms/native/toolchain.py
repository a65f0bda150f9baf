"""From a plan to machine code: everything that needs llvmlite to run, loaded when the first plan is compiled."""

import hashlib
import os
import threading
from functools import cache
from typing import Any, NamedTuple

from llvmlite import binding, ir

from jconv._algorithms.native.emit_groups import emit_groups
from jconv._algorithms.native.emit_outputs import emit_outputs
from jconv._algorithms.native.emit_sums import emit_sums
from jconv._algorithms.native.handler import emit_handler
from jconv._algorithms.native.header import interface
from jconv._algorithms.native.plan import Machine, Plan

_NESTS = {"outputs": emit_outputs, "groups": emit_groups, "sums": emit_sums}
_LOCK = threading.RLock()
# Engines own the machine code: they live as long as the process.
_ENGINES: list[Any] = []


class Compiled(NamedTuple):
    """A handler in memory: the name that XLA knows it by, and where it is."""

    name: str
    address: int


@cache
def host() -> tuple[str, str]:
    """The processor's name and features, as LLVM knows them."""
    with _LOCK:
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
    """The handler's name, a digest of what the module says, and the module."""
    module = ir.Module()
    element = ir.DoubleType() if plan.problem.dtype.itemsize == 8 else ir.FloatType()
    task = _NESTS[plan.nest](module, element, plan)
    digest = hashlib.sha256(f"{host()}{interface()}{module}{plan.tasks}".encode()).hexdigest()[:32]
    name = f"jconv_native_{digest}"
    emit_handler(module, name, task, plan.tasks, interface())
    return name, module


def compile_plan(plan: Plan) -> Compiled:
    """Machine code for a plan."""
    with _LOCK:
        name, module = module_of(plan)
        processor, features = host()
        target = binding.Target.from_default_triple()
        # An engine takes its target machine with it.
        options = dict(cpu=processor, features=features, opt=2, codemodel="jitdefault", jit=True)
        parsed = binding.parse_assembly(str(module))
        _optimise(parsed, target.create_target_machine(**options))
        engine = binding.create_mcjit_compiler(parsed, target.create_target_machine(**options))
        engine.finalize_object()
        _ENGINES.append(engine)
        return Compiled(name, engine.get_function_address(name))


def _optimise(module: Any, target: Any) -> None:
    """The few passes that written-out code needs."""
    builder = binding.create_pass_builder(target, binding.create_pipeline_tuning_options(speed_level=2))
    passes = binding.create_new_function_pass_manager()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.add_new_gvn_pass()
    for function in module.functions:
        if not function.is_declaration:
            passes.run(function, builder)


def assembly_of(plan: Plan) -> str:
    """The machine code as text."""
    with _LOCK:
        _, module = module_of(plan)
        processor, features = host()
        target = binding.Target.from_default_triple()
        made = target.create_target_machine(cpu=processor, features=features, opt=2, codemodel="jitdefault", jit=True)
        parsed = binding.parse_assembly(str(module))
        _optimise(parsed, made)
        return made.emit_assembly(parsed)
