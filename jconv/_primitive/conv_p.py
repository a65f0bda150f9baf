"""conv_p: the one primitive. Bind, shape rule, bilinear derivatives, batching, lowering."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from inspect import signature
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from jconv._equation.problem import ConvProblem
from jconv._primitive.forms import OPERANDS, SHARED, Name, dtype_of, result_spec, shape_of, solved_problem
from jconv._primitive.jax_internals import varying_axes
from jconv._primitive.lowering import PLATFORMS, chosen, lower
from jconv._typing import Array

conv_p = Primitive("jconv")


def bind(a: Array, b: Array, problem: ConvProblem, result: Name = "y") -> Array:
    """Give one of a problem's arrays from the other two, differentiable and transformable.

    The arrays are x [N, *I, G, C], w [*K, G, C, M] and y [N, *O, G, M]; `forms.OPERANDS` says which two are taken.
    """
    a, b = _vary_alike(a, b)
    return conv_p.bind(a, b, problem=problem, result=result)


def _vary_alike(a: Array, b: Array) -> tuple[Array, Array]:
    """Inside shard_map, let both vary over the union of their mesh axes, as its checks demand."""
    axes = [varying_axes(one) for one in (a, b)]
    missing = [tuple((axes[0] | axes[1]) - mine) for mine in axes]
    a, b = (lax.pcast(one, more, to="varying") if more else one for one, more in zip((a, b), missing, strict=True))
    return a, b


# ---- eager use: compiled once per problem, found again by its hash


def compiled_alone(function: Callable[..., Array]) -> Callable[..., Array]:
    """A function of x, w and hashable values, compiled as one where x and w are arrays; else traced as it is.

    Under `jax.grad` outside of `jax.jit` it would otherwise be differentiated as a whole: a program with all of the
    convolutions of a derivative, where each of them, compiled by itself, is found again in the next derivative.
    """
    compiled = jax.jit(function, static_argnums=range(2, len(signature(function).parameters)))

    @wraps(function)
    def call(x: Array, w: Array, *static: Any) -> Array:
        traced = isinstance(x, jax.core.Tracer) or isinstance(w, jax.core.Tracer)
        return function(x, w, *static) if traced else compiled(x, w, *static)

    return call


@partial(jax.jit, static_argnames=("problem", "result"))
def _eager(a: Array, b: Array, *, problem: ConvProblem, result: Name) -> Array:
    """Give the result from arrays, in a program of its own."""
    return conv_p.bind(a, b, problem=problem, result=result)


@conv_p.def_impl
def _compiled(a: Array, b: Array, *, problem: ConvProblem, result: Name) -> Array:
    """The primitive outside of every trace."""
    with jax.disable_jit(False):  # without compilation there is nothing that the primitive could be
        return _eager(a, b, problem=problem, result=result)


# ---- shape and dtype


@conv_p.def_abstract_eval
def _abstract(a, b, *, problem: ConvProblem, result: Name):
    """The abstract value of the result; TypeError if the operands are not what the problem says."""
    names = OPERANDS[result]
    seen = (a.shape, b.shape, a.dtype, b.dtype)
    promised = (*(shape_of(problem, n) for n in names), *(dtype_of(problem, n) for n in names))
    if seen != promised:
        raise TypeError(f"conv_p: operands {seen} do not fit the problem's {promised}.")
    return a.update(
        shape=shape_of(problem, result),
        dtype=dtype_of(problem, result),
        weak_type=False,
        sharding=a.sharding.update(spec=result_spec(a.sharding.spec, problem.rank, result)),
    )


# ---- derivatives: the transpose in an operand gives that operand from the other and the result's cotangent


def _transpose(cotangent: Array, a: Any, b: Any, *, problem: ConvProblem, result: Name, of: int) -> Array:
    """The cotangent of the operand number `of`."""
    names = OPERANDS[result]
    known = {names[0]: a, names[1]: b, result: cotangent}
    one, other = (known[name] for name in OPERANDS[names[of]])
    return bind(one, other, problem, names[of])


ad.defbilinear(conv_p, partial(_transpose, of=0), partial(_transpose, of=1))


# ---- batching: a new axis joins the axis that exactly the arrays which have it share
#
# b examples join the batch, b kernels the features, b pairs the groups; where w is the result, b inputs the channels.


def _batch(operands, dims, *, problem: ConvProblem, result: Name):
    """Give the result and its batch axis, from the operands and theirs; None for an operand that has none."""
    mapped = {name for name, dim in zip(OPERANDS[result], dims, strict=True) if dim is not None} | {result}
    axis, places = next((axis, places) for axis, places in SHARED.items() if places.keys() == mapped)
    size = next(a.shape[dim] for a, dim in zip(operands, dims, strict=True) if dim is not None)
    larger = replace(problem, **{axis: size * getattr(problem, axis)})

    def merged(array: Array, dim: int | None, name: Name) -> Array:
        if dim is None:
            return array
        return jnp.moveaxis(array, dim, places[name] % (array.ndim - 1)).reshape(shape_of(larger, name))

    a, b = map(merged, operands, dims, OPERANDS[result])
    out = bind(a, b, larger, result)
    shape = shape_of(problem, result)
    place = places[result] % len(shape)
    return out.reshape(*shape[:place], size, *shape[place:]), place


batching.primitive_batchers[conv_p] = _batch


# ---- lowering: the algorithm is chosen per problem and per platform


def _lower(ctx: mlir.LoweringRuleContext, a, b, *, problem: ConvProblem, result: Name, platform: str):
    """The operations of the algorithm that is chosen, for canonical arrays."""
    algorithm = chosen(ctx, solved_problem(problem, result), platform)
    return lower(ctx, a, b, problem=problem, algorithm=algorithm, arrangement=result)


for _platform in PLATFORMS:
    mlir.register_lowering(conv_p, partial(_lower, platform=_platform), platform=_platform)
mlir.register_lowering(conv_p, partial(_lower, platform="other"))
