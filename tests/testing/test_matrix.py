"""The matrix passes a right function, measures as it says, and drops nothing silently."""

import dataclasses
import json
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.lax import conv_general_dilated as lax_conv

from jconv.testing import CASES, DTYPES, QUANTITIES, QUICK, check_conv, run_matrix, summarise
from jconv.testing import matrix as matrix_module

PLAIN = next(case for case in CASES if case.name == "2d plain")
ALL_AT_ONCE = next(case for case in CASES if case.name == "2d all")
GROUPED = next(case for case in CASES if case.name == "2d groups")
INEXACT = tuple(dtype for dtype in DTYPES if dtype != "int32")


def statuses(fn, *, cases=(PLAIN,), dtype="float32", **options):
    """Return each quantity's set of statuses."""
    found = {quantity: set() for quantity in QUANTITIES}
    for result in run_matrix({"fn": fn}, cases=cases, dtypes=[dtype], **options):
        found[result.quantity].add(result.status)
    return found


def only(status, *quantities):
    """Return what `statuses` returns if these quantities have this status, and all others passed."""
    return {quantity: {status if quantity in quantities else "passed"} for quantity in QUANTITIES}


# What is right passes.


@pytest.mark.parametrize("dtype", INEXACT)
def test_lax_passes_in_every_quantity(dtype):
    cases = QUICK if dtype == "float32" else [ALL_AT_ONCE]
    assert statuses(lax_conv, cases=cases, dtype=dtype) == only("passed")


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
def test_lax_passes_every_case(dtype):
    results = list(run_matrix({"lax": lax_conv}, dtypes=[dtype]))
    assert len(results) == len(CASES) * len(QUANTITIES)
    assert [result for result in results if result.status == "failed"] == []


def test_integers_are_checked_to_the_bit_and_their_derivatives_reported_as_not_run():
    derivatives = set(QUANTITIES) - {"value", "vmap"}
    assert statuses(lax_conv, dtype="int32") == only("not run", *derivatives)

    def one_more(x, kernel, **keywords):
        return lax_conv(x, kernel, **keywords).at[0, 0, 0, 0].add(1)

    found = statuses(one_more, dtype="int32")
    assert found["value"] == found["vmap"] == {"failed"}


def test_lax_is_bit_exact_on_whole_numbers():
    assert statuses(lax_conv, bounds=0, kind="integers") == only("passed")


def test_a_narrow_dtype_stays_narrow_where_x64_is_on():
    with jax.enable_x64(True):
        assert statuses(lax_conv, cases=QUICK[:1]) == only("passed")


# What has no number fails all the same.


def test_a_function_without_forward_mode_still_has_its_other_quantities_checked():
    def reverse_only(x, kernel, **keywords):
        conv = jax.custom_vjp(lambda x, kernel: lax_conv(x, kernel, **keywords))
        conv.defvjp(
            lambda x, kernel: (conv(x, kernel), (x, kernel)),
            lambda saved, y: jax.vjp(lambda x, kernel: lax_conv(x, kernel, **keywords), *saved)[1](y),
        )
        return conv(x, kernel)

    results = list(run_matrix({"fn": reverse_only}, cases=[PLAIN], dtypes=["float32"]))
    wrong = {result.quantity: result.reason for result in results if result.status != "passed"}
    assert set(wrong) == {"jvp"}
    assert wrong["jvp"].startswith("TypeError: ")


@pytest.mark.parametrize(
    "spoil, reason",
    [
        (lambda y: y[:, :, :-1], "float32[2, 7, 10, 4] where float32[2, 7, 11, 4] is due"),
        (lambda y: y.astype("bfloat16"), "bfloat16[2, 7, 11, 4] where float32[2, 7, 11, 4] is due"),
        (lambda y: y.at[0, 0, 0, 0].set(jnp.nan), "1 of 616 entries are not finite"),
        (lambda y: y.at[0, 0, :2, 0].set(jnp.inf), "2 of 616 entries are not finite"),
    ],
    ids=["shape", "dtype", "nan", "inf"],
)
def test_a_result_of_the_wrong_kind_fails_without_a_number(spoil, reason):
    wrong = {"fn": lambda *arrays, **keywords: spoil(lax_conv(*arrays, **keywords))}
    value = next(run_matrix(wrong, cases=[PLAIN], dtypes=["float32"]))
    assert (value.quantity, value.status, value.error) == ("value", "failed", None)
    assert value.reason == f"value: {reason}"


