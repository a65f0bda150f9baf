"""The oracle's two constructions agree with one another, with scipy, and with the meaning of an adjoint."""

import ast
import inspect
from itertools import product

import numpy as np
import pytest
import scipy.signal

from jconv.testing import oracle

# (input size, window, output size, stride, input dilation, dilation, low) of one axis. Every combination of
# steps and paddings, with an output long enough to run past both ends of x.
AXES = [
    (size, window, 9, s, e, d, low)
    for (size, window), s, e, d, low in product([(5, 3), (4, 2)], (1, 2, 3), (1, 2, 3), (1, 2, 4), (-3, 0, 2))
]
NAMES = ("stride", "input_dilation", "dilation", "low")


def problem(*axes, n=2, g=2, c=3, m=2, complex_=False):
    """Return integer x, w, y of so many axes, and the keywords that all six functions share."""
    size, window, output_size, *steps = ([axis[j] for axis in axes] for j in range(7))
    rng = np.random.default_rng(0)

    def draw(*shape):
        real, imaginary = rng.integers(-4, 5, (2, *shape))
        return real + 1j * imaginary if complex_ else real

    arrays = draw(n, *size, g, c), draw(*window, g, c, m), draw(n, *output_size, g, m)
    return *arrays, dict(zip(NAMES, steps, strict=True))


def all_three(how, x, w, y, steps):
    value, of_x, of_w = (getattr(oracle, f"{what}_by_{how}") for what in ("value", "x_cotangent", "w_cotangent"))
    return (
        value(x, w, **steps, output_size=y.shape[1:-2]),
        of_x(y, w, **steps, input_size=x.shape[1:-2]),
        of_w(x, y, **steps, window=w.shape[:-3]),
    )


def assert_constructions_agree(x, w, y, steps):
    for loops, patterns, like in zip(
        all_three("loops", x, w, y, steps), all_three("patterns", x, w, y, steps), (y, x, w), strict=True
    ):
        assert loops.shape == patterns.shape == like.shape
        assert loops.dtype == patterns.dtype
        np.testing.assert_array_equal(loops, patterns)


@pytest.mark.parametrize("axis", AXES)
def test_loops_and_patterns_agree_on_one_axis(axis):
    assert_constructions_agree(*problem(axis))


@pytest.mark.parametrize(
    "axes",
    [
        (),
        ((5, 3, 4, 1, 1, 1, 1), (4, 2, 3, 2, 3, 1, -1)),
        ((3, 2, 3, 2, 1, 2, 1), (4, 1, 3, 1, 2, 1, 0), (2, 3, 2, 1, 1, 2, 2)),
        ((2, 2, 2, 1, 1, 1, 0), (3, 2, 2, 2, 1, 1, 1), (2, 1, 3, 1, 2, 1, 0), (2, 2, 2, 1, 1, 1, 1)),
    ],
    ids=["rank 0", "rank 2", "rank 3", "rank 4"],
)
@pytest.mark.parametrize("complex_", [False, True], ids=["integer", "complex"])
def test_loops_and_patterns_agree_in_every_rank(axes, complex_):
    assert_constructions_agree(*problem(*axes, complex_=complex_))


@pytest.mark.parametrize(
    "sizes",
    [{"n": 0}, {"c": 0}, {"m": 0}, {"g": 0}, {"axis": (0, 2, 3)}, {"axis": (3, 0, 3)}, {"axis": (3, 2, 0)}],
    ids=str,
)
def test_loops_and_patterns_agree_on_empty_arrays(sizes):
    sizes = dict(sizes)
    axis = sizes.pop("axis", (3, 2, 3))
    assert_constructions_agree(*problem((*axis, 1, 2, 1, 1), **sizes))


