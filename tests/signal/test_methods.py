"""What "direct", "fft" and "auto" promise: exact integers, sums over windows alone, the quicker way."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.signal
from agreement import normal, whole

from jconv import signal


def program(function, *operands):
    """The program before compilation."""
    return jax.jit(function).lower(*operands).as_text()


@pytest.mark.parametrize("shape", [(64,), (12, 13)])
def test_direct_transforms_nothing_and_fft_does(shape):
    x, h = normal(shape), normal(tuple(n - 3 for n in shape))
    for function in (signal.convolve, signal.correlate):
        assert "fft" not in program(lambda x, h, f=function: f(x, h, method="direct"), x, h)
        assert "fft" in program(lambda x, h, f=function: f(x, h, method="fft"), x, h)
    gradient = jax.grad(lambda h: signal.convolve(x, h, method="direct").sum())
    assert "fft" not in program(gradient, h)
    assert "fft" in program(signal.fftconvolve, x, h)
    assert "fft" in program(signal.oaconvolve, x, h)


def test_what_is_direct_leaves_nan_and_infinity_where_they_are():
    x = np.ones(64, np.float32)
    x[20], x[40] = np.nan, np.inf
    for result in (
        signal.convolve(x, np.ones(3), "same", "direct"),
        signal.lfilter(np.ones(3), 1.0, x),
        signal.upfirdn(np.ones(3), x),
        signal.convolve2d(x[None], np.ones((1, 3)), "same")[0],
    ):
        bad = np.flatnonzero(~np.isfinite(result))
        assert len(bad) == 6 and bad.min() >= 19 and bad.max() <= 42


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "uint32"])
def test_integers_are_exact_modulo_two_to_their_bits(dtype):
    largest = np.iinfo(dtype).max
    x, h = (np.full(n, largest, dtype) for n in (7, 4))
    want = np.convolve(x.astype(object), h.astype(object))
    for method in ("auto", "direct"):
        got = np.asarray(signal.convolve(x, h, method=method))
        assert got.dtype == dtype
        modulus = 2 ** (8 * got.dtype.itemsize)
        assert [int(v) % modulus for v in got] == [int(v) % modulus for v in want]
    small = abs(whole((6, 5))).astype(dtype)
    np.testing.assert_array_equal(signal.convolve(small, small, method="fft"), signal.convolve(small, small))


def test_integers_go_through_transforms_only_where_nothing_can_be_rounded_wrongly(x64):
    x, h = jnp.ones(200_000, jnp.int8), jnp.ones(20_000, jnp.int8)
    assert signal.choose_conv_method(x, h) == "fft"
    assert signal.choose_conv_method(x.astype(jnp.int32), h.astype(jnp.int32)) == "direct"
    with jax.enable_x64(False):  # float32 has too few bits
        assert signal.choose_conv_method(x, h) == "direct"


def test_booleans_tell_whether_any_product_is_true():
    x, h = np.array([True, False, False, True]), np.array([True, True])
    for method in ("auto", "direct", "fft"):
        got = signal.convolve(x, h, method=method)
        assert got.dtype == bool
        np.testing.assert_array_equal(got, np.convolve(x, h))


def test_auto_is_the_method_that_is_named():
    long, short = (200_000,), (3,)
    for other, method in ((short, "direct"), ((20_000,), "fft")):
        x, h = jnp.zeros(long), jnp.zeros(other)
        assert signal.choose_conv_method(x, h) == method
        assert ("fft" in program(signal.convolve, x, h)) == (method == "fft")


def test_the_choice_is_made_under_jit_too():
    seen = []

    @jax.jit
    def traced(x, h):
        seen.append(signal.choose_conv_method(x, h, "same"))
        return x

    traced(jnp.zeros((150, 150)), jnp.zeros((150, 150)))
    assert seen == ["fft"]


def test_other_platforms_choose_by_counts(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    big, small = jnp.zeros((150, 150)), jnp.zeros((3, 3))
    assert signal.choose_conv_method(big, big) == "fft"
    assert signal.choose_conv_method(big, small) == "direct"


def test_measuring_names_the_quicker_one():
    method, times = signal.choose_conv_method(jnp.ones(40_000), jnp.ones(20_000), measure=True)
    assert method == min(times, key=times.get)
    assert set(times) == {"direct", "fft"} and min(times.values()) > 0


def test_more_axes_than_a_transform_has_are_joined():
    x, h = normal((3, 2, 4, 3, 2)), normal((2, 3, 2, 3, 2), 1)
    want = scipy.signal.fftconvolve(np.float64(x), np.float64(h), "same")
    np.testing.assert_allclose(signal.fftconvolve(x, h, "same"), want, atol=1e-4)
