"""Every private name of JAX that jconv reads, each with the test that fails when it moves."""

from collections.abc import Set
from typing import Any

import jax
from jax.interpreters import mlir

from jconv._typing import Array


def varying_axes(x: Array) -> Set[str]:
    """The mesh axes of `jax.shard_map` over which x varies; empty outside.

    The set is read from the abstract value's `mat`, which the documentation of `jax.typeof` does not promise.
    tests/primitive/test_transforms.py::test_shard_map_with_a_replicated_kernel fails when it moves.
    """
    aval: Any = jax.typeof(x)
    return aval.mat.varying


def is_partitioned(ctx: mlir.LoweringRuleContext) -> bool:
    """Whether XLA is to divide the program being lowered over devices.

    It is read from the lowering context's `axis_context`, which JAX documents nowhere.
    tests/primitive/test_sharding.py fails when it moves.
    """
    axes: Any = ctx.module_context.axis_context
    if hasattr(axes, "num_devices"):
        return axes.num_devices > 1
    return bool(set(axes.mesh.axis_names) - set(axes.manual_axes)) and axes.mesh.size > 1


def is_exported(ctx: mlir.LoweringRuleContext) -> bool:
    """Whether the program being lowered is to leave the process, by `jax.export`.

    It is read from the lowering context's `lowering_parameters`, which JAX documents nowhere.
    tests/algorithms/test_native_programs.py::test_exported_programs_hold_no_machine_code fails when it moves.
    """
    parameters: Any = ctx.module_context.lowering_parameters
    return parameters.for_export


def lowering_rules() -> tuple[dict[Any, Any], dict[str, dict[Any, Any]]]:
    """JAX's tables of lowering rules: by primitive, and by platform and primitive.

    JAX's public API writes these tables (`mlir.register_lowering`) and has nothing that reads them.
    tests/programs/test_install.py::test_rules_of_jax_are_where_install_reads_them fails when they move.

    Raises:
        RuntimeError: this version of JAX keeps them elsewhere.
    """
    try:
        return mlir._lowerings, mlir._platform_specific_lowerings
    except AttributeError:
        raise RuntimeError(
            f"install: jax {jax.__version__} keeps its lowering rules where jconv does not find them. Layers "
            f"that take the function need none: nnx.Conv(conv_general_dilated=jconv.conv_general_dilated)."
        ) from None
