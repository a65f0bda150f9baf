"""The matrix catches what is wrong: sabotage in every dtype, a derivative's mistake in its place."""

import io
import re
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import pytest
from jax.lax import conv_general_dilated as lax_conv
from rich.console import Console

from jconv import conv_general_dilated, testing
from jconv._algorithms import ALGORITHMS
from jconv.cli import verify
from jconv.testing import CASES, DTYPES, LOCAL, QUANTITIES, QUICK, check_conv, run_matrix
from jconv.testing.locality import judge_locality, plantings

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


# What is said to be local.


def locality(fn, case=PLAIN):
    """Return the verdict of "local"."""
    arrays = case.arrays("float32")
    return judge_locality(jax.jit(partial(fn, **case.keywords)), case, arrays["x"], arrays["kernel"])


def by(name):
    """A function by one algorithm."""
    return partial(conv_general_dilated, algorithm=name, precision="highest")


def deaf_to_what_is_large(x, kernel, **keywords):
    return lax_conv(jnp.where(jnp.abs(x) < 1e20, x, 0), kernel, **keywords)  # a NaN is left out too


def with_a_leak_of_nan_alone(x, kernel, **keywords):
    y = lax_conv(x, kernel, **keywords)
    return jnp.where(jnp.isnan(x).any(), y + 1e-6, y)


@pytest.mark.parametrize(
    ("fn", "reason"),
    [
        (by("fft"), r"1e\+30 at \(0, 1, 1, 0\): \d+ of 580 outputs changed whose window does not hold it"),
        (by("winograd4"), r"1e\+30 at \(0, 1, 1, 0\): \d+ of 580 outputs changed whose window does not hold it"),
        (deaf_to_what_is_large, "36 of 36 outputs do not feel it whose window holds it"),
        (with_a_leak_of_nan_alone, r"nan at \(1, 6, 10, 2\): 600 of 600 outputs changed"),
        (lambda x, kernel, **keywords: lax_conv(x, kernel, **keywords)[1:], r"float32\[1, 7, 11, 4\] where"),
    ],
    ids=["fft", "winograd4", "deaf", "leak", "shape"],
)
def test_a_lie_about_local_is_caught(fn, reason):
    status, error, said = locality(fn)
    assert (status, error) == ("failed", None)
    assert re.search(reason, said)


def test_a_lie_about_local_makes_check_conv_fail():
    def lies(x, kernel, **keywords):
        return by("fft")(x, kernel, **keywords)

    check_conv(lies, cases=[PLAIN], bound=8)
    with pytest.raises(AssertionError, match=r"lies: 1 of 7 checks failed.*\n.*2d plain, float32, local: failed"):
        check_conv(lies, cases=[PLAIN], bound=8, local=True)


def test_an_algorithm_that_lies_about_local_is_caught_by_the_command(monkeypatch):
    monkeypatch.setitem(ALGORITHMS, "fft", replace(ALGORITHMS["fft"], local=True))
    monkeypatch.setattr(testing, "QUICK", [PLAIN])
    monkeypatch.setattr(testing, "QUICK_DTYPES", ["float32"])
    console, device = Console(width=120, file=io.StringIO()), jax.devices("cpu")[0]
    results = verify.run_all(console, device, ["fft", "taps"], full=False)
    assert [(r.name, r.quantity) for r in results if r.status == "failed"] == [("fft", LOCAL)]
    assert {r.name for r in results if r.quantity == LOCAL} == {"fft", "taps"}
    record = verify.as_record(results, device, full=False, seconds=0.0)
    assert [failure["quantity"] for failure in record["failures"]] == [LOCAL]
    assert verify.say_verdict(console, results, 0.0) == 1


@pytest.mark.parametrize("case", [pytest.param(c, marks=[pytest.mark.slow] * (c not in QUICK)) for c in CASES], ids=str)
def test_what_is_local_passes(case):
    found = {name: locality(by(name), case) for name, algorithm in ALGORITHMS.items() if algorithm.local}
    assert {name for name, (status, *_) in found.items() if status == "passed"} >= {"lax", "taps", "patches"}
    assert {status for status, *_ in found.values()} <= {"passed", "unsupported"}


def test_local_is_judged_in_one_dtype_and_of_whom_it_is_said():
    results = list(run_matrix({"a": lax_conv, "b": lax_conv}, cases=[PLAIN], dtypes=["float32", "int32"], local=["b"]))
    judged = [(r.name, r.dtype, r.status, r.error) for r in results if r.quantity == LOCAL]
    assert judged == [("b", "float32", "passed", 0.0), ("b", "int32", "not run", None)]
    with pytest.raises(ValueError, match=r"run_matrix: local=\['other'\] names no function; there are \['fn'\]"):
        next(run_matrix({"fn": lax_conv}, local=["other"]))


def test_where_no_window_holds_anything_there_is_nothing_to_plant():
    empty = next(case for case in CASES if case.name == "2d empty output")
    assert plantings(empty, empty.arrays("float32")["x"]) == ()
    assert locality(lax_conv, empty) == ("passed", 0.0, "")
