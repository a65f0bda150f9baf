"""What cannot be is refused while tracing, in words that name the argument, the rule and the way out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jconv import signal

X, H, IMAGE = np.ones(8, np.float32), np.ones(3, np.float32), np.ones((4, 5), np.float32)

REFUSED = {
    "an unknown mode": (lambda: signal.convolve(X, H, "sane"), ValueError, "convolve: mode='sane' .*'same'"),
    "an unknown method": (lambda: signal.correlate(X, H, method="ftt"), ValueError, "correlate: method='ftt'"),
    "a mode that is no word": (lambda: signal.convolve(X, H, 2), ValueError, "mode=2"),
    "other numbers of axes": (lambda: signal.convolve(X, IMAGE), ValueError, "same dimensionality"),
    "nothing to convolve": (lambda: signal.convolve(X, []), ValueError, "must not be empty"),
    "neither inside the other": (lambda: signal.convolve(IMAGE, IMAGE.T, "valid"), ValueError, "For 'valid' mode"),
    "no array": (lambda: signal.convolve(X, None), TypeError, "convolve: in2 must be an array"),
    "no numbers": (lambda: signal.fftconvolve(X, [None]), TypeError, "in2 must be an array"),
    "axes that are no integers": (lambda: signal.fftconvolve(X, H, axes=[0.5]), ValueError, "iterable of integers"),
    "no axes": (lambda: signal.oaconvolve(X, H, axes=[]), ValueError, "cannot be empty"),
    "an axis too far": (lambda: signal.oaconvolve(X, H, axes=1), ValueError, "exceeds dimensionality"),
    "an axis twice": (lambda: signal.fftconvolve(X, H, axes=[0, -1]), ValueError, "unique"),
    "sizes beside the axes": (lambda: signal.fftconvolve(IMAGE, IMAGE[:2], axes=1), ValueError, "incompatible shapes"),
    "a measured trace": (
        lambda: jax.jit(lambda x: signal.choose_conv_method(x, x, measure=True)[0])(X),
        ValueError,
        "outside of jax.jit",
    ),
    "an unknown boundary": (lambda: signal.convolve2d(IMAGE, IMAGE, boundary="sym"), ValueError, "mean 'symm'"),
    "a line as a picture": (lambda: signal.convolve2d(X, H), ValueError, "matrices"),
    "two fill values": (lambda: signal.convolve2d(IMAGE, IMAGE, fillvalue=[1, 2]), ValueError, "fillvalue"),
    "a complex fill value": (lambda: signal.convolve2d(IMAGE, IMAGE, fillvalue=1j), ValueError, "could not cast"),
    "sizes below 1": (lambda: signal.correlation_lags(0, 3), ValueError, "in1_len=0"),
    "an even filter": (lambda: signal.sepfir2d(IMAGE, H, H[:2]), ValueError, "hcol must have odd length"),
    "a filter with two axes": (lambda: signal.sepfir2d(IMAGE, IMAGE, H), ValueError, "hrow must have one axis"),
    "no step": (lambda: signal.upfirdn(H, X, 0), ValueError, "up=0 must be at least 1"),
    "a traced step": (lambda: jax.jit(lambda n: signal.upfirdn(H, X, n))(2), TypeError, "static_argnames"),
    "an unknown extension": (lambda: signal.upfirdn(H, X, mode="mirror"), ValueError, "mode='mirror'"),
    "an empty signal": (lambda: signal.upfirdn(H, []), ValueError, "x must not be empty"),
    "a background with cval": (
        lambda: signal.resample_poly(X, 2, 1, padtype="mean", cval=1),
        ValueError,
        "has no effect",
    ),
    "an infinite response": (lambda: signal.lfilter([1.0], [1.0, 0.5], X), NotImplementedError, "jax.lax.scan"),
    "a state of another size": (lambda: signal.lfilter(H, 1.0, X, zi=H), ValueError, r"shape \(2,\)"),
    "an order too high": (lambda: signal.savgol_filter(X, 3, 3), ValueError, "polyorder must be less"),
    "a window too long": (lambda: signal.savgol_filter(X, 9, 2), ValueError, "less than or equal to the size"),
    "a position outside": (lambda: signal.savgol_coeffs(5, 2, pos=5), ValueError, "pos=5"),
    "a complex signal": (lambda: signal.hilbert(X * 1j), ValueError, "must be real"),
    "segments of nothing": (lambda: signal.stft(X, nperseg=0), ValueError, "positive integer"),
    "an overlap too long": (lambda: signal.stft(X, nperseg=4, noverlap=4), ValueError, "less than nperseg"),
    "a window of another size": (lambda: signal.stft(X, window=H), ValueError, "nperseg=None"),
    "an unknown scaling": (lambda: signal.istft(IMAGE, scaling="density"), ValueError, "scaling='density'"),
    "one axis for both": (lambda: signal.istft(IMAGE, time_axis=0, freq_axis=0), ValueError, "differing"),
    "a divisor with two axes": (lambda: signal.deconvolve(X, IMAGE), ValueError, "divisor must be a non-empty 1d"),
    "complex variances": (lambda: signal.wiener(X * 1j), TypeError, "must be real"),
    "a kernel too large": (lambda: signal.wiener_deconvolve(IMAGE, np.ones((5, 5)), 1), ValueError, "nowhere larger"),
    "a spectrum of another shape": (
        lambda: signal.wiener_deconvolve(IMAGE, IMAGE * 1j, 1),
        ValueError,
        r"shape must be \(4, 3\)",
    ),
    "a line to sharpen a picture": (lambda: signal.richardson_lucy(IMAGE, H), ValueError, "as many axes"),
    "less than no steps": (lambda: signal.richardson_lucy(X, H, -1), ValueError, "num_iter=-1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_in_words(name):
    call, kind, words = REFUSED[name]
    with pytest.raises(kind, match=words):
        call()


def test_strict_promotion_is_named(strict):
    with pytest.raises(TypeError, match="in1 is float32 and in2 is int32, which strict promotion"):
        signal.convolve(X, jnp.ones(3, jnp.int32))


def test_scipys_warnings_are_given():
    with pytest.warns(UserWarning, match="nperseg = 256 is greater than input length"):
        signal.stft(X)
    with pytest.warns(UserWarning, match="switching to return_onesided=False"):
        assert signal.stft(X * 1j, nperseg=4)[2].shape[0] == 4
    with pytest.warns(UserWarning, match="NOLA condition failed"):
        signal.istft(IMAGE, noverlap=0)
