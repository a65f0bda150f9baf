"""install: every lax.conv_general_dilated of the process takes jconv's choice of algorithm."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import jax
from jax import lax
from jax.interpreters import mlir

from jconv._algorithms import Algorithm
from jconv._algorithms._xla import OwnAxes
from jconv._choice.choose import CHOICES
from jconv._equation.problem import ConvProblem
from jconv._primitive.jax_internals import lowering_rules
from jconv._primitive.layout import Layout, equation_problem
from jconv._primitive.lowering import PLATFORMS, chosen, lower, serving
from jconv._typing import Numerics
from jconv._verbs.arguments import one_word
from jconv._verbs.environment import YES_AND_NO, environment_word
from jconv._verbs.signatures import shown_as_written
from jconv._verbs.use_algorithm import pinned_algorithm


@shown_as_written
def install(*, numerics: Numerics = "auto") -> None:
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

    Args:
        numerics: by which choice. "auto" may take `fft` and Winograd, whose error is relative to the largest value:
            a 31x31 box over a 0/1 mask of 256x256, in float32, says of 29,283 windows that they are full where
            47,107 are (on CPU; `python benchmarks/counting.py`). "direct" keeps to algorithms whose every output is
            a direct sum over its own window. `JCONV_NUMERICS=direct` in the environment makes "auto" mean that
            everywhere.

    Raises:
        ValueError: `numerics` is neither.
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
    by = _checked("install", numerics)
    with _registration.lock:
        _registration.add()
        serving.set_global(by)


def uninstall() -> None:
    """Undo `install`: from their next call on, functions run JAX's own convolutions again.

    Blocks of `installed` that are open keep what they asked for until they end. Without an `install`
    before, nothing happens.
    """
    with _registration.lock:
        serving.set_global("")
        _registration.remove_if_unused()


@shown_as_written
@contextmanager
def installed(*, numerics: Numerics = "auto") -> Iterator[None]:
    """`install` for a block of code, in this thread alone: threads started inside do not inherit it.

    It belongs around the call of a jitted function, not into its body: what decides is the moment of
    compilation. Blocks nest, and an `install` before or inside them is respected.

    Args:
        numerics: as in `install`.

    Raises:
        ValueError: as in `install`.
        RuntimeError: as in `install`.

    Examples:
        >>> import jax.numpy as jnp
        >>> from jax import lax
        >>> with installed():
        ...     lax.conv(jnp.ones((1, 1, 4, 4)), jnp.ones((1, 1, 2, 2)), (1, 1), "VALID").shape
        (1, 1, 3, 3)
    """
    by = _checked("installed", numerics)
    with _registration.lock:
        _registration.add()
        _registration.open_blocks += 1
    try:
        with serving(by):
            yield
    finally:
        with _registration.lock:
            _registration.open_blocks -= 1
            _registration.remove_if_unused()


def _checked(verb: str, numerics: Any) -> str:
    """`numerics`, as one of its words in small letters."""
    if not isinstance(numerics, str):
        known, kind = ", ".join(map(repr, CHOICES)), type(numerics).__name__
        raise TypeError(f"{verb}: numerics={numerics!r} must be one of {known}, not {kind}.")
    return one_word(verb, "numerics", numerics, CHOICES)


def served_algorithm() -> str | Algorithm:
    """What JAX's own convolutions use here, where jconv serves them: the pin of `use_algorithm`, else the numerics."""
    pinned = pinned_algorithm()
    return serving.value if pinned == "auto" else pinned


def install_if_asked() -> None:
    """`install` if the environment's JCONV_INSTALL says yes; anything but yes or no is warned of and ignored."""
    if environment_word("JCONV_INSTALL", {"": False} | YES_AND_NO, default=False):
        install()


class _Registration:
    """jconv's rule in JAX's tables: there while `install` or an open block asks for it, and gone after."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.open_blocks = 0
        # By platform, what was registered before, None where nothing was; empty while jconv's rule is not registered.
        self.originals: dict[str, Any] = {}

    def add(self) -> None:
        """Register jconv's rule, if it is not registered."""
        if self.originals:
            return
        primitive = lax.conv_general_dilated_p
        for_all, by_platform = lowering_rules()
        for platform in PLATFORMS:
            self.originals[platform] = by_platform[platform].get(primitive)
            entry = self.originals[platform] or for_all[primitive]
            mlir.register_lowering(primitive, _Served(entry.rule, platform), platform=platform)

    def remove_if_unused(self) -> None:
        """Register JAX's rules again, if nobody asks for jconv's any more."""
        if self.open_blocks or serving.get_global():
            return
        primitive = lax.conv_general_dilated_p
        _, by_platform = lowering_rules()
        for platform, entry in self.originals.items():
            if not isinstance(by_platform[platform][primitive].rule, _Served):
                continue  # someone has put a rule on top since; ours, if it is reached, passes on to JAX's
            if entry is None:
                del by_platform[platform][primitive]
            else:
                mlir.register_lowering(primitive, entry.rule, platform=platform, inline=entry.inline)
        self.originals.clear()


_registration = _Registration()


class _Served:
    """The rule that is registered: jconv's choice of algorithm, or JAX's own rule where that is it."""

    def __init__(self, original: Any, platform: str):
        self.original, self.platform = original, platform

    def __call__(self, ctx: Any, lhs: Any, rhs: Any, **params: Any) -> Any:
        found = self._choice(ctx, params) if serving.value else None
        if found is None:
            return self.original(ctx, lhs, rhs, **params)
        problem, layout, algorithm = found
        return lower(ctx, lhs, rhs, problem=problem, algorithm=algorithm, arrangement=layout)

    def _choice(self, ctx: Any, params: dict[str, Any]) -> tuple[ConvProblem, Layout, Algorithm] | None:
        """What is to be computed, where to find it and how; None for JAX's own rule."""
        if isinstance(params["dimension_numbers"].rhs_spec, OwnAxes) or _explicitly_sharded(ctx):
            return None
        posed = equation_problem(ctx.avals_in, ctx.avals_out[0], params)
        if posed is None:
            return None
        problem, layout = replace(posed[0], algorithm=served_algorithm()), posed[1]
        algorithm = chosen(ctx, problem, self.platform)
        if algorithm.name == "lax" and (self.platform != "cpu" or _fast_in_loops(problem, layout)):
            return None
        return problem, layout, algorithm


def _fast_in_loops(problem: ConvProblem, layout: Layout) -> bool:
    """Whether XLA:CPU has fast code for it as it stands: inside loops it rearranges nothing."""
    return layout.canonical and all(e == 1 for e in problem.input_dilation)


def _explicitly_sharded(ctx: Any) -> bool:
    """Whether an operand or the result is on a mesh of JAX's explicit sharding mode."""
    meshes = [aval.sharding.mesh for aval in (*ctx.avals_in, *ctx.avals_out)]
    return any(jax.sharding.AxisType.Explicit in mesh.axis_types for mesh in meshes)
