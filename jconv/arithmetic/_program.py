"""A user's function or model as a jaxpr, and which of its arguments are parameters."""

from collections.abc import Sequence
from functools import partial
from math import prod
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.tree_util import Partial

from jconv.arithmetic._kinds import Inner, opened


class Program(NamedTuple):
    """A traced function.

    Args:
        inner: its jaxpr, whose arguments are the model's arrays and then the leaves of the function's own.
        results: the structure of what it returns.
        parameters: elements of those arguments of the jaxpr that are parameters, by their index; and of
            the arrays that the function holds otherwise, by -1, -2, ...
    """

    inner: Inner
    results: Any
    parameters: dict[int, int]


def program_of(function: Any, *args: Any, parameters: Sequence[int] = ()) -> Program:
    """Trace a function or a model; `parameters` are the indices of args that hold parameters."""
    if isinstance(function, partial) and not isinstance(function, Partial):  # then it is a pytree of what it holds
        function = Partial(function.func, *function.args, **function.keywords)
    leaves, structure = jax.tree.flatten(function)
    held = [n for n, leaf in enumerate(leaves) if _is_array(leaf)]

    def call(arrays: list[Any], *args: Any) -> Any:
        filled = list(leaves)
        for place, array in zip(held, arrays, strict=True):
            filled[place] = array
        return jax.tree.unflatten(structure, filled)(*args)

    jaxpr, shape = jax.make_jaxpr(call, return_shape=True)([leaves[n] for n in held], *args)
    counts = [len(jax.tree.leaves(arg)) for arg in args]
    starts = [len(held) + sum(counts[:n]) for n in range(len(args))]
    chosen = {place for n in parameters for place in range(starts[n], starts[n] + counts[n])}
    chosen |= {place for place, counts_too in enumerate(_trained(function)) if counts_too}
    inner = opened(jaxpr)
    sizes = {place: prod(inner.jaxpr.invars[place].aval.shape) for place in sorted(chosen)}
    sizes |= {-1 - n: np.size(constant) for n, constant in enumerate(jaxpr.consts) if _is_inexact(constant)}
    return Program(inner, jax.tree.structure(shape), sizes)


def _is_array(leaf: Any) -> bool:
    return hasattr(leaf, "shape") and hasattr(leaf, "dtype")


def _is_inexact(leaf: Any) -> bool:
    return _is_array(leaf) and jax.dtypes.issubdtype(leaf.dtype, np.inexact)


def _trained(function: Any) -> list[bool]:
    """Of each array of a model, whether it is a parameter: of Flax's variables Params, else what has fractions."""
    found = []
    for node in jax.tree.leaves(function, is_leaf=_is_flax_variable):
        arrays = [leaf for leaf in jax.tree.leaves(node) if _is_array(leaf)]
        wanted = not _is_flax_variable(node) or "Param" in _class_names(node)
        found += [wanted and _is_inexact(array) for array in arrays]
    return found


def _is_flax_variable(node: Any) -> bool:
    """By the names of its classes: Flax is not imported for it."""
    return type(node).__module__.startswith("flax.") and "Variable" in _class_names(node)


def _class_names(node: Any) -> set[str]:
    return {kind.__name__ for kind in type(node).__mro__}
