"""Under jit, vmap and strict promotion, in every float type, with lists and NumPy's arrays."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal, whole

from jconv import signal

# Name -> a function of arrays, and their shapes.
FUNCTIONS = {
    "convolve": (signal.convolve, (7,), (3,)),
    "correlate": (lambda x, h: signal.correlate(x, h, "same"), (5, 4), (2, 3)),
    "fftconvolve": (signal.fftconvolve, (9,), (4,)),
    "oaconvolve": (lambda x, h: signal.oaconvolve(x, h, axes=-1), (2, 70), (1, 4)),
    "convolve2d": (lambda x, h: signal.convolve2d(x, h, "same", "symm"), (4, 5), (3, 2)),
    "correlate2d": (lambda x, h: signal.correlate2d(x, h, fillvalue=1), (4, 5), (3, 2)),
    "sepfir2d": (signal.sepfir2d, (4, 5), (3,), (1,)),
    "upfirdn": (lambda h, x: signal.upfirdn(h, x, 2, 3, mode="smooth"), (4,), (2, 6)),
    "resample_poly": (lambda x: signal.resample_poly(x, 3, 2, axis=1, padtype="median"), (2, 6)),
    "lfilter": (lambda b, a, x, zi: signal.lfilter(b, a, x, zi=zi), (3,), (1,), (2, 6), (2, 2)),
    "savgol_filter": (lambda x: signal.savgol_filter(x, 5, 2, 1, 0.5), (2, 8)),
    "hilbert": (signal.hilbert, (2, 6)),
    "stft": (lambda x: signal.stft(x, nperseg=4, return_onesided=not jnp.iscomplexobj(x), boundary="odd")[2], (2, 12)),
    "istft": (lambda x: signal.istft(x, window="hamming")[1], (2, 3, 4)),
    "deconvolve": (signal.deconvolve, (6,), (2,)),
    "wiener": (signal.wiener, (5, 6)),
    "wiener_deconvolve": (lambda x, h: signal.wiener_deconvolve(x, h, 0.1), (5, 6), (3, 3)),
    "richardson_lucy": (lambda x, h: signal.richardson_lucy(x, h, 2), (6,), (3,)),
    "blind_richardson_lucy": (lambda x, h: signal.blind_richardson_lucy(x, h, 2), (6,), (3,)),
}
DEFAULT = ("convolve", "convolve2d", "upfirdn", "savgol_filter", "hilbert", "stft", "istft", "deconvolve", "wiener")
COMPLEX = set(FUNCTIONS) - {"hilbert", "wiener", "wiener_deconvolve", "richardson_lucy", "blind_richardson_lucy"}
MOST = [n if n in DEFAULT else pytest.param(n, marks=pytest.mark.slow) for n in FUNCTIONS]


def operands(name, dtype="float32", lead=()):
    """Positive numbers, since some functions divide by them."""
    shapes = FUNCTIONS[name][1:]
    arrays = [np.abs(normal((*lead, *shape), seed)) + 0.3 for seed, shape in enumerate(shapes)]
    if name == "resample_poly" and dtype.startswith("complex"):
        return None
    return [array.astype(jnp.dtype(dtype)) for array in arrays]


@pytest.mark.parametrize("name", MOST)
def test_jit_and_vmap_give_what_one_call_gives(name, strict):
    function = FUNCTIONS[name][0]
    stacks = operands(name, lead=(3,))
    together = jax.jit(jax.vmap(function))(*stacks)
    for i in range(3):
        one = function(*(stack[i] for stack in stacks))
        for a, b in zip(jax.tree.leaves(together), jax.tree.leaves(one), strict=True):
            np.testing.assert_allclose(a[i], b, atol=2e-5 * max(1, float(np.abs(b).max())))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "complex64"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_float_type_is_kept(name, dtype):
    if dtype == "complex64" and (name not in COMPLEX or name == "resample_poly"):
        pytest.skip("real only")
    arrays = operands(name, dtype)
    wide = [a.astype(np.complex64 if dtype == "complex64" else np.float32) for a in arrays]
    transforms = name in ("hilbert", "stft", "istft", "wiener_deconvolve")
    for got, want in zip(*(jax.tree.leaves(FUNCTIONS[name][0](*a)) for a in (arrays, wide)), strict=True):
        if not transforms:
            assert got.dtype == jnp.dtype(dtype)
        else:  # there are no transforms of half types
            assert got.dtype == want.dtype
        eps = float(jnp.finfo(got.dtype).eps)
        steps = 30 if "lucy" in name or name == "wiener" else 4
        scale = np.abs(np.asarray(want)).max() * (8 if name in ("upfirdn", "savgol_filter", "deconvolve") else 1)
        np.testing.assert_allclose(np.asarray(got, want.dtype), want, atol=steps * max(eps, 2e-6) * scale)


def test_lists_and_integers_are_taken():
    assert signal.convolve([1, 2], [1, 1]).dtype == jnp.int32
    np.testing.assert_array_equal(signal.convolve2d([[1, 2]], [[1, 1]]), [[1, 3, 2]])
    np.testing.assert_array_equal(signal.lfilter([1, 1], 2, [2, 4, 6]), [1, 3, 5])
    np.testing.assert_array_equal(signal.upfirdn([1, 1], [1, 2], 2), [1, 1, 2, 2])
    assert signal.fftconvolve([1, 2], [1, 1]).dtype == jnp.float32
    assert signal.convolve(3, 4) == 12 and signal.correlate(1, 2j) == -2j
    assert signal.fftconvolve([], [1.0]).shape == (0,)
    assert signal.deconvolve([1.0], [1.0, 2.0])[0].shape == (0,)


def test_mixed_dtypes_are_promoted_as_jax_does():
    x, h = whole((6,)), whole((3,), 1)
    assert signal.convolve(x, h.astype(np.complex64)).dtype == jnp.complex64
    assert signal.convolve(x.astype(np.int32), h).dtype == jnp.float32
    assert signal.upfirdn(h.astype(jnp.bfloat16), x).dtype == jnp.float32


def test_a_window_that_is_traced_is_differentiated():
    x = normal((16,))
    gradient = jax.jit(jax.grad(lambda w: jnp.abs(signal.stft(x, window=w, nperseg=None)[2][0]).sum()))(jnp.ones(4))
    assert gradient.shape == (4,) and np.abs(gradient).max() > 0