def test_nothing_but_zero_passes_where_the_scale_is_zero():
    case = next(case for case in CASES if case.name == "1d no channels")
    assert statuses(lax_conv, cases=[case])["value"] == {"passed"}
    found = statuses(lambda *arrays, **keywords: lax_conv(*arrays, **keywords) + 1e-30, cases=[case])
    assert found["value"] == {"failed"}


# The metric is what it says.


@pytest.mark.parametrize("bound, error, status", [(4.0, 2.5, "failed"), (20.0, 0.5, "passed")])
@pytest.mark.parametrize("dtype", ["float32", "complex64", "float64"])
def test_error_is_counted_in_bounds_of_the_dtypes_eps_and_the_scale(dtype, bound, error, status):
    a = PLAIN.arrays(dtype)
    scale = PLAIN.value(np.abs(a["x"]), np.abs(a["kernel"])).max()

    def ten_eps_off(x, kernel, **keywords):
        y = PLAIN.value(np.asarray(a["x"]), np.asarray(a["kernel"]))
        y[1, 2, 3, 0] += 10 * jnp.finfo(dtype).eps * scale
        return jnp.asarray(y, dtype)

    value = next(run_matrix({"fn": ten_eps_off}, cases=[PLAIN], dtypes=[dtype], bounds=bound))
    assert value.status == status
    assert value.error == pytest.approx(error, rel=0.06)  # the storing of y may round by half an eps
    assert value.bound == bound
    assert ("at index (1, 2, 3, 0)" in value.reason) == (status == "failed")


@pytest.mark.parametrize("bound", [-1.0, float("nan"), float("inf")])
def test_a_bound_that_nothing_could_fail_is_refused(bound):
    with pytest.raises(ValueError, match="checks nothing"):
        check_conv(lax_conv, cases=[PLAIN], bound=bound)


def test_each_function_has_its_own_bound():
    functions = {"strict": lax_conv, "loose": lax_conv}
    results = run_matrix(functions, cases=[PLAIN], dtypes=["float32"], bounds={"strict": 1e-3, "loose": 4.0})
    assert {(result.name, result.status) for result in results} == {("strict", "failed"), ("loose", "passed")}


# What is not checked is said.


def never(x, kernel, **keywords):
    raise NotImplementedError("no algorithm can")


def only_ungrouped(x, kernel, **keywords):
    if keywords["feature_group_count"] > 1:
        raise NotImplementedError("no groups")
    return lax_conv(x, kernel, **keywords)


def test_a_refusal_is_a_result():
    assert statuses(never) == only("unsupported", *QUANTITIES)
    assert next(run_matrix({"fn": never}, cases=[PLAIN])).reason == "no algorithm can"


def test_a_refusal_fails_check_conv_unless_allowed():
    with pytest.raises(AssertionError) as caught:
        check_conv(only_ungrouped, cases=[PLAIN, GROUPED])
    assert "6 of 12 checks failed" in str(caught.value)
    assert "2d groups, float32, value: unsupported, no groups" in str(caught.value)
    results = check_conv(only_ungrouped, cases=[PLAIN, GROUPED], allow_unsupported=True)
    assert [result.status for result in results] == ["passed"] * 6 + ["unsupported"] * 6


def test_check_conv_does_not_pass_where_nothing_was_checked():
    with pytest.raises(AssertionError, match=r"never: nothing was checked \(no algorithm can\)"):
        check_conv(never, cases=[PLAIN], allow_unsupported=True)
    with pytest.raises(AssertionError, match="nothing was checked"):
        check_conv(lax_conv, cases=[])


