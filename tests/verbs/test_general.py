"""jconv.conv_general_dilated is jax.lax.conv_general_dilated: value and both gradients, any configuration."""

from functools import partial

import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import EVERYWHERE, error_in_eps, normal, whole
from configurations import cases
from jax import lax

import jconv
from jconv.testing import QUICK

# Both stay within 4 of the truth.
BOUND = 8.0


def value_and_gradients(conv, x, kernel, y):
    value, pullback = jax.vjp(conv, x, kernel)
    return value, *pullback(y)


def results_of_all(x, kernel, y, keywords):
    """Value and both gradients, by lax and by jconv with each algorithm, in one program."""
    convs = {"jax.lax": partial(lax.conv_general_dilated, **keywords)}
    for algorithm in EVERYWHERE:
        convs[algorithm] = partial(jconv.conv_general_dilated, **keywords, algorithm=algorithm)
    return jax.jit(lambda *a: {name: value_and_gradients(conv, *a) for name, conv in convs.items()})(x, kernel, y)


def check_exactly(x, kernel, **keywords):
    """On whole numbers, all must agree bit by bit, in shape and dtype too."""
    y = jax.eval_shape(lambda x, kernel: lax.conv_general_dilated(x, kernel, **keywords), x, kernel)
    results = results_of_all(x, kernel, whole(y.shape, 7, y.dtype), keywords)
    want = results.pop("jax.lax")
    for algorithm, got in results.items():
        for a, b in zip(got, want, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b, algorithm)


@pytest.mark.parametrize("strides", [(1, 1), (True, 2)])
def test_booleans_are_taken_as_lax_takes_them(strides):
    """As operands, where a sum is "or", and as the integers 0 and 1."""
    rng = np.random.default_rng(0)
    x, kernel = rng.random((2, 3, 6, 7)) < 0.3, rng.random((4, 3, 3, 2)) < 0.3
    arguments = (strides, ((True, False), (2, 1)))
    got, want = (f(x, kernel, *arguments) for f in (jconv.conv_general_dilated, lax.conv_general_dilated))
    assert got.dtype == want.dtype == bool
    np.testing.assert_array_equal(got, want)
    numbers = x.astype(np.float32), kernel.astype(np.float32)
    got, want = (f(*numbers, *arguments) for f in (jconv.conv_general_dilated, lax.conv_general_dilated))
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("dtype", ["int8", "int32", "float32", "bool"])
def test_booleans_give_the_dtype_that_is_preferred_as_lax_does(dtype):
    x, kernel = np.ones((1, 1, 6), bool), np.ones((1, 1, 3), bool)
    got, want = (
        f(x, kernel, (1,), "SAME", preferred_element_type=dtype)
        for f in (jconv.conv_general_dilated, lax.conv_general_dilated)
    )
    np.testing.assert_array_equal(got, want, strict=True)


@pytest.mark.parametrize("keywords", [{"window_strides": (np.True_,)}, {"padding": ((np.True_, 1),)},
                                      {"batch_group_count": np.True_}], ids=str)  # fmt: skip
def test_booleans_of_numpy_are_refused_as_by_lax(keywords):
    x, kernel = np.ones((1, 1, 5), np.float32), np.ones((1, 1, 4), np.float32)  # else JAX's caches answer for 1
    for f in (jconv.conv_general_dilated, lax.conv_general_dilated):
        with pytest.raises((TypeError, ValueError, NotImplementedError)):
            f(x, kernel, **({"window_strides": (1,), "padding": "VALID"} | keywords))


def test_an_iterator_of_pairs_is_taken_as_lax_takes_it():
    x, kernel = np.ones((1, 1, 6), np.float32), np.ones((1, 1, 3), np.float32)
    got, want = (
        f(x, kernel, (1,), zip([1], [2], strict=True)) for f in (jconv.conv_general_dilated, lax.conv_general_dilated)
    )
    np.testing.assert_array_equal(got, want, strict=True)


# ---- layouts

