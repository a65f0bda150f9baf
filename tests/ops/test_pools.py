"""Pools against loops over their definition: values, places, gradients, what is larger, and what counts."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import QUICK_COMPILE, whole
from derivatives import check_derivatives, distinct

from jconv import ops
from jconv.testing.oracles import pools as oracle
from jconv.testing.oracles.unpool import max_unpool

# (spatial sizes, window, stride, padding pairs, dilation, ceil_mode)
PLACINGS = {
    "side by side": ((6, 8), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1), False),
    "overlapping": ((7, 6), (3, 2), (1, 1), ((1, 1), (0, 1)), (1, 1), False),
    "strided, padded": ((7, 8), (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1), False),
    "ceil": ((7, 8), (3, 3), (2, 3), ((1, 1), (0, 0)), (1, 1), True),
    "ceil, last one would start in the padding": ((5, 6), (2, 3), (3, 2), ((1, 1), (1, 1)), (1, 1), True),
    "dilated": ((9, 8), (2, 3), (2, 1), ((1, 1), (1, 2)), (3, 2), False),
    "stride over window": ((9, 8), (2, 2), (4, 3), ((0, 0), (1, 0)), (1, 1), False),
    "cropped": ((9, 8), (3, 2), (2, 2), ((-1, 0), (-2, -1)), (1, 1), False),
    "cropped, ceil": ((9, 8), (3, 2), (2, 2), ((-1, -2), (1, -1)), (1, 1), True),
    "many taps": ((7, 8), (5, 5), (2, 1), ((2, 2), (2, 2)), (1, 1), False),
    "one axis": ((11,), (3,), (2,), ((1, 1),), (2,), True),
    "halved": ((45,), (19,), (3,), ((4, 9),), (1,), True),
    "halved, side by side": ((80,), (20,), (20,), ((0, 0),), (1,), False),
    "halved, dilated": ((60,), (17,), (2,), ((0, 3),), (3,), False),
    "three axes": ((5, 4, 6), (2, 2, 3), (2, 1, 3), ((1, 0), (0, 1), (1, 1)), (1, 2, 1), True),
    "three axes, overlapping": ((4, 4, 5), (3, 2, 2), (1, 1, 1), ((1, 1), (0, 0), (1, 0)), (1, 1, 2), False),
}


def words(name):
    _, window, stride, padding, dilation, ceil_mode = PLACINGS[name]
    return (window,), dict(stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode)


def truth(function, x, name, *args, **options):
    _, window, stride, padding, dilation, ceil_mode = PLACINGS[name]
    return function(x, *args, window, stride, padding, dilation, ceil_mode=ceil_mode, **options)


def input_of(name, dtype=np.float32):
    """Whole numbers of few values, so that many are equal."""
    return whole((2, *PLACINGS[name][0], 3), 1, dtype)


@pytest.fixture(scope="module")
def everything():
    """All placings in one program: the pools of each, and the gradient of max_pool."""
    xs = {name: input_of(name) for name in PLACINGS}

    def all_pools(xs):
        found = {}
        for name, x in xs.items():
            window, options = words(name)
            y, back = jax.vjp(lambda x, w=window, o=options: ops.max_pool(x, *w, **o), x)
            found[name] = {
                "max": y,
                "max gradient": back(jnp.arange(y.size, dtype=np.float32).reshape(y.shape))[0],
                "indices": ops.max_pool_with_indices(x, *window, **options),
                "avg": ops.avg_pool(x, *window, **options),
                "avg of x": ops.avg_pool(x, *window, **options, count_include_pad=False),
                "avg override": ops.avg_pool(x, *window, **options, divisor_override=4),
                "lp": ops.lp_pool(x, 2, *window, **options),
            }
        return found

    return jax.jit(all_pools).lower(xs).compile(compiler_options=QUICK_COMPILE)(xs)


@pytest.mark.parametrize("name", PLACINGS)
def test_max_pool_and_its_gradient(everything, name):
    """Of equal values the first is the largest."""
    found, x = everything[name], input_of(name)
    y, at = truth(oracle.max_pool, x, name)
    np.testing.assert_array_equal(found["max"], y)
    np.testing.assert_array_equal(found["indices"][0], y)
    np.testing.assert_array_equal(found["indices"][1], at)
    y_bar = np.arange(y.size, dtype=np.float64).reshape(y.shape)
    np.testing.assert_array_equal(found["max gradient"], oracle.max_pool_adjoint(y_bar, at, x.shape[1:-1]))


@pytest.mark.parametrize("name", PLACINGS)
def test_avg_pool_counts_what_it_says(everything, name):
    found, x = everything[name], input_of(name)
    for key, options in {
        "avg": {},
        "avg of x": {"count_include_pad": False},
        "avg override": {"divisor_override": 4},
    }.items():
        np.testing.assert_allclose(found[key], truth(oracle.avg_pool, x, name, **options), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", PLACINGS)
def test_lp_pool(everything, name):
    x = input_of(name)
    np.testing.assert_allclose(everything[name]["lp"], truth(oracle.lp_pool, x, name, 2), rtol=1e-6)


@pytest.mark.parametrize("p", [1, 2, 3, 2.5])
def test_lp_pool_of_any_power_is_that_of_absolute_values(p):
    x = whole((1, 8, 2))
    want = oracle.lp_pool(x, p, (3,), (2,), ((1, 1),), (1,))
    np.testing.assert_allclose(ops.lp_pool(x, p, (3,), stride=2, padding=1), want, rtol=1e-6)


def test_words_and_numbers_of_padding_mean_what_they_mean_in_conv():
    x = input_of("overlapping")
    for padding in ("VALID", "SAME", "SAME_LOWER", "FULL", "CAUSAL", 1, (1, 0), ((1, 0), (0, 1))):
        y = jax.eval_shape(lambda x, p=padding: ops.max_pool(x, (3, 2), stride=1, padding=p), x)
        z = jax.eval_shape(lambda x, p=padding: ops.unfold(x, (3, 2), padding=p), x)
        assert y.shape[:-1] == z.shape[:3]
    assert ops.avg_pool(x, (2, 2)).shape == (2, 3, 3, 3)  # the stride is the window's size


# ---- what is larger


def test_nan_is_larger_than_anything_and_the_last_one_is_its_place():
    x = np.array([[1, np.nan, 3], [np.nan, 9, 2]], np.float32)[..., None]
    y, at = ops.max_pool_with_indices(x, (2, 2), stride=1)
    want, place = oracle.max_pool(x[None], (2, 2), (1, 1), ((0, 0), (0, 0)), (1, 1))
    np.testing.assert_array_equal(y, want[0])
    np.testing.assert_array_equal(at, place[0])
    np.testing.assert_array_equal(at.ravel(), [3, 1])
    np.testing.assert_array_equal(ops.max_pool(x, (2, 2), stride=1), want[0])
    wide = np.zeros((40, 1), np.float32)
    wide[7] = np.nan  # by halves too
    np.testing.assert_array_equal(ops.max_pool(wide, (20,))[:, 0], [np.nan, 0])
    assert ops.max_pool_with_indices(wide, (20,))[1].ravel().tolist() == [7, 20]


def test_windows_of_one_tap_have_a_place_in_every_example_and_channel():
    x = whole((2, 8, 3))
    y, at = ops.max_pool_with_indices(x, (1,), stride=3)
    np.testing.assert_array_equal(y, x[:, ::3])
    np.testing.assert_array_equal(at, np.broadcast_to(np.array([0, 3, 6])[:, None], y.shape))
    back = ops.max_unpool(y, at, (1,), stride=3, size=(8,))
    np.testing.assert_array_equal(back[:, ::3], y)


def test_infinities_and_the_least_of_integers_are_not_the_border():
    low = np.full((3, 1), -np.inf, np.float32)
    y, at = ops.max_pool_with_indices(low, (2,), stride=1, padding=1)
    assert np.isneginf(y).all() and at.ravel().tolist() == [0, 0, 1, 2]
    grad = jax.grad(lambda x: jnp.where(jnp.isinf(ops.max_pool(x, (3,), padding=1)), 1.0, 0.0).sum())(low)
    assert not np.isnan(grad).any()
    _, back = jax.vjp(lambda x: ops.max_pool(x, (3,), stride=2, padding=1), low)
    np.testing.assert_array_equal(back(jnp.array([[2.0], [3.0]]))[0].ravel(), [2, 3, 0])
    least = np.full((2, 2, 1), -128, np.int8)
    y, at = ops.max_pool_with_indices(least, (2, 2), stride=1, padding=1)
    assert (np.asarray(y) == -128).all() and at[..., 0].tolist() == [[0, 0, 1], [0, 0, 1], [2, 2, 3]]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "int32", "uint8", "float64"])
def test_max_pool_keeps_dtypes(dtype, x64):
    x = np.abs(whole((1, 7, 6, 2), dtype=dtype)) if dtype == "uint8" else whole((1, 7, 6, 2), dtype=dtype)
    y, at = ops.max_pool_with_indices(x, (3, 3), stride=2, padding=1)
    assert y.dtype == jnp.dtype(dtype) and at.dtype == np.int32
    want, place = oracle.max_pool(x.astype(np.float64), (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1))
    np.testing.assert_array_equal(y.astype(np.float64), want)
    np.testing.assert_array_equal(at, place)


@pytest.mark.parametrize(
    ("dtype", "result"), [("bfloat16", "bfloat16"), ("int32", "float32"), ("complex64", "complex64")]
)
def test_avg_pool_adds_half_types_in_float32_and_makes_integers_fractions(dtype, result):
    x = whole((1, 300, 1), dtype=dtype, reach=100) + 100
    y = ops.avg_pool(x, (300,))
    assert y.dtype == jnp.dtype(result)
    np.testing.assert_allclose(y.ravel()[0], np.asarray(x).astype(np.complex128).mean(), rtol=4e-3)
    assert ops.lp_pool(x, 2, (3,)).dtype == (jnp.dtype(result) if dtype != "complex64" else np.float32)


# ---- derivatives and transforms


@pytest.mark.parametrize("name", ["strided, padded", "overlapping", "halved"])
def test_derivatives(name, x64):
    window, options = words(name)
    x = distinct((1, *PLACINGS[name][0], 2))
    check_derivatives(lambda x: ops.max_pool(x, *window, **options), x)
    check_derivatives(lambda x: ops.avg_pool(x, *window, **options), x, linear=True)


def test_derivatives_of_lp_pool_by_x_and_by_p(x64):
    x = distinct((1, 6, 5, 2)) + 0.003
    check_derivatives(lambda x, p: ops.lp_pool(x, p, (2, 3), stride=(2, 1), padding=((1, 0), (1, 1))), x, 2.5)


def test_gradient_of_lp_pool_is_0_where_all_is_0():
    for p in (1, 2, 3):
        grad = jax.grad(lambda x, p=p: ops.lp_pool(x, p, (2,)).sum())(jnp.zeros((4, 1)))
        np.testing.assert_array_equal(grad, np.zeros((4, 1)))


def test_batch_axes_and_vmap():
    x = whole((2, 3, 7, 6, 2))
    for pool in (
        lambda x: ops.max_pool(x, (3, 3), stride=2, padding=1),
        lambda x: ops.max_pool_with_indices(x, (3, 3), stride=2)[1],
        lambda x: ops.avg_pool(x, (3, 3), stride=2, padding=1),
        lambda x: ops.lp_pool(x, 2, (2, 2)),
    ):
        flat = pool(x.reshape(6, 7, 6, 2))
        np.testing.assert_array_equal(pool(x), flat.reshape(2, 3, *flat.shape[1:]))
        np.testing.assert_array_equal(jax.vmap(jax.vmap(pool))(x), pool(x))
        np.testing.assert_array_equal(pool(x[0, 0]), flat[0])
    gradient = jax.grad(lambda x: (ops.max_pool(x, (3, 3), stride=2, padding=1) ** 2).sum())
    np.testing.assert_array_equal(jax.vmap(gradient)(x[0]), gradient(x[0]))
    assert ops.max_pool(np.zeros((0, 4, 4, 2)), (2, 2)).shape == (0, 2, 2, 2)


# ---- global and adaptive


def test_global_pools():
    x = whole((2, 4, 5, 3))
    np.testing.assert_allclose(ops.global_avg_pool(x, 2), x.mean((1, 2)), rtol=1e-6)
    np.testing.assert_array_equal(ops.global_max_pool(x, 2), x.max((1, 2)))
    np.testing.assert_array_equal(ops.global_max_pool(x[0], 1), x[0].max(1))
    assert ops.global_avg_pool(x.astype(np.int32), 2).dtype == np.float32
    assert ops.global_avg_pool(jnp.asarray(x, "bfloat16"), 2).dtype == jnp.bfloat16
    grad = jax.grad(lambda x: ops.global_max_pool(x, 1).sum())(jnp.array([[1.0], [3.0], [3.0]]))
    np.testing.assert_array_equal(grad.ravel(), [0, 1, 0])
    assert np.isnan(ops.global_max_pool(np.array([[1, np.nan, 2]]).T, 1)).all()


ADAPTIVE = [
    ((8, 6), (4, 3)),
    ((7, 5), (3, 2)),
    ((7, 6), (None, 4)),
    ((3, 4), (5, 6)),
    ((10,), (1,)),
    ((5, 4, 6), (2, 2, 5)),
]


def test_adaptive_pools():
    xs = [whole((2, *sizes, 2), i) for i, (sizes, _) in enumerate(ADAPTIVE)]

    def pools(xs):
        both = (ops.adaptive_max_pool, ops.adaptive_avg_pool)
        return [[pool(x, size) for pool in both] for x, (_, size) in zip(xs, ADAPTIVE, strict=True)]

    for x, (largest, mean), (sizes, size) in zip(xs, jax.jit(pools)(xs), ADAPTIVE, strict=True):
        size = tuple(o or n for o, n in zip(size, sizes, strict=True))
        np.testing.assert_array_equal(largest, oracle.adaptive(x, size, np.max))
        np.testing.assert_allclose(mean, oracle.adaptive(x, size, np.mean), rtol=1e-6, atol=1e-6)


def test_what_is_not_finite_stays_in_its_window():
    x = np.array([1, 2, np.inf, 4, np.nan], np.float32)[:, None]
    np.testing.assert_array_equal(ops.adaptive_avg_pool(x, (3,)).ravel(), [1.5, np.inf, np.nan])
    np.testing.assert_array_equal(ops.avg_pool(x, (2,)).ravel(), [1.5, np.inf])


def test_adaptive_max_pool_gives_the_gradient_to_the_first_of_equal_values():
    x = jnp.array([[2.0, 1, 2], [2, 2, 2]])[..., None]
    _, back = jax.vjp(lambda x: ops.adaptive_max_pool(x, (1, 2)), x)
    np.testing.assert_array_equal(back(jnp.array([[[3.0], [5.0]]]))[0][..., 0], [[3, 0, 5], [0, 0, 0]])


def test_derivatives_of_global_and_adaptive_pools(x64):
    x = distinct((1, 5, 6, 2))
    check_derivatives(lambda x: ops.adaptive_max_pool(x, (2, 4)), x)
    check_derivatives(lambda x: ops.adaptive_avg_pool(x, (2, 4)), x, linear=True)
    check_derivatives(lambda x: ops.global_max_pool(x, 2), x)
    check_derivatives(lambda x: ops.global_avg_pool(x, 2), x, linear=True)


# ---- unpooling


@pytest.mark.parametrize("name", ["side by side", "strided, padded", "cropped", "dilated", "three axes"])
def test_max_unpool_puts_values_back(name):
    x, (window, options) = distinct((2, *PLACINGS[name][0], 2)).astype(np.float32), words(name)
    sizes = x.shape[1:-1]
    y, at = jax.jit(lambda x: ops.max_pool_with_indices(x, *window, **options))(x)
    back = jax.jit(lambda y, at: ops.max_unpool(y, at, *window, size=sizes, **options))(y, at)
    np.testing.assert_array_equal(back, max_unpool(np.asarray(y), np.asarray(at), sizes))
    np.testing.assert_array_equal(back[back != 0], x[back != 0])  # each where it was


def test_the_last_window_stands_where_several_name_a_position():
    y, at = jnp.array([[1.0], [2.0], [3.0]]), jnp.array([[1], [1], [3]])
    unpool = lambda y: ops.max_unpool(y, at, (2,), stride=1, size=(4,))  # noqa: E731
    np.testing.assert_array_equal(unpool(y).ravel(), [0, 2, 0, 3])
    np.testing.assert_array_equal(jax.grad(lambda y: unpool(y).sum())(y).ravel(), [0, 1, 1])


def test_derivatives_of_max_unpool(x64):
    y, at = ops.max_pool_with_indices(distinct((1, 6, 5, 2)), (3, 2), stride=2, padding=((1, 1), (0, 1)))
    options = dict(stride=2, padding=((1, 1), (0, 1)), size=(6, 5))
    check_derivatives(lambda y: ops.max_unpool(y, at, (3, 2), **options), np.asarray(y), linear=True)


@pytest.mark.slow
def test_every_small_placing():
    """Every window, stride, padding and dilation of one axis up to a size, for every pool."""
    grid = product((4, 7), (1, 2, 3), (1, 2, 3), (0, 1), (0, 1), (1, 2), (False, True))
    for n, k, s, lo, hi, d, ceil_mode in grid:
        placing = (k,), (s,), ((lo, hi),), (d,)
        if n + lo + hi < d * (k - 1) + 1:
            continue
        x = whole((1, n, 1), n)
        options = dict(stride=s, padding=((lo, hi),), dilation=d, ceil_mode=ceil_mode)
        try:
            want, places = oracle.max_pool(x, *placing, ceil_mode=ceil_mode)
        except TypeError:  # a window in the padding
            with pytest.raises(ValueError, match="sees nothing"):
                ops.max_pool(x, (k,), **options)
            continue
        got, at = ops.max_pool_with_indices(x, (k,), **options)
        np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(at, places)
        mean = oracle.avg_pool(x, *placing, ceil_mode=ceil_mode)
        np.testing.assert_allclose(ops.avg_pool(x, (k,), **options), mean, rtol=1e-6, atol=1e-6)


def test_programs_that_forbid_implicit_promotion(strict):
    """Every operation of this folder, forward and with its gradient."""
    x, kernel = jnp.asarray(whole((1, 6, 5, 2))), jnp.asarray(whole((3, 3, 2, 2), 1))
    line, depthwise = x[0, 0], jnp.asarray(whole((2, 2, 1, 4), 2))

    def everything(x, kernel, line, depthwise):
        y, at = ops.max_pool_with_indices(x, (2, 2), padding=1, ceil_mode=True)
        placing = dict(padding=1, ceil_mode=True)
        return [
            y,
            ops.max_unpool(y, at, (2, 2), size=(6, 5), **placing),
            ops.max_pool(x, (3, 2), stride=1),
            ops.avg_pool(x, (2, 2), **placing, count_include_pad=False),
            ops.lp_pool(x, jnp.float32(3), (2, 2), **placing),
            ops.adaptive_avg_pool(x, (4, 2)),
            ops.adaptive_max_pool(x, (4, 2)),
            ops.global_avg_pool(x, 2),
            ops.global_max_pool(x, 2),
            ops.fold(ops.unfold(x, (2, 3), padding=1), (6, 5), padding=1),
            ops.pixel_unshuffle(ops.pixel_shuffle(x, (1, 2)), (2, 2)),
            ops.blur_pool(x, (3, 3)),
            ops.separable_conv(x, depthwise, jnp.ones((1, 1, 4, 2))),
            ops.causal_conv(x, kernel),
            ops.resize_conv(x, kernel, scale=2, method="linear"),
            ops.long_conv(line, line, gate=line[:, :1], skip=jnp.float32(2)),
        ]

    found = jax.jit(everything).lower(x, kernel, line, depthwise)
    assert found.out_info is not None
    jax.jit(lambda *a: jax.vjp(everything, *a)[1]([jnp.ones_like(y) for y in everything(*a)])).lower(
        x, kernel, line, depthwise
    )