def test_a_dtype_that_the_device_lacks_is_reported_for_every_quantity(monkeypatch):
    monkeypatch.setattr(matrix_module, "_why_unavailable", lambda dtype: "no such unit" * (dtype == "float64"))
    results = list(run_matrix({"fn": never}, cases=[PLAIN, GROUPED], dtypes=["float64", "float32"]))
    assert [(r.dtype, r.status) for r in results] == [("float64", "not run")] * 12 + [("float32", "unsupported")] * 12
    assert {r.reason for r in results if r.status == "not run"} == {"no such unit"}


def test_no_dtype_is_lacking_here():
    assert [matrix_module._why_unavailable(dtype) for dtype in DTYPES] == [""] * len(DTYPES)


# How results are told.


def test_results_come_while_the_rest_is_still_to_do(monkeypatch):
    monkeypatch.setattr(matrix_module.os, "cpu_count", lambda: 2)  # which sets how far it works ahead
    asked = []

    def counted(x, kernel, **keywords):
        asked.append(x.shape)
        return never(x, kernel, **keywords)

    results = run_matrix({"fn": counted}, cases=QUICK, dtypes=["float32"])
    next(results)
    so_far = len(asked)
    assert len(list(results)) == len(QUICK) * len(QUANTITIES) - 1
    assert 0 < so_far < len(asked) / 4


def test_results_come_dtype_by_dtype_case_by_case_function_by_function():
    results = list(run_matrix({"a": never, "b": never}, cases=QUICK[:2], dtypes=["float32", "int32"]))
    keys = [(r.dtype, r.case, r.name) for r in results if r.quantity == "value"]
    first, second = (case.name for case in QUICK[:2])
    assert keys == [(d, c, f) for d in ("float32", "int32") for c in (first, second) for f in "ab"]


def test_results_are_plain_json():
    results = [*run_matrix({"fn": never, "lax": lax_conv}, cases=[PLAIN], dtypes=["float32", "int32"])]
    text = json.dumps([dataclasses.asdict(result) for result in results], allow_nan=False)
    assert len(json.loads(text)) == 4 * len(QUANTITIES)


def test_summary_has_the_worst_and_counts_every_status():
    results = [*run_matrix({"fn": only_ungrouped}, cases=[PLAIN, GROUPED, QUICK[0]], dtypes=["float32"])]
    summaries = summarise(results)
    assert list(summaries) == [("fn", quantity, "float32") for quantity in QUANTITIES]
    summary = summaries["fn", "jvp", "float32"]
    assert (summary.passed, summary.failed, summary.unsupported, summary.not_run) == (2, 0, 1, 0)
    errors = [r.error for r in results if r.quantity == "jvp" and r.error is not None]
    assert summary.worst.error == max(errors) > min(errors)


def test_summary_holds_a_failure_worse_than_any_number():
    results = [*run_matrix({"fn": partial(lax_conv)}, cases=[PLAIN], dtypes=["float32"])]
    failed = dataclasses.replace(results[0], status="failed", error=None, reason="raised")
    assert summarise([results[0], failed, results[0]])["fn", "value", "float32"].worst is failed


def test_the_message_names_function_cases_and_quantities_and_counts_the_rest():
    def doubled(x, kernel, **keywords):
        return 2 * lax_conv(x, kernel, **keywords)

    with pytest.raises(AssertionError) as caught:
        check_conv(partial(doubled), cases=[PLAIN, GROUPED])
    head, *lines = str(caught.value).splitlines()
    assert head == "doubled: 12 of 12 checks failed (in units of the bound, 4 eps). The worst:"
    assert len(lines) == 11
    assert all("2d plain, float32, " in line or "2d groups, float32, " in line for line in lines[:-1])
    assert lines[-1] == "  ... and 2 more"