LAYOUTS = {
    "default": None,
    "channels first": ("NCHW", "OIHW", "NCHW"),
    "channels last": ("NHWC", "HWIO", "NHWC"),
    "mixed": ("NHWC", "OIHW", "NCHW"),
    "every array in an order of its own": ("CWNH", "HOWI", "WHCN"),
    "letters of one's own": ("NC01", "0IO1", "N0C1"),
    "integers": lax.ConvDimensionNumbers((1, 0, 3, 2), (2, 3, 0, 1), (0, 2, 3, 1)),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_dimension_numbers(name):
    """Every axis has a size of its own, or an exchange of two would go unseen."""
    numbers = lax.conv_dimension_numbers((0,) * 4, (0,) * 4, LAYOUTS[name])
    x, kernel = np.empty(4, int), np.empty(4, int)
    x[list(numbers.lhs_spec)], kernel[list(numbers.rhs_spec)] = (3, 4, 6, 7), (6, 2, 2, 3)
    check_exactly(
        whole(tuple(x)),
        whole(tuple(kernel), 1),
        window_strides=(2, 1),
        padding=((1, 2), (0, 1)),
        rhs_dilation=(1, 2),
        dimension_numbers=LAYOUTS[name],
        feature_group_count=2,
    )


def test_layouts_that_need_no_transpose_get_none():
    x, kernel = jnp.ones((2, 5, 5, 3)), jnp.ones((3, 3, 3, 4))
    f = partial(jconv.conv_general_dilated, window_strides=(1, 1), padding="SAME", algorithm="lax")
    last = jax.jit(partial(f, dimension_numbers=("NHWC", "HWIO", "NHWC"))).lower(x, kernel).compile().as_text()
    assert " transpose(" not in last


# ---- arguments

ARGUMENTS = {
    "VALID": dict(padding="VALID"),
    "SAME": dict(padding="SAME"),
    "SAME_LOWER": dict(padding="SAME_LOWER"),
    "small letters": dict(padding="same"),
    "SAME, strided and dilated": dict(padding="SAME", window_strides=(2,), rhs_dilation=(3,)),
    "pairs": dict(padding=((2, 0),)),
    "lists": dict(window_strides=[2], padding=[[1, 1]], lhs_dilation=[2], rhs_dilation=[1]),
    "numpy integers": dict(window_strides=np.array([2]), padding=np.array([[1, 2]])),
    "negative padding": dict(padding=((-2, -1),)),
    "input dilation": dict(padding=((2, 1),), lhs_dilation=(3,), window_strides=(2,)),
    "feature groups": dict(feature_group_count=2),
    "batch groups": dict(batch_group_count=2),
    "out_sharding": dict(out_sharding=None),
    "precision": dict(precision="highest"),
    "two precisions": dict(precision=(lax.Precision.HIGH, lax.Precision.DEFAULT)),
    "no windows": dict(padding="VALID", rhs_dilation=(9,)),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_mean_what_they_mean_in_lax(name):
    keywords = dict(window_strides=(1,), padding=((1, 1),)) | ARGUMENTS[name]
    channels = 4 // keywords.get("feature_group_count", 1)
    check_exactly(whole((4, 4, 9)), whole((6, channels, 3), 1), **keywords)


@pytest.mark.parametrize(("dtype", "preferred"), [("bfloat16", "float32"), ("float32", None), ("float16", None)])
def test_dtypes_of_value_and_gradients_are_those_of_lax(dtype, preferred):
    keywords = dict(window_strides=(1,), padding="SAME", preferred_element_type=preferred)
    check_exactly(whole((2, 3, 5), dtype=dtype), whole((2, 3, 3), 1, dtype=dtype), **keywords)


def test_arguments_may_be_positional_as_in_lax():
    x, kernel = whole((4, 4, 9)), whole((6, 4, 3), 1)
    positional = (
        x,
        kernel,
        (2,),
        ((1, 2),),
        (2,),
        (1,),
        ("NCH", "OIH", "NHC"),
        1,
        2,
        "highest",
        jnp.float32,
        None,
    )
    got, want = jconv.conv_general_dilated(*positional), lax.conv_general_dilated(*positional)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 5), (2, 3, 5, 4), (2, 3, 5, 4, 3), (2, 3, 2, 3, 2, 4)])
def test_any_number_of_spatial_axes_also_none(shape):
    rank = len(shape) - 2
    check_exactly(whole(shape), whole((4, 3, *(2,) * rank), 1), window_strides=(1,) * rank, padding="SAME")


# ---- any configuration


def check_case(case):
    x, kernel, y = (normal(s, i) for i, s in enumerate((case.x_shape, case.kernel_shape, case.output_shape)))
    results = results_of_all(x, kernel, y, case.keywords)
    size = {"x": np.abs(x), "kernel": np.abs(kernel), "y": np.abs(y)}
    scales = (
        case.value(size["x"], size["kernel"]),
        case.x_cotangent(size["y"], size["kernel"]),
        case.kernel_cotangent(size["x"], size["y"]),
    )
    want = results.pop("jax.lax")
    for algorithm, got in results.items():
        for quantity, a, b, scale in zip(("value", "of x", "of kernel"), got, want, scales, strict=True):
            assert a.shape == b.shape
            assert error_in_eps(a, b, scale) <= BOUND, (algorithm, quantity)


def sweep(seed, count):
    """Check `count` configurations, the same ones for the same seed."""
    checked = hypothesis.given(cases())(check_case)
    hypothesis.seed(seed)(hypothesis.settings(max_examples=count)(checked))()


@pytest.mark.parametrize("part", range(4))
def test_60_random_configurations_by_every_algorithm(part):
    sweep(part, 15)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(20))
def test_2000_random_configurations_by_every_algorithm(part):
    sweep(1000 + part, 100)


def test_the_metric_sees_a_wrong_tap():
    """Else the sweeps could not fail."""
    (case,) = (case for case in QUICK if case.name == "2d plain")
    x, kernel = normal(case.x_shape), normal(case.kernel_shape, 1)
    scale = case.value(np.abs(x), np.abs(kernel))
    right = jconv.conv_general_dilated(x, kernel, **case.keywords)
    wrong = jconv.conv_general_dilated(x, kernel[::-1], **case.keywords)
    assert error_in_eps(right, case.value(x, kernel), scale) <= 1
    assert error_in_eps(wrong, case.value(x, kernel), scale) > 1000 * BOUND
