"""Complex, quaternion and octave convolution against NumPy's loops."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal, numpy_pad, whole
from derivatives import check_derivatives

import jconv
from jconv.ops import complex_conv, octave_conv, quaternion_conv
from jconv.testing.oracles import numbers, octaves

QUICK, ALL = 4, 200


def geometry(rng):
    """Sizes, window, and keywords of a small convolution, with the padding as pairs."""
    rank = int(rng.integers(1, 3))
    sizes, window = (tuple(int(n) for n in rng.integers(1, top, rank)) for top in (7, 4))
    stride, dilation = ([int(n) for n in rng.integers(1, 3, rank)] for _ in range(2))
    pairs = [(d * (t - 1), int(rng.integers(0, 2))) for d, t in zip(dilation, window, strict=True)]
    mode = str(rng.choice(["zeros", "edge"])) if all(map(any, pairs)) else "zeros"
    return sizes, window, dict(stride=stride, padding=pairs, dilation=dilation, padding_mode=mode)


def check_complex(k):
    rng = np.random.default_rng(k)
    sizes, window, options = geometry(rng)
    groups, products = int(rng.integers(1, 3)), int(rng.integers(3, 5))
    c, m = int(rng.integers(1, 3)), groups * int(rng.integers(1, 3))
    x, kernel = (whole(s, k) + 1j * whole(s, k + 1) for s in ((2, *sizes, c * groups), (*window, c, m)))
    padded = numpy_pad(x, options["padding"], (options["padding_mode"],) * len(sizes))
    want = numbers.complex_conv(padded, kernel, options["stride"], options["dilation"], groups)
    np.testing.assert_array_equal(complex_conv(x, kernel, products=products, groups=groups, **options), want)


def check_quaternion(k):
    rng = np.random.default_rng(k)
    sizes, window, options = geometry(rng)
    groups = int(rng.integers(1, 3))
    c, m = int(rng.integers(1, 3)), groups * int(rng.integers(1, 3))
    x, kernel = whole((2, *sizes, 4 * c * groups), k), whole((*window, c, 4 * m), k + 1)
    padded = numpy_pad(x, options["padding"], (options["padding_mode"],) * len(sizes))
    want = numbers.quaternion_conv(padded, kernel, options["stride"], options["dilation"], groups)
    np.testing.assert_array_equal(quaternion_conv(x, kernel, groups=groups, **options), want)


def check_octave(k):
    rng = np.random.default_rng(k)
    rank = int(rng.integers(1, 3))
    low_sizes, window = (tuple(int(n) for n in rng.integers(1, top, rank)) for top in (4, 4))
    c, d, m = (int(n) for n in rng.integers(1, 4, 3))
    low_out = int(rng.integers(0, m + 1))
    high, low = 4 * whole((2, *(2 * n for n in low_sizes), c), k), whole((2, *low_sizes, d), k + 1)
    kernel = whole((*window, c + d, m), k + 2)
    want = octaves.octave_conv(high, low, kernel, low_out)
    for got, true in zip(octave_conv((high, low), kernel, low_out=low_out), want, strict=True):
        if got is None:
            assert true.shape[-1] == 0
        else:
            np.testing.assert_array_equal(got, true)


CHECKS = [check_complex, check_quaternion, check_octave]


@pytest.mark.parametrize("k", range(QUICK))
@pytest.mark.parametrize("check", CHECKS)
def test_a_few(check, k):
    check(k)


@pytest.mark.slow
@pytest.mark.parametrize("k", range(QUICK, ALL + QUICK))
@pytest.mark.parametrize("check", CHECKS)
def test_hundreds(check, k):
    check(k)


def test_complex_conv_is_conv_of_complex_arrays():
    x, kernel = normal((2, 6, 4)) + 1j * normal((2, 6, 4), 1), normal((3, 2, 6), 2) - 1j * normal((3, 2, 6), 3)
    want = jconv.conv(x, kernel, groups=2, padding="SAME")
    for products in (3, 4):
        got = complex_conv(x, kernel, products=products, groups=2, padding="SAME")
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(
        complex_conv(x.real, kernel.real, groups=2), jconv.conv(x.real, kernel.real, groups=2)
    )


def test_quaternions_multiply_lengths():
    """|kernel x| = |kernel| |x| for one quaternion each."""
    x, kernel = normal((5, 4)), normal((1, 1, 4), 1)
    y = quaternion_conv(x, kernel)
    lengths = np.linalg.norm(x, axis=1) * np.linalg.norm(kernel)
    np.testing.assert_allclose(np.linalg.norm(y, axis=1), lengths, rtol=1e-5)


def test_first_and_last_octaves():
    high, low = whole((2, 4, 4, 3)), whole((2, 2, 2, 1), 1)
    kernel = whole((3, 3, 3, 4), 2)
    a, b = octave_conv((4 * high, None), kernel, low_out=1)
    np.testing.assert_array_equal(a, octaves.same_conv(4 * high, kernel[..., :3]))
    np.testing.assert_array_equal(b, octaves.same_conv(octaves.halved(4 * high), kernel[..., 3:]))
    a, b = octave_conv((None, low), kernel[:, :, :1], low_out=4)
    assert a is None
    np.testing.assert_array_equal(b, octaves.same_conv(low, kernel[:, :, :1]))


def adjoint_holds(function, x):
    """<f(x), y> = <x, f^T(y)>, for a real function f that is linear."""
    y, back = jax.vjp(function, x)
    bar = jnp.asarray(normal(y.shape, 9, np.float64))
    np.testing.assert_allclose(jnp.vdot(y, bar), jnp.vdot(x, back(bar)[0]), rtol=1e-12)


def test_derivatives(x64):
    x, kernel = normal((1, 4, 4), dtype=np.float64), normal((2, 1, 4), 1, np.float64)
    check_derivatives(lambda x, k: quaternion_conv(x, k, padding="SAME"), x, kernel)
    adjoint_holds(lambda x: quaternion_conv(x, kernel), x)
    for products in (3, 4):
        check_derivatives(
            partial(complex_conv, products=products),
            x + 1j * x[:, ::-1],
            kernel[:, :, :2].repeat(4, 1) * (1 - 2j),
        )
    low, wide = normal((1, 2, 1), 2, np.float64), normal((3, 5, 3), 3, np.float64)
    check_derivatives(
        lambda x, low, k: jnp.concatenate([a.ravel() for a in octave_conv((x, low), k, low_out=1)]), x, low, wide
    )
    adjoint_holds(lambda x: octave_conv((x, None), wide[:, :4], low_out=1)[1], x)


def test_dtypes_strict_promotion_and_vmap(strict):
    x, kernel = jnp.asarray(whole((3, 6, 4)), "bfloat16"), jnp.asarray(whole((3, 1, 4), 1), "bfloat16")
    y = quaternion_conv(x, kernel)
    assert y.dtype == jnp.bfloat16
    np.testing.assert_array_equal(jax.vmap(lambda x: quaternion_conv(x, kernel))(x), y)
    wide = x.astype("float32")
    y = complex_conv(lax_complex(wide), lax_complex(kernel.astype("float32").repeat(4, 1)))
    assert y.dtype == jnp.complex64
    high, low = octave_conv((x, x[:, :3]), kernel.repeat(8, 1), low_out=2)
    assert high.dtype == low.dtype == jnp.bfloat16


def lax_complex(a):
    return jax.lax.complex(a, -a)


X = np.ones((8, 8, 4), np.float32)
REFUSED = {
    "products": (
        lambda: complex_conv(X, np.ones((3, 3, 4, 1)), products=5),
        ValueError,
        "complex_conv: products=5 must be 3 or 4",
    ),
    "no quaternions": (
        lambda: quaternion_conv(X[..., :3], np.ones((3, 3, 1, 4))),
        ValueError,
        r"quaternion_conv: x must have 4 \* c_in channels .*\(x has shape \(8, 8, 3\)",
    ),
    "more low features than there are": (
        lambda: octave_conv((X, None), np.ones((3, 3, 4, 2)), low_out=3),
        ValueError,
        "octave_conv: low_out=3 must be at most c_out=2",
    ),
    "no pair": (lambda: octave_conv(X, np.ones((3, 3, 4, 2)), low_out=1), TypeError, "octave_conv: x must be a pair"),
    "odd sizes": (
        lambda: octave_conv((X[:7], None), np.ones((3, 3, 4, 2)), low_out=1),
        ValueError,
        "octave_conv: the sizes of the high features must be even",
    ),
    "sizes that do not fit": (
        lambda: octave_conv((X, X), np.ones((3, 3, 8, 2)), low_out=1),
        ValueError,
        "octave_conv: the sizes .* twice those of the low ones",
    ),
    "channels": (
        lambda: octave_conv((X, None), np.ones((3, 3, 3, 2)), low_out=1),
        ValueError,
        "octave_conv: the kernel takes 3 channels, and x has 4",
    ),
    "padding that parts the sizes": (
        lambda: octave_conv((X, X[::2, ::2]), np.ones((3, 3, 8, 2)), low_out=1, padding="VALID"),
        ValueError,
        "octave_conv: padding='VALID' makes results of shapes",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    call, kind, message = REFUSED[name]
    with pytest.raises(kind, match=message):
        call()
