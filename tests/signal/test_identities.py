"""Linear functions are linear, and their transposes are adjoint: <A x, y> = <x, A' y>, on whole numbers exactly."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import QUICK_COMPILE, whole

from jconv import signal
from jconv.signal._extend import MODES as UPFIRDN_MODES
from jconv.signal._frames import frames, overlap_add

H, K = whole((4,)), whole((2, 3))

# Name -> a linear function of one array, the shape of that array, and whether sums of whole numbers stay whole.
LINEAR = {
    **{
        f"convolve, {m}": (lambda x, m=m: signal.convolve(x, H, m, "direct"), (9,), True)
        for m in ("full", "same", "valid")
    },
    **{
        f"correlate, {m}": (lambda x, m=m: signal.correlate(H, x, m, "direct"), (9,), True)
        for m in ("full", "same", "valid")
    },
    **{f"fftconvolve, {m}": (lambda x, m=m: signal.fftconvolve(x, K, m), (4, 5), False) for m in ("full", "same")},
    "oaconvolve": (lambda x: signal.oaconvolve(x, H), (80,), False),
    **{
        f"convolve2d, {m}, {b}": (lambda x, m=m, b=b: signal.convolve2d(x, K, m, b), (3, 4), True)
        for m, b in product(("full", "same"), ("fill", "wrap", "symm"))
    },
    "sepfir2d": (lambda x: signal.sepfir2d(x, H[:3], H[:1]), (4, 5), True),
    **{
        f"upfirdn, {m}": (lambda x, m=m: signal.upfirdn(H, x, 3, 2, mode=m), (2, 5), m != "line") for m in UPFIRDN_MODES
    },
    "resample_poly": (lambda x: signal.resample_poly(x, 3, 2), (7,), False),
    "resample_poly, mean": (lambda x: signal.resample_poly(x, 2, 3, padtype="mean"), (7,), False),
    "lfilter": (lambda x: signal.lfilter(H, 1.0, x), (6,), True),
    **{
        f"savgol_filter, {m}": (lambda x, m=m: signal.savgol_filter(x, 5, 2, mode=m), (8,), False)
        for m in ("interp", "mirror", "nearest", "wrap", "constant")
    },
    "hilbert": (lambda x: signal.hilbert(x).imag, (6,), False),
    "stft": (lambda x: signal.stft(x, nperseg=4, detrend="linear")[2].imag, (10,), False),
    "istft": (lambda x: signal.istft(jax.lax.complex(x, 2 * x), window="hamming")[1], (3, 4), False),
    "deconvolve": (lambda x: signal.deconvolve(x, np.float32([2, 1]))[0], (6,), True),
    "wiener_deconvolve": (lambda x: signal.wiener_deconvolve(x, K, 0.1, clip=False), (4, 5), False),
}
DEFAULT = (
    "convolve, same",
    "correlate, full",
    "fftconvolve, same",
    "convolve2d, full, symm",
    "upfirdn, antisymmetric",
    "upfirdn, smooth",
    "savgol_filter, interp",
    "stft",
    "istft",
)


@pytest.mark.parametrize("name", [n if n in DEFAULT else pytest.param(n, marks=pytest.mark.slow) for n in LINEAR])
def test_linear_functions_have_their_adjoint(name):
    function, shape, exact = LINEAR[name]
    x, other = whole(shape, 1), whole(shape, 2)
    result = jax.eval_shape(function, x)
    y = whole(result.shape, 3)

    @jax.jit
    def both(x, other, y):
        back = jax.linear_transpose(function, x)(y)[0]
        return function(x), function(other), function(2 * x - 3 * other), back

    a, b, mixed, back = both.lower(x, other, y).compile(QUICK_COMPILE)(x, other, y)
    left, right = np.vdot(np.float64(a), np.float64(y)), np.vdot(np.float64(x), np.float64(back))
    scale = 0 if exact else 30 * np.finfo(np.float32).eps
    assert abs(left - right) <= scale * np.abs(np.float64(a)).max() * np.abs(y).sum()
    assert np.abs(mixed - (2 * a - 3 * b)).max() <= scale * 5 * max(np.abs(a).max(), np.abs(b).max())
    assert np.abs(a).max() > 0


def test_convolution_and_correlation_are_adjoint_by_name():
    x, h, y = whole((5, 6)), whole((3, 2), 1), whole((7, 7), 2)
    z, back = signal.convolve(x, h, "full", "direct"), signal.correlate(y, h, "valid", "direct")
    assert np.vdot(z, y) == np.vdot(x, back)


@pytest.mark.parametrize(("size", "step"), [(6, 2), (5, 3), (4, 4), (3, 5), (7, 1)])
def test_frames_are_windows_and_overlap_add_is_their_adjoint(size, step):
    x = whole((2, 17))
    parts = frames(x, size, step)
    want = np.lib.stride_tricks.sliding_window_view(x, size, -1)[:, ::step]
    np.testing.assert_array_equal(parts, want)
    y = whole(want.shape, 1)
    back = np.asarray(overlap_add(jnp.asarray(y), step))
    assert back.shape[-1] == size + (want.shape[1] - 1) * step
    assert np.vdot(want, y) == np.vdot(x[:, : back.shape[-1]], back)


@pytest.mark.parametrize("boundary", ["zeros", "even", "odd", "constant"])
def test_istft_undoes_stft(boundary):
    x = np.random.default_rng(0).normal(size=(2, 40)).astype(np.float32)
    _, _, z = signal.stft(x, fs=8.0, window="blackman", nperseg=10, noverlap=7, boundary=boundary)
    t, back = signal.istft(z, fs=8.0, window="blackman", nperseg=10, noverlap=7)
    np.testing.assert_allclose(back[:, :40], x, atol=1e-5)
    assert t.shape == back.shape[-1:]
    np.testing.assert_allclose(t[:3], np.arange(3) / 8)


def test_chunks_filtered_one_after_another_are_the_whole_signal():
    x, b = whole((2, 12)), whole((4,), 1)
    state, parts = np.zeros((2, 3), np.float32), []
    for chunk in np.split(x, 3, -1):
        y, state = signal.lfilter(b, 1.0, chunk, zi=state)
        parts.append(y)
    np.testing.assert_array_equal(np.concatenate(parts, -1), signal.lfilter(b, 1.0, x))
