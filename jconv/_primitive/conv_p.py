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
from jconv._primitive.jax_internals import varying_axes
from jconv._primitive.lowering import PLATFORMS, batch_spec, chosen, lower
from jconv._typing import Array

conv_p = Primitive("jconv")


def bind(x: Array, w: Array, problem: ConvProblem) -> Array:
    """Give y [N, *O, G, M] from x [N, *I, G, C] and w [*K, G, C, M], differentiable and transformable."""
    x, w = _vary_alike(x, w)
    return conv_p.bind(x, w, problem=problem)


def _vary_alike(x: Array, w: Array) -> tuple[Array, Array]:
    """Inside shard_map, let both vary over the union of their mesh axes, as its checks demand."""
    axes = [varying_axes(a) for a in (x, w)]
    missing = [tuple((axes[0] | axes[1]) - mine) for mine in axes]
    x, w = (lax.pcast(a, to_add, to="varying") if to_add else a for a, to_add in zip((x, w), missing, strict=True))
    return x, w


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


@partial(jax.jit, static_argnames="problem")
def _eager(x: Array, w: Array, *, problem: ConvProblem) -> Array:
    """Give y from arrays, in a program of its own."""
    return conv_p.bind(x, w, problem=problem)


@conv_p.def_impl
def _compiled(x: Array, w: Array, *, problem: ConvProblem) -> Array:
    """The primitive outside of every trace."""
    with jax.disable_jit(False):  # without compilation there is nothing that the primitive could be
        return _eager(x, w, problem=problem)


# ---- shape and dtype


@conv_p.def_abstract_eval
def _abstract(x, w, *, problem: ConvProblem):
    """The abstract value of y; TypeError if the operands are not what the problem says."""
    seen = (x.shape, w.shape, x.dtype, w.dtype)
    promised = (problem.x_shape, problem.w_shape, problem.x_dtype, problem.w_dtype)
    if seen != promised:
        raise TypeError(f"conv_p: operands {seen} do not fit the problem's {promised}.")
    return x.update(
        shape=problem.y_shape,
        dtype=problem.dtype,
        weak_type=False,
        sharding=x.sharding.update(spec=batch_spec(x.sharding.spec, problem)),
    )


# ---- derivatives: the map is bilinear, and each of its transposes is again a problem of its own
#
# Outside of jit every step here is a program: lax's transpositions are one each, jnp's, which are jitted functions that
# are differentiated in turn, are several.


@compiled_alone
def adjoint_x(y: Array, w: Array, problem: ConvProblem) -> Array:
    """The adjoint of x -> y for a fixed w: takes [N, *O, G, M] to [N, *I, G, C]."""
    return bind(y, _flipped(w, problem.rank), problem.gradient_x())


def _flipped(w: Array, rank: int) -> Array:
    """[*K, G, C, M] to [*K, G, M, C], every window reversed."""
    return lax.transpose(lax.rev(w, tuple(range(rank))), (*range(rank + 1), rank + 2, rank + 1))


def _transpose_x(cotangent: Array, x, w: Array, *, problem: ConvProblem) -> Array:
    """The cotangent of x from the cotangent of y."""
    return adjoint_x(cotangent, w, problem)


def _transpose_w(cotangent: Array, x: Array, w, *, problem: ConvProblem) -> Array:
    """The cotangent of w from the cotangent of y."""
    return _adjoint_w(cotangent, x, problem)


@compiled_alone
def _adjoint_w(y: Array, x: Array, problem: ConvProblem) -> Array:
    """The adjoint of w -> y for a fixed x: takes [N, *O, G, M] to [*K, G, C, M]."""
    last = problem.rank + 2
    first_before_last = (*range(1, last), 0, last)
    x = lax.transpose(x, (last, *range(1, last), 0))  # [C, *I, G, N]
    y = lax.transpose(y, first_before_last)  # [*O, G, N, M]
    return lax.transpose(bind(x, y, problem.gradient_w()), first_before_last)  # from [C, *K, G, M]


ad.defbilinear(conv_p, _transpose_x, _transpose_w)


# ---- batching: b examples join the batch, b kernels the features, b pairs the groups


def _batch(operands, dims, *, problem: ConvProblem):
    """Give y and its batch axis, from x and w and theirs; None for an operand that has none."""
    x, w = operands
    x_dim, w_dim = dims
    if w_dim is None:
        x = jnp.moveaxis(x, x_dim, 0)
        size = x.shape[0]
        x = x.reshape(size * problem.batch, *x.shape[2:])
        y = bind(x, w, replace(problem, batch=size * problem.batch))
        return y.reshape(size, *problem.y_shape), 0
    if x_dim is None:
        w = jnp.moveaxis(w, w_dim, -2)  # [*K, G, C, b, M]
        size = w.shape[-2]
        w = w.reshape(*problem.w_shape[:-1], size * problem.c_out)
        y = bind(x, w, replace(problem, c_out=size * problem.c_out))
        return y.reshape(*problem.y_shape[:-1], size, problem.c_out), problem.rank + 2
    x = jnp.moveaxis(x, x_dim, -3)  # [N, *I, b, G, C]
    w = jnp.moveaxis(w, w_dim, -4)  # [*K, b, G, C, M]
    size = x.shape[-3]
    groups = size * problem.groups
    x = x.reshape(*problem.x_shape[:-2], groups, problem.c_in)
    w = w.reshape(*problem.window, groups, problem.c_in, problem.c_out)
    y = bind(x, w, replace(problem, groups=groups))
    return y.reshape(*problem.y_shape[:-2], size, problem.groups, problem.c_out), problem.rank + 1


batching.primitive_batchers[conv_p] = _batch


# ---- lowering: the algorithm is chosen per problem and per platform


def _lower(ctx: mlir.LoweringRuleContext, x, w, *, problem: ConvProblem, platform: str):
    """The operations of the algorithm that is chosen, for canonical x and w."""
    algorithm = chosen(ctx, problem, platform)
    return lower(ctx, x, w, problem=problem, algorithm=algorithm, layout=None)


for _platform in PLATFORMS:
    mlir.register_lowering(conv_p, partial(_lower, platform=_platform), platform=_platform)
mlir.register_lowering(conv_p, partial(_lower, platform="other"))
