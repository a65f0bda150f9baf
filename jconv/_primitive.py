"""conv_p: the one primitive. Bind, shape rule, bilinear derivatives, batching, lowering."""

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jax.sharding import PartitionSpec

from jconv._choose import choose_algorithm
from jconv._problem import ConvProblem
from jconv._typing import Array

conv_p = Primitive("jconv")


def bind(x: Array, w: Array, problem: ConvProblem) -> Array:
    """y [N, *O, G, M] from x [N, *I, G, C] and w [*K, G, C, M], differentiable and transformable."""
    x, w = _vary_alike(x, w)
    return conv_p.bind(x, w, problem=problem)


def _vary_alike(x: Array, w: Array) -> tuple[Array, Array]:
    """Inside shard_map, let both vary over the union of their mesh axes, as its checks demand.

    The set is read from the abstract value's `mat`, a name that jax.typeof's documentation does not
    promise; tests/test_transforms.py::test_shard_map_with_a_replicated_kernel fails when it moves.
    """
    axes = [jax.typeof(a).mat.varying for a in (x, w)]
    missing = [tuple((axes[0] | axes[1]) - mine) for mine in axes]
    x, w = (lax.pcast(a, to_add, to="varying") if to_add else a for a, to_add in zip((x, w), missing, strict=True))
    return x, w


# ---- eager use: compiled once per problem, found again by its hash


@partial(jax.jit, static_argnames="problem")
def _eager(x: Array, w: Array, *, problem: ConvProblem) -> Array:
    return conv_p.bind(x, w, problem=problem)


@conv_p.def_impl
def _compiled(x: Array, w: Array, *, problem: ConvProblem) -> Array:
    with jax.disable_jit(False):  # without compilation there is nothing that the primitive could be
        return _eager(x, w, problem=problem)


# ---- shape and dtype


@conv_p.def_abstract_eval
def _abstract(x, w, *, problem: ConvProblem):
    seen = (x.shape, w.shape, x.dtype, w.dtype)
    promised = (problem.x_shape, problem.w_shape, problem.x_dtype, problem.w_dtype)
    if seen != promised:
        raise TypeError(f"conv_p: operands {seen} do not fit the problem's {promised}.")
    return x.update(
        shape=problem.y_shape,
        dtype=problem.dtype,
        weak_type=False,
        sharding=x.sharding.update(spec=_like_batch(x.sharding.spec, problem)),
    )


def _like_batch(spec: PartitionSpec, problem: ConvProblem) -> PartitionSpec:
    """Of x [N, *I, G, C], y [N, *O, G, M] keeps how the batch is sharded."""
    return PartitionSpec(*spec[:1], *(None,) * (problem.rank + 2))


# ---- derivatives: the map is bilinear, and each of its transposes is again a problem of its own


def adjoint_x(y: Array, w: Array, problem: ConvProblem) -> Array:
    """The adjoint of x -> y for a fixed w: takes [N, *O, G, M] to [N, *I, G, C]."""
    flipped = lax.rev(w, tuple(range(problem.rank))).swapaxes(-1, -2)
    return bind(y, flipped, problem.gradient_x())


def _transpose_x(cotangent: Array, x, w: Array, *, problem: ConvProblem) -> Array:
    return adjoint_x(cotangent, w, problem)


def _transpose_w(cotangent: Array, x: Array, w, *, problem: ConvProblem) -> Array:
    gradient = bind(x.swapaxes(0, -1), jnp.moveaxis(cotangent, 0, -2), problem.gradient_w())
    return jnp.moveaxis(gradient, 0, -2)


ad.defbilinear(conv_p, _transpose_x, _transpose_w)


# ---- batching: b examples join the batch, b kernels the features, b pairs the groups


def _batch(operands, dims, *, problem: ConvProblem):
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


@partial(jax.jit, static_argnames=("problem", "platform", "partitioned"))
def _compute(x: Array, w: Array, *, problem: ConvProblem, platform: str, partitioned: bool) -> Array:
    # A jit of its own, so that equal problems in one program are traced and lowered once.
    algorithm = choose_algorithm(problem, platform, partitioned=partitioned)

    def compute(x: Array, w: Array) -> Array:
        return algorithm.compute(x, w, problem)

    x, w = x.reshape(problem.x_shape), w.reshape(problem.w_shape)  # see _lower
    sharding = jax.typeof(x).sharding
    if sharding.mesh.explicit_axes:
        # Algorithms need not say how each step is sharded: only the result is as _abstract promised.
        compute = jax.sharding.auto_axes(compute, out_sharding=_like_batch(sharding.spec, problem))  # pyrefly: ignore
    with jax.numpy_rank_promotion("allow"):  # algorithms broadcast, also in programs that forbid it
        return compute(x, w)  # pyrefly: ignore


def _without_ones(array: Array) -> Array:
    return lax.squeeze(array, [a for a, n in enumerate(array.shape) if n == 1])


def is_partitioned(ctx: mlir.LoweringRuleContext) -> bool:
    """Whether XLA is to divide the program being lowered over devices.

    Read from the lowering context's `axis_context`, which JAX documents nowhere;
    tests/test_sharding.py fails when it moves.
    """
    axes: Any = ctx.module_context.axis_context
    if hasattr(axes, "num_devices"):
        return axes.num_devices > 1
    return bool(set(axes.mesh.axis_names) - set(axes.manual_axes)) and axes.mesh.size > 1


def _lower(ctx: mlir.LoweringRuleContext, x, w, *, problem: ConvProblem, platform: str):
    function = partial(_compute, problem=problem, platform=platform, partitioned=is_partitioned(ctx))

    def compute(x: Array, w: Array) -> Array:
        # XLA copies operands that have axes of length 1, as a single group is, where a function begins.
        return function(_without_ones(x), _without_ones(w))

    return mlir.lower_fun(compute, multiple_results=False)(ctx, x, w)


for _platform in ("cpu", "cuda", "rocm", "tpu"):
    mlir.register_lowering(conv_p, partial(_lower, platform=_platform), platform=_platform)
mlir.register_lowering(conv_p, partial(_lower, platform="other"))
