"""The named cases are what they claim: lax's in shape and layout, hard in every way, the same every time."""

import jax
import numpy as np
import pytest

from jconv.testing import CASES, QUICK
from jconv.testing.matrix import DTYPES

every_case = pytest.mark.parametrize("case", CASES, ids=str)


@every_case
def test_the_oracle_reads_the_case_as_lax_does(case):
    a = case.arrays("float32", kind="integers")
    y, pullback = jax.vjp(lambda x, w: jax.lax.conv_general_dilated(x, w, **case.keywords), a["x"], a["kernel"])
    of_x, of_kernel = pullback(a["y"])
    assert y.shape == case.output_shape
    np.testing.assert_array_equal(y, case.value(a["x"], a["kernel"]))
    np.testing.assert_array_equal(of_x, case.x_cotangent(a["y"], a["kernel"]))
    np.testing.assert_array_equal(of_kernel, case.kernel_cotangent(a["x"], a["y"]))


def test_names_are_unique():
    assert len({case.name for case in CASES}) == len(CASES)


def test_cases_are_small_and_batched():
    assert max(max(case.x_shape + case.kernel_shape + case.output_shape) for case in CASES) <= 13
    assert {case.x_shape[case.dimension_numbers[0].index("N")] for case in CASES} >= {0, 2, 3}
    assert all(case.x_shape[case.dimension_numbers[0].index("N")] != 1 for case in CASES)


# Each predicate sees one case and one of its spatial axes: (case, size, window, output size, axis).
HARD = {
    "even window": lambda c, i, k, o, a: k % 2 == 0,
    "window of one": lambda c, i, k, o, a: k == 1,
    "window over x": lambda c, i, k, o, a: k > i,
    "stride over window": lambda c, i, k, o, a: c.window_strides[a] > k,
    "stride = window": lambda c, i, k, o, a: c.window_strides[a] == k > 1,
    "dilation": lambda c, i, k, o, a: c.rhs_dilation[a] > 1,
    "input dilation": lambda c, i, k, o, a: c.lhs_dilation[a] > 1,
    "all steps": lambda c, i, k, o, a: min(c.window_strides[a], c.lhs_dilation[a], c.rhs_dilation[a]) > 1,
    "negative low": lambda c, i, k, o, a: c.padding[a][0] < 0,
    "negative high": lambda c, i, k, o, a: c.padding[a][1] < 0,
    "uneven padding": lambda c, i, k, o, a: c.padding[a][0] != c.padding[a][1],
    "padding over window": lambda c, i, k, o, a: max(c.padding[a]) > c.rhs_dilation[a] * (k - 1) + 1,
    "empty input": lambda c, i, k, o, a: i == 0,
    "empty output": lambda c, i, k, o, a: o == 0,
    "groups": lambda c, i, k, o, a: 1 < c.feature_group_count < c.x_shape[c.dimension_numbers[0].index("C")],
    "multiplier": lambda c, i, k, o, a: (
        c.feature_group_count == c.x_shape[c.dimension_numbers[0].index("C")] > 1
        and c.output_shape[c.dimension_numbers[2].index("C")] > c.feature_group_count
    ),
    "batch groups": lambda c, i, k, o, a: c.batch_group_count > 1,
    "channels first": lambda c, i, k, o, a: c.dimension_numbers[0] == "NCHW",
    "rank 4": lambda c, i, k, o, a: len(c.padding) == 4,
}


@pytest.mark.parametrize("hardness", HARD)
def test_some_case_has_every_hardness(hardness):
    assert any(
        HARD[hardness](case, *sizes, axis)
        for case in CASES
        for axis, sizes in enumerate(zip(case._input_size, case._window, case._output_size, strict=True))
    )


def test_quick_has_every_rank_groups_and_transposition():
    assert {len(case.padding) for case in QUICK} == {1, 2, 3}
    assert any(case.feature_group_count > 1 for case in QUICK)
    assert any(max(case.lhs_dilation) > 1 for case in QUICK)
    assert set(QUICK) < set(CASES)


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_are_the_same_every_time_and_of_the_dtype(dtype):
    case = QUICK[0]
    first, again, other = case.arrays(dtype), case.arrays(dtype), case.arrays(dtype, seed=1)
    for name, a in first.items():
        assert a.dtype == dtype
        np.testing.assert_array_equal(a, again[name])
        assert not np.array_equal(a, other[name])


def test_every_dtype_sees_the_same_reals():
    exact = QUICK[0].arrays("float64")
    for dtype in ("bfloat16", "float32", "complex64"):
        for name, a in QUICK[0].arrays(dtype).items():
            np.testing.assert_array_equal(np.real(a.astype(np.complex64)), exact[name].astype(dtype).real)


@pytest.mark.parametrize("dtype", ["bfloat16", "complex128"])
def test_integers_are_small_whole_numbers(dtype):
    for a in QUICK[0].arrays(dtype, kind="integers").values():
        parts = np.stack([a.astype(np.complex128).real, a.astype(np.complex128).imag])
        assert np.all(parts == np.round(parts))
        assert 0 < np.abs(parts).max() <= 3
