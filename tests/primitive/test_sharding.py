"""A sharded batch stays sharded: no algorithm gathers it, in value or gradients, on eight devices."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import whole
from jax import lax
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P
from paths import collectives

import jconv

KINDS = {  # x, kernel, options of conv
    "dense": ((8, 9, 9, 8), (3, 3, 8, 8), {}),
    "dense, few channels": ((8, 9, 9, 3), (3, 3, 3, 4), {}),
    "dense, strided": ((8, 9, 9, 8), (3, 3, 8, 8), dict(stride=2)),
    "groups of two channels": ((8, 9, 9, 4), (3, 3, 2, 6), dict(groups=2)),
    "depthwise": ((8, 9, 9, 4), (3, 3, 1, 4), dict(groups=4)),
    "depthwise, one axis": ((8, 19, 4), (4, 1, 4), dict(groups=4)),
    "depthwise, many taps": ((8, 90, 2), (70, 1, 2), dict(groups=2)),
}


def operands(name):
    x_shape, kernel_shape, _ = KINDS[name]
    return whole(x_shape, reach=1), whole(kernel_shape, 1, reach=1)


def sharded(name, axis_type):
    mesh = jax.make_mesh((8,), ("b",), axis_types=(axis_type,))
    x, kernel = operands(name)
    return (
        mesh,
        jax.device_put(x, NamedSharding(mesh, P("b"))),
        jax.device_put(kernel, NamedSharding(mesh, P())),
    )


def programs(name):
    """Value and gradients of a loss, each a program of its own."""

    def conv(x, kernel):
        return jconv.conv(x, kernel, padding="SAME", **KINDS[name][-1])

    def loss(x, kernel):
        return jnp.sum(conv(x, kernel) ** 2)

    return {"value": conv, "gradient of x": jax.grad(loss), "gradient of the kernel": jax.grad(loss, 1)}


@cache
def on_one_device(name):
    """The same results, unsharded, and exact: sums of whole numbers."""
    with jconv.use_algorithm("lax"):
        return jax.jit(lambda *a: {what: program(*a) for what, program in programs(name).items()})(*operands(name))


@pytest.mark.parametrize("name", KINDS)
def test_auto_gathers_no_sharded_batch(name):
    mesh, x, kernel = sharded(name, AxisType.Auto)
    for what, program in programs(name).items():
        compiled = jax.jit(program).lower(x, kernel).compile()
        of_kernel = what == "gradient of the kernel"  # a sum over the batch: that, and no more, is communicated
        assert set(collectives(compiled)) == ({"all-reduce"} if of_kernel else set()), what
        got = compiled(x, kernel)
        np.testing.assert_array_equal(got, on_one_device(name)[what], what)
        expected = NamedSharding(mesh, P() if of_kernel else P("b"))
        assert got.sharding.is_equivalent_to(expected, got.ndim), what


@pytest.mark.parametrize("name", KINDS)
def test_a_mesh_with_explicit_axes_needs_no_help_either(name):
    mesh, x, kernel = sharded(name, AxisType.Explicit)
    for what, program in programs(name).items():
        with jax.set_mesh(mesh):
            compiled = jax.jit(program).lower(x, kernel).compile()
            got = compiled(x, kernel)
        of_kernel = what == "gradient of the kernel"
        assert set(collectives(compiled)) == ({"all-reduce"} if of_kernel else set()), what
        np.testing.assert_array_equal(got, on_one_device(name)[what], what)
        assert jax.typeof(got).sharding.spec == P(None if of_kernel else "b", *(None,) * (got.ndim - 1))


def test_the_search_for_gathers_finds_one_where_there_is_one():
    mesh, x, _ = sharded("dense", AxisType.Auto)
    everything = jax.jit(lambda x: x * 2, out_shardings=NamedSharding(mesh, P()))
    assert "all-gather" in collectives(everything.lower(x).compile())


def test_what_xla_does_with_its_own_grouped_convolution_is_recorded(record_property):
    """It gathers the batch on jax 0.10 and 0.12; the day it does not, the chooser has one reason less."""
    _, x, kernel = sharded("groups of two channels", AxisType.Auto)

    def conv(x, kernel):
        numbers = ("NHWC", "HWIO", "NHWC")
        return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=numbers, feature_group_count=2)

    compiled = jax.jit(conv).lower(x, kernel).compile()
    record_property("lax gathers a sharded batch", "all-gather" in collectives(compiled))
    np.testing.assert_array_equal(compiled(x, kernel), on_one_device("groups of two channels")["value"])
