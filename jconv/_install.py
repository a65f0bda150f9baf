"""install: every lax.conv_general_dilated of the process takes jconv's choice of algorithm."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import jax
from jax import lax
from jax.interpreters import mlir

from jconv._algorithms import Algorithm
from jconv._choose import choose_algorithm
from jconv._layout import Layout, OwnAxes, equation_problem, solve_in_layout
from jconv._pin import pinned_algorithm
from jconv._primitive import is_partitioned
from jconv._problem import ConvProblem
from jconv._typing import Array

_PLATFORMS = ("cpu", "cuda", "rocm", "tpu")

# Whether convolutions lowered in this thread are served. It is part of the key of JAX's caches, so a
# function compiled under one answer is compiled anew under the other, and found again when it changes back.
_serving = jax.make_user_context(default_value=False)

_lock = threading.RLock()
# By platform, what was registered before, None where nothing was; empty while jconv's rule is not registered.
_originals: dict[str, Any] = {}
_open_blocks = 0


def install() -> None:
    """Let jconv compute every `jax.lax.conv_general_dilated` of the process, and its gradients.

    It replaces the rule by which JAX turns that one primitive into XLA's operations. So it reaches the
    layers of Flax, Equinox and Keras, and `jax.scipy.signal`, at top level and in loops, under every
    transformation; jaxprs stay as they are. Where jconv's own choice is XLA's convolution, JAX's
    rule runs as before; on CPU the arrays are first brought to the one layout that XLA computes fast
    inside loops. Convolutions with an explicit sharding, a symbolic size, or booleans or floats of 8
    bits or less, are left to JAX.

    Every function compiled before is compiled once more at its next call, for its code depends on
    this; after `uninstall` the earlier code is found again. Executables from
    `jax.jit(f).lower(...).compile()` stay as they are. Calling it twice is calling it once. With
    `JCONV_INSTALL=1` in the environment, `import jconv` calls it.

    Raises:
        RuntimeError: this version of JAX keeps its rules where jconv does not find them.

    Examples:
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> install()
        >>> layer = nnx.Conv(8, 8, (3, 3), feature_group_count=8, rngs=nnx.Rngs(0))
        >>> layer(jnp.ones((1, 9, 9, 8))).shape  # by jconv
        (1, 9, 9, 8)
        >>> uninstall()
    """
    with _lock:
        _register()
        _serving.set_global(True)


def uninstall() -> None:
    """Undo `install`: from their next call on, functions run JAX's own convolutions again.

    Blocks of `installed` that are open keep what they asked for until they end. Without an `install`
    before, nothing happens.
    """
    with _lock:
        _serving.set_global(False)
        if not _open_blocks:
            _unregister()


@contextmanager
def installed() -> Iterator[None]:
    """`install` for a block of code, in this thread alone: threads started inside do not inherit it.

    It belongs around the call of a jitted function, not into its body: what decides is the moment of
    compilation. Blocks nest, and an `install` before or inside them is respected.

    Raises:
        RuntimeError: as in `install`.

    Examples:
        >>> import jax.numpy as jnp
        >>> from jax import lax
        >>> with installed():
        ...     lax.conv(jnp.ones((1, 1, 4, 4)), jnp.ones((1, 1, 2, 2)), (1, 1), "VALID").shape
        (1, 1, 3, 3)
    """
    global _open_blocks
    with _lock:
        _register()
        _open_blocks += 1
    try:
        with _serving(True):
            yield
    finally:
        with _lock:
            _open_blocks -= 1
            if not _open_blocks and not _serving.get_global():
                _unregister()


def serving() -> bool:
    """Whether JAX's own convolutions are jconv's to compute here."""
    return _serving.value


def install_if_asked() -> None:
    """`install` if the environment says JCONV_INSTALL=1."""
    if os.environ.get("JCONV_INSTALL", "0") not in ("", "0"):
        install()


def _rules() -> tuple[dict[Any, Any], dict[str, dict[Any, Any]]]:
    """JAX's tables of lowering rules: by primitive, and by platform and primitive.

    JAX's public API writes these tables (`mlir.register_lowering`) and has nothing that reads them.
    Here alone are the private names; tests/test_install.py::test_rules_of_jax_are_where_install_reads_them
    fails when they move.
    """
    try:
        return mlir._lowerings, mlir._platform_specific_lowerings
    except AttributeError:
        raise RuntimeError(
            f"install: jax {jax.__version__} keeps its lowering rules where jconv does not find them. Layers "
            f"that take the function need none: nnx.Conv(conv_general_dilated=jconv.conv_general_dilated)."
        ) from None


def _register() -> None:
    if _originals:
        return
    primitive = lax.conv_general_dilated_p
    for_all, by_platform = _rules()
    for platform in _PLATFORMS:
        _originals[platform] = by_platform[platform].get(primitive)
        entry = _originals[platform] or for_all[primitive]
        mlir.register_lowering(primitive, _Served(entry.rule, platform), platform=platform)


def _unregister() -> None:
    primitive = lax.conv_general_dilated_p
    _, by_platform = _rules()
    for platform, entry in _originals.items():
        if not isinstance(by_platform[platform][primitive].rule, _Served):
            continue  # someone has put a rule on top since; ours, if it is reached, passes on to JAX's
        if entry is None:
            del by_platform[platform][primitive]
        else:
            mlir.register_lowering(primitive, entry.rule, platform=platform, inline=entry.inline)
    _originals.clear()


class _Served:
    """The rule that is registered: jconv's choice of algorithm, or JAX's own rule where that is it."""

    def __init__(self, original: Any, platform: str):
        self.original, self.platform = original, platform

    def __call__(self, ctx: Any, lhs: Any, rhs: Any, **params: Any) -> Any:
        chosen = self._choice(ctx, params) if _serving.value else None
        if chosen is None:
            return self.original(ctx, lhs, rhs, **params)
        problem, layout, algorithm = chosen
        compute = partial(_compute, problem=problem, layout=layout, algorithm=algorithm)
        # An algorithm that itself asks for a convolution gets JAX's, or this would have no end. And what
        # users forbid in their own code, algorithms may do.
        with _serving(False), jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
            return mlir.lower_fun(compute, multiple_results=False)(ctx, lhs, rhs)

    def _choice(self, ctx: Any, params: dict[str, Any]) -> tuple[ConvProblem, Layout, Algorithm] | None:
        """What is to be computed, where to find it and how; None for JAX's own rule."""
        if isinstance(params["dimension_numbers"].rhs_spec, OwnAxes) or _explicitly_sharded(ctx):
            return None
        posed = equation_problem(ctx.avals_in, ctx.avals_out[0], params)
        if posed is None:
            return None
        problem, layout = replace(posed[0], algorithm=pinned_algorithm()), posed[1]
        algorithm = choose_algorithm(problem, self.platform, partitioned=is_partitioned(ctx))
        if algorithm.name == "lax" and (self.platform != "cpu" or _fast_in_loops(problem, layout)):
            return None
        return problem, layout, algorithm


def _fast_in_loops(problem: ConvProblem, layout: Layout) -> bool:
    """Whether XLA:CPU has fast code for it as it stands: inside loops it rearranges nothing."""
    return layout.canonical and all(e == 1 for e in problem.input_dilation)


def _explicitly_sharded(ctx: Any) -> bool:
    meshes = [aval.sharding.mesh for aval in (*ctx.avals_in, *ctx.avals_out)]
    return any(jax.sharding.AxisType.Explicit in mesh.axis_types for mesh in meshes)


# A jit of its own, so that equal problems in one program are traced and lowered once.
@partial(jax.jit, static_argnames=("problem", "layout", "algorithm"))
def _compute(lhs: Array, rhs: Array, *, problem: ConvProblem, layout: Layout, algorithm: Algorithm) -> Array:
    with jax.named_scope(f"jconv.{algorithm.name}"):  # so that a profile, and the program's text, tell
        return solve_in_layout(algorithm.compute, lhs, rhs, problem, layout)