@pytest.mark.parametrize("how", ["loops", "patterns"])
@pytest.mark.parametrize("complex_", [False, True], ids=["integer", "complex"])
def test_cotangents_are_the_adjoints_of_the_value(how, complex_):
    x, w, y, steps = problem((5, 3, 4, 2, 3, 1, 1), (4, 2, 3, 1, 1, 2, -1), complex_=complex_)
    value, of_x, of_w = all_three(how, x, w, y, steps)
    pairing = np.sum(value * y)
    assert pairing != 0
    assert pairing == np.sum(of_x * x) == np.sum(of_w * w)


@pytest.mark.parametrize("how", ["loops", "patterns"])
@pytest.mark.parametrize("mode", ["valid", "same", "full"])
@pytest.mark.parametrize("size, window", [((9,), (4,)), ((6, 7), (3, 2)), ((4, 5, 3), (2, 3, 3))], ids=str)
def test_value_is_scipy_correlate(how, mode, size, window):
    rng = np.random.default_rng(1)
    x, w = rng.standard_normal((2, *size)), rng.standard_normal(window)
    expected = np.stack([scipy.signal.correlate(image, w, mode=mode, method="direct") for image in x])
    # scipy's "same" is the middle of "full": of an even window the extra position is dropped at the low end.
    low = {"valid": [0 for _ in window], "same": [k // 2 for k in window], "full": [k - 1 for k in window]}[mode]
    one = (1,) * len(window)
    got = getattr(oracle, f"value_by_{how}")(
        x[..., None, None],
        w[..., None, None, None],
        stride=one,
        input_dilation=one,
        dilation=one,
        low=low,
        output_size=expected.shape[1:],
    )
    np.testing.assert_allclose(got[..., 0, 0], expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("how", ["loops", "patterns"])
def test_steps_are_slicing_and_zero_stuffing_of_scipy_correlate(how):
    rng = np.random.default_rng(2)
    x, w = rng.standard_normal(6), rng.standard_normal(3)
    stuffed_x, stuffed_w = np.zeros(11), np.zeros(7)
    stuffed_x[::2], stuffed_w[::3] = x, w
    expected = scipy.signal.correlate(stuffed_x, stuffed_w, mode="full", method="direct")[::4]
    got = getattr(oracle, f"value_by_{how}")(
        x[None, :, None, None],
        w[:, None, None, None],
        stride=(4,),
        input_dilation=(2,),
        dilation=(3,),
        low=(6,),
        output_size=(5,),
    )
    np.testing.assert_allclose(got.ravel(), expected, rtol=0, atol=1e-13)


def test_groups_do_not_mix():
    x, w, _, steps = problem((5, 3, 4, 2, 1, 1, 1), g=3)
    whole = oracle.value_by_loops(x, w, **steps, output_size=(4,))
    for g in range(3):
        alone = oracle.value_by_loops(x[..., [g], :], w[:, [g]], **steps, output_size=(4,))
        np.testing.assert_array_equal(whole[..., [g], :], alone)


@pytest.mark.parametrize("how", ["loops", "patterns"])
@pytest.mark.parametrize(
    "dtype, wide",
    [("int8", "int64"), ("float16", "float64"), ("float32", "float64"), ("complex64", "complex128")],
)
def test_arithmetic_is_wide_whatever_comes_in(how, dtype, wide):
    x, w, y, steps = problem((5, 3, 4, 2, 1, 1, 1))
    narrow = [(30 * a).astype(dtype) for a in (x, w, y)]  # whose products overflow int8, and float16's 11 bits
    for got, exact in zip(all_three(how, *narrow, steps), all_three(how, x, w, y, steps), strict=True):
        assert got.dtype == wide
        np.testing.assert_array_equal(got, 900 * exact)


def imported_by(source):
    """Return the top names of all modules that a source imports, however it does."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or "").split(".")[0])
    return names


def test_oracle_imports_nothing_but_numpy():
    assert imported_by(inspect.getsource(oracle)) == {"string", "collections", "itertools", "numpy"}


def test_the_import_check_sees_late_relative_and_dotted_imports():
    source = "def f():\n    import jax.numpy as jnp\n    from . import _geometry\n    from jconv.signal import x"
    assert imported_by(source) == {"jax", ".", "jconv"}
