"""The matrix catches what is wrong: sabotage in every dtype, a derivative's mistake in its place."""

import jax
import jax.numpy as jnp
import pytest
from jax.lax import conv_general_dilated as lax_conv

from jconv.testing import CASES, DTYPES, QUANTITIES, check_conv, run_matrix

PLAIN = next(case for case in CASES if case.name == "2d plain")  # NHWC and HWIO, which the sabotages rely on
INEXACT = tuple(dtype for dtype in DTYPES if dtype != "int32")


def caught(fn, dtype="float32"):
    """Return the quantities in which fn fails."""
    results = run_matrix({"fn": fn}, cases=[PLAIN], dtypes=[dtype])
    return {result.quantity for result in results if result.status == "failed"}


def with_two_taps_swapped(x, kernel, **keywords):
    return lax_conv(x, kernel[::-1], **keywords)  # the first and the last of three, in each column


def with_a_border_column_dropped(x, kernel, **keywords):
    y = lax_conv(x, kernel, **keywords)
    return jnp.where(jnp.arange(y.shape[2])[:, None] < y.shape[2] - 1, y, jnp.zeros_like(y))


def scaled_by_a_little(x, kernel, **keywords):
    y = lax_conv(x, kernel, **keywords)
    return y * jnp.asarray(1 + 1e-4, y.dtype)


@pytest.mark.parametrize("dtype", INEXACT)
def test_sabotage_is_caught_in_every_quantity(dtype):
    sabotages = [with_two_taps_swapped, with_a_border_column_dropped]
    # Half types hold no number between 1 and 1.0009: there this factor is 1, and no test can see it.
    sabotages += [scaled_by_a_little] if dtype not in ("float16", "bfloat16") else []
    results = list(run_matrix({fn.__name__: fn for fn in sabotages}, cases=[PLAIN], dtypes=[dtype]))
    assert len(results) == len(sabotages) * len(QUANTITIES)
    assert [result for result in results if result.status != "failed"] == []


@pytest.mark.parametrize("sabotage", [with_two_taps_swapped, with_a_border_column_dropped, scaled_by_a_little])
def test_sabotage_makes_check_conv_fail(sabotage):
    with pytest.raises(AssertionError, match=f"{sabotage.__name__}: 6 of 6 checks failed"):
        check_conv(sabotage, cases=[PLAIN])


def test_sabotage_is_caught_in_integers():
    for sabotage in (with_two_taps_swapped, with_a_border_column_dropped):
        assert caught(sabotage, "int32") == {"value", "vmap"}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_the_little_scale_is_below_the_rounding_of_half_types(dtype):
    assert jnp.asarray(1 + 1e-4, dtype) == 1


def with_wrong_derivative_of_x(x, kernel, **keywords):
    return lax_conv(1.5 * x - 0.5 * jax.lax.stop_gradient(x), kernel, **keywords)


def with_wrong_derivative_of_kernel(x, kernel, **keywords):
    return lax_conv(x, 1.5 * kernel - 0.5 * jax.lax.stop_gradient(kernel), **keywords)


def with_wrong_second_order(x, kernel, **keywords):
    @jax.custom_jvp
    def conv(x, kernel):
        return lax_conv(x, kernel, **keywords)

    @conv.defjvp
    def first_order_only(primals, tangents):
        (dx, dkernel), (x, kernel) = tangents, map(jax.lax.stop_gradient, primals)
        return conv(*primals), lax_conv(dx, kernel, **keywords) + lax_conv(x, dkernel, **keywords)

    return conv(x, kernel)


def with_wrong_vmap(x, kernel, **keywords):
    @jax.custom_batching.custom_vmap
    def conv(x, kernel):
        return lax_conv(x, kernel, **keywords)

    @conv.def_vmap
    def first_of_batch_for_all(size, batched, x, kernel):
        x, kernel = (a[0] if is_batched else a for a, is_batched in zip((x, kernel), batched, strict=True))
        return jnp.broadcast_to(conv(x, kernel), (size, *conv(x, kernel).shape)), True

    return conv(x, kernel)


@pytest.mark.parametrize(
    "fn, quantities",
    [
        (with_wrong_derivative_of_x, {"jvp", "gradient of x", "second order", "vmap"}),
        (with_wrong_derivative_of_kernel, {"jvp", "gradient of kernel", "second order", "vmap"}),
        (with_wrong_second_order, {"second order"}),
    ],
)
def test_a_wrong_derivative_is_caught_where_it_is_wrong_and_only_there(fn, quantities):
    assert caught(fn) == quantities


def test_a_wrong_batching_rule_is_caught_though_the_value_is_right():
    assert "vmap" in caught(with_wrong_vmap)
    assert "value" not in caught(with_wrong_vmap)
