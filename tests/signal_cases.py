"""Random cases for `jconv.signal`, with what SciPy or scikit-image make of them in float64."""

from typing import Any, NamedTuple

import numpy as np
import scipy.signal
import skimage.restoration
from exact_savgol import SCIPY, exact_filter, exact_taps

from jconv import signal

FLOATS = ("float32", "float64", "complex64", "complex128")
REALS = ("float32", "float64")
INTEGERS = ("int8", "uint8", "int16", "int32", "uint32", "int64")
MODES = ("full", "valid", "same")


class Drawn(NamedTuple):
    """One case.

    Args:
        ours: what jconv gives, a function of nothing.
        truth: what the other library gives in float64, or in integers; a function of nothing.
        scale: what errors are measured in, beside the eps of the result.
        bound: how many of these units are allowed, about twice the most in 250 cases; 0 for equality.
        words: what was drawn, for the report.
    """

    ours: Any
    truth: Any
    scale: float
    bound: float
    words: str


def pick(rng, *words):
    return words[rng.integers(len(words))]


def numbers(rng, shape, dtype):
    """Normal numbers, or small whole ones."""
    if np.dtype(dtype).kind in "iu":
        return rng.integers(0 if dtype.startswith("u") else -5, 6, shape).astype(dtype)
    x = rng.normal(size=shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.normal(size=shape)
    return np.asarray(x, dtype)


def wide(x):
    """In float64, complex128 or int64."""
    kind = np.asarray(x).dtype.kind
    return np.asarray(x).astype({"c": np.complex128, "f": np.float64, "i": np.int64, "u": np.int64}[kind])


def shapes(rng, mode, ndim, most):
    """Two shapes; in "valid" one holds the other."""
    a, b = (rng.integers(1, most + 1, ndim) for _ in range(2))
    if mode == "valid":
        a, b = np.maximum(a, b), np.minimum(a, b)
    if rng.random() < 0.4:
        a, b = b, a
    return tuple(map(int, a)), tuple(map(int, b))


def words_of(**arguments):
    return ", ".join(
        f"{name}={value.dtype}{value.shape}" if isinstance(value, np.ndarray) else f"{name}={value!r}"
        for name, value in arguments.items()
    )


def pair(rng, *dtypes):
    """Dtypes of two operands, mostly the same."""
    first = pick(rng, *dtypes)
    mixed = {"float32": "complex64", "complex64": "float32", "float64": "float32", "complex128": "float64"}
    return (first, mixed.get(first, first)) if rng.random() < 0.3 else (first, first)


def magnitude(function, *arrays, **words):
    """The largest result of a bilinear function of the operands' magnitudes."""
    result = np.abs(function(*(np.abs(wide(a)).astype(float) for a in arrays), **words))
    return float(result.max()) if result.size else 1.0


# ---- convolve, correlate


def draw_convolve(rng, name):
    ndim, mode, method = int(pick(rng, 1, 1, 2, 2, 3, 4)), pick(rng, *MODES), pick(rng, "auto", "direct", "fft")
    shape1, shape2 = shapes(rng, mode, ndim, {1: 40, 2: 9, 3: 5, 4: 4}[ndim])
    dtypes = pair(rng, *FLOATS, *INTEGERS)
    x, h = numbers(rng, shape1, dtypes[0]), numbers(rng, shape2, dtypes[1])
    ours, theirs = getattr(signal, name), getattr(scipy.signal, name)
    if x.dtype.kind in "iu":
        return Drawn(
            lambda: ours(x, h, mode, method),
            lambda: theirs(wide(x), wide(h), mode, "direct").astype(np.result_type(x, h)),
            1.0,
            0,
            words_of(x=x, h=h, mode=mode, method=method),
        )
    return Drawn(
        lambda: ours(x, h, mode, method),
        lambda: theirs(wide(x), wide(h), mode, "direct"),
        magnitude(theirs, x, h, method="direct"),
        4 if method == "direct" else 8,
        words_of(x=x, h=h, mode=mode, method=method),
    )


def draw_on_axes(rng, name):
    ndim, mode = int(pick(rng, 1, 2, 2, 3, 4, 5)), pick(rng, *MODES)
    most = {1: 60, 2: 9, 3: 5, 4: 4, 5: 3}[ndim]
    shape1, shape2 = map(list, shapes(rng, mode, ndim, most))
    if name == "oaconvolve" and ndim < 3:
        shape1[-1] = int(rng.integers(60, 400)) if shape1[-1] >= shape2[-1] else shape1[-1]
    axes = sorted(map(int, rng.permutation(ndim)[: rng.integers(1, ndim + 1)]))
    for a in range(ndim):
        if a not in axes:
            shape2[a] = int(pick(rng, 1, shape1[a]))
            if rng.random() < 0.3:
                shape1[a], shape2[a] = 1, int(rng.integers(1, most + 1))
    signs = [a - ndim if rng.random() < 0.3 else a for a in axes]
    given = pick(rng, signs, tuple(signs), signs[0] if len(signs) == 1 else signs)
    given = None if len(axes) == ndim and rng.random() < 0.5 else given
    dtypes = pair(rng, *FLOATS, "int32")
    x, h = numbers(rng, shape1, dtypes[0]), numbers(rng, shape2, dtypes[1])
    ours, theirs = getattr(signal, name), getattr(scipy.signal, name)
    return Drawn(
        lambda: ours(x, h, mode, given),
        lambda: theirs(wide(x), wide(h), mode, given),
        magnitude(scipy.signal.fftconvolve, x, h, axes=given),
        8,
        words_of(x=x, h=h, mode=mode, axes=given),
    )


def draw_2d(rng, name):
    mode, boundary = pick(rng, *MODES), pick(rng, "fill", "wrap", "symm")
    shape1, shape2 = shapes(rng, mode, 2, 7)
    dtypes = pair(rng, *FLOATS, *INTEGERS)
    x, h = numbers(rng, shape1, dtypes[0]), numbers(rng, shape2, dtypes[1])
    fill = int(pick(rng, 0, 0, 2, 3))
    ours, theirs = getattr(signal, name), getattr(scipy.signal, name)
    conjugate = name == "correlate2d" and mode == "valid" and x.shape != tuple(np.maximum(x.shape, h.shape))

    def truth():  # SciPy forgets to conjugate where it changes the operands' places
        z = theirs(wide(x), wide(h), mode, boundary, fill)
        return z.conj() if conjugate else z.astype(np.result_type(x, h)) if x.dtype.kind in "iu" else z

    return Drawn(
        lambda: ours(x, h, mode, boundary, fill),
        truth,
        magnitude(theirs, x, h, mode=mode, boundary=boundary, fillvalue=fill),
        0 if x.dtype.kind in "iu" else 4,
        words_of(x=x, h=h, mode=mode, boundary=boundary, fill=fill),
    )


def draw_lags(rng, name):
    n, k, mode = int(rng.integers(1, 30)), int(rng.integers(1, 30)), pick(rng, *MODES)
    return Drawn(
        lambda: signal.correlation_lags(n, k, mode),
        lambda: scipy.signal.correlation_lags(n, k, mode),
        1.0,
        0,
        words_of(n=n, k=k, mode=mode),
    )


# ---- filters along axes


def draw_sepfir2d(rng, name):
    dtype = pick(rng, *FLOATS)
    x = numbers(rng, tuple(rng.integers(7, 12, 2)), dtype)
    # SciPy wants filters of the picture's type.
    rows, columns = (numbers(rng, (int(pick(rng, 1, 3, 5, 7)),), dtype) for _ in range(2))
    return Drawn(
        lambda: signal.sepfir2d(x, rows, columns),
        lambda: scipy.signal.sepfir2d(wide(x), wide(rows), wide(columns)),
        magnitude(scipy.signal.sepfir2d, x, rows, columns),
        8,  # two passes
        words_of(x=x, rows=rows, columns=columns),
    )


def line(rng, most=24, least=2):
    """A shape of up to three axes, and one of them."""
    ndim = int(pick(rng, 1, 1, 2, 3))
    axis = int(rng.integers(ndim))
    shape = [int(n) for n in rng.integers(1, 4, ndim)]
    shape[axis] = int(rng.integers(least, most))
    return tuple(shape), axis - ndim if rng.random() < 0.5 else axis


UPFIRDN_MODES = (
    "constant", "wrap", "edge", "smooth", "symmetric", "reflect", "antisymmetric", "antireflect", "line",
)  # fmt: skip


def draw_upfirdn(rng, name):
    shape, axis = line(rng)
    dtypes = pair(rng, *FLOATS, "int32")
    x, h = numbers(rng, shape, dtypes[0]), numbers(rng, (int(rng.integers(1, 20)),), dtypes[1])
    up, down = (int(n) for n in rng.integers(1, 6, 2))
    mode = pick(rng, *UPFIRDN_MODES)
    words = {"up": up, "down": down, "axis": axis, "mode": mode}
    words |= {"cval": 1.5} if mode == "constant" and rng.random() < 0.5 else {}
    beyond = np.abs(wide(x)).max() * (1 + 2 * h.size) if mode in ("smooth", "line", "antireflect") else 0
    return Drawn(
        lambda: signal.upfirdn(h, x, **words),
        lambda: scipy.signal.upfirdn(wide(h), wide(x), **words),
        float(np.abs(wide(h)).sum() * max(np.abs(wide(x)).max(), beyond, 1.5)),
        4,
        words_of(h=h, x=x, **words),
    )


def draw_resample_poly(rng, name):
    shape, axis = line(rng)
    x = numbers(rng, shape, pick(rng, *FLOATS, "int32"))
    up, down = (int(n) for n in rng.integers(1, 7, 2))
    padtype = pick(rng, *UPFIRDN_MODES, "mean", "median", "minimum", "maximum")
    padtype = "mean" if x.dtype.kind == "c" and padtype in ("median", "minimum", "maximum") else padtype
    taps = numbers(rng, (int(rng.integers(1, 12)),), "float64").astype(x.real.dtype if x.dtype.kind in "fc" else float)
    window = pick(rng, ("kaiser", 5.0), "hamming", ("gaussian", 7.0), 4.0, taps, list(map(float, taps)))
    window = taps if isinstance(window, list) and x.dtype.kind in "fc" else window
    words = {"axis": axis, "padtype": padtype, "window": window}
    words |= {"cval": 1.5} if padtype == "constant" and rng.random() < 0.5 else {}
    theirs = words | {"window": wide(window) if isinstance(window, np.ndarray) else window}
    gain = up * np.abs(window).sum() if isinstance(window, np.ndarray | list) else 3 * up
    reach = 60 if padtype in ("smooth", "line", "antireflect") else 2
    return Drawn(
        lambda: signal.resample_poly(x, up, down, **words),
        lambda: scipy.signal.resample_poly(wide(x) * 1.0, up, down, **theirs),
        float(gain * max(np.abs(wide(x)).max(), 1.5) * reach),
        0.4,
        words_of(x=x, up=up, down=down, **words),
    )


def draw_lfilter(rng, name):
    shape, axis = line(rng, least=1)
    dtype = pick(rng, *FLOATS)
    x, b = numbers(rng, shape, dtype), numbers(rng, (int(rng.integers(1, 9)),), dtype)
    a = np.asarray(pick(rng, 1.0, -2.0, 0.5), dtype)
    zi = None
    if rng.random() < 0.6:
        state = list(shape)
        state[axis] = b.size - 1
        state = [n if i == axis % len(shape) else int(pick(rng, 1, n)) for i, n in enumerate(state)]
        zi = numbers(rng, state, dtype)
    return Drawn(
        lambda: signal.lfilter(b, a, x, axis, zi),
        lambda: scipy.signal.lfilter(wide(b), wide(a), wide(x), axis, None if zi is None else wide(zi)),
        float(np.abs(b / a).sum() * np.abs(x).max() + (np.abs(zi).max() if zi is not None and zi.size else 0)),
        4,
        words_of(b=b, a=a, x=x, axis=axis, zi=zi),
    )


def agreed(exact, theirs, within):
    """The exact truth, once the other library is seen to mean the same."""
    np.testing.assert_allclose(theirs, exact, rtol=0, atol=within)
    return exact


def draw_savgol_coeffs(rng, name):
    length = int(rng.integers(1, 12))
    order, deriv = int(rng.integers(0, min(length, 6))), int(rng.integers(0, 4))
    words = {"deriv": deriv, "delta": pick(rng, 1.0, 0.5, 2.0), "use": pick(rng, "conv", "dot")}
    words |= {"pos": float(rng.integers(length))} if rng.random() < 0.5 else {}
    exact = exact_taps(length, order, **words)
    scale = float(np.abs(exact).max()) + 1e-3
    return Drawn(
        lambda: signal.savgol_coeffs(length, order, **words),
        lambda: agreed(exact, scipy.signal.savgol_coeffs(length, order, **words), SCIPY * scale),
        scale,
        70,  # the conditioning of powers on [-1, 1]
        words_of(length=length, order=order, **words),
    )


def draw_savgol_filter(rng, name):
    length = int(rng.integers(1, 10))
    shape, axis = line(rng, least=length, most=length + 12)
    order, deriv = int(rng.integers(0, min(length, 5))), int(rng.integers(0, 3))
    mode = pick(rng, "mirror", "constant", "nearest", "wrap", "interp")
    x = numbers(rng, shape, pick(rng, "float32", "float64", "int32"))
    words = {"deriv": deriv, "delta": pick(rng, 1.0, 0.5), "axis": axis, "mode": mode}
    words |= {"cval": 1.5} if mode == "constant" else {}
    fits = [exact_taps(length, order, deriv, words["delta"], p) for p in range(length)]
    gain = max(np.abs(fit).sum() for fit in (fits if mode == "interp" else fits[length // 2 :][:1]))
    scale = float(gain * max(np.abs(wide(x)).max(), 1.5)) + 1e-3

    def truth():
        given = wide(x).astype(float)
        theirs = scipy.signal.savgol_filter(given, length, order, **words)
        return agreed(exact_filter(given, length, order, **words), theirs, SCIPY * scale)

    return Drawn(
        lambda: signal.savgol_filter(x, length, order, **words),
        truth,
        scale,
        1.2 if x.dtype == np.float32 else 16,  # the taps have errors of float64
        words_of(x=x, length=length, order=order, **words),
    )


# ---- transforms


def draw_hilbert(rng, name):
    shape, axis = line(rng)
    x = numbers(rng, shape, pick(rng, *REALS, "int32"))
    size = None if rng.random() < 0.5 else int(rng.integers(1, 30))
    return Drawn(
        lambda: signal.hilbert(x, size, axis),
        lambda: scipy.signal.hilbert(wide(x).astype(float), size, axis),
        float(np.abs(wide(x)).max()) * 4,
        8,
        words_of(x=x, N=size, axis=axis),
    )


WINDOWS = ("hann", "hamming", "blackman", "boxcar", ("tukey", 0.4), ("kaiser", 3.0), ("gaussian", 4.0))


def segment_words(rng, nperseg):
    words = {"window": pick(rng, *WINDOWS), "nperseg": nperseg, "fs": pick(rng, 1.0, 8.0)}
    words |= {"noverlap": int(rng.integers(0, nperseg))} if rng.random() < 0.6 else {}
    words |= {"nfft": nperseg + int(rng.integers(0, 6))} if rng.random() < 0.4 else {}
    return words | {"scaling": pick(rng, "spectrum", "psd")}


def draw_stft(rng, name):
    nperseg = int(rng.integers(2, 20))
    shape, axis = line(rng, least=nperseg + 1, most=60)
    x = numbers(rng, shape, pick(rng, *FLOATS))
    words = segment_words(rng, nperseg) | {"axis": axis, "padded": bool(rng.integers(2))}
    words |= {"boundary": pick(rng, "zeros", "even", "odd", "constant", None)}
    words |= {"detrend": pick(rng, False, "constant", "linear")}
    words |= {"return_onesided": bool(x.dtype.kind == "f" and rng.integers(2))}
    if rng.random() < 0.2:
        words["window"] = np.hanning(nperseg + 2)[1:-1].astype(x.real.dtype)
    return Drawn(
        lambda: signal.stft(x, **words),
        lambda: scipy.signal.stft(wide(x), **words),
        float(np.abs(x).max()) * 6,
        1.6,
        words_of(x=x, **words),
    )


def draw_istft(rng, name):
    nperseg = int(rng.integers(2, 20))
    words, onesided = segment_words(rng, nperseg), bool(rng.integers(2))
    bins = words.get("nfft", nperseg)
    bins = bins // 2 + 1 if onesided else bins
    words |= {"nfft": words.get("nfft", nperseg)}
    outer = tuple(map(int, rng.integers(1, 3, int(pick(rng, 0, 0, 1)))))
    spectra = numbers(rng, (*outer, bins, int(rng.integers(3, 9))), pick(rng, "complex64", "complex128"))
    time, frequency = pick(rng, (-1, -2), (-2, -1), (0, -1), (-1, 0))
    spectra = np.moveaxis(spectra, (-1, -2), (time, frequency))
    words |= {"input_onesided": onesided, "time_axis": time, "freq_axis": frequency, "boundary": bool(rng.integers(2))}
    words["noverlap"] = max(words.get("noverlap", nperseg // 2), nperseg // 2)
    # Windows that are nearly 0 at the ends of the signal make it as large as they are small.
    words["window"] = pick(rng, "hamming", "boxcar", ("gaussian", 8.0), ("kaiser", 2.0))

    def truth():
        _, x = scipy.signal.istft(wide(spectra), **words)
        return np.arange(x.size // int(np.prod(outer))) / words["fs"], x  # SciPy's t has the size of the first axis

    samples = scipy.signal.get_window(words["window"], nperseg)
    gain = max(samples.sum(), np.sqrt(words["fs"] * (samples**2).sum()))
    return Drawn(
        lambda: signal.istft(spectra, **words),
        truth,
        float(np.abs(spectra).max() * gain / samples.min()),
        8,
        words_of(spectra=spectra, **words),
    )


# ---- deconvolution


def draw_deconvolve(rng, name):
    n, d = int(rng.integers(1, 20)), int(rng.integers(1, 8))
    dtype = pick(rng, *FLOATS)
    # A divisor whose inverse fades out: elsewhere the quotient is as large as errors are.
    divisor = numbers(rng, (d,), dtype)
    divisor[0] = 1.5 * np.abs(divisor[1:]).sum() + 1
    x = numbers(rng, (n,), dtype)

    def truth():
        quotient, rest = scipy.signal.deconvolve(wide(x), wide(divisor))
        return np.asarray(quotient), rest

    return Drawn(
        lambda: signal.deconvolve(x, divisor),
        truth,
        float(np.abs(x).max() * 3 * max(1, np.abs(divisor).sum())),
        0.4,
        words_of(x=x, divisor=divisor),
    )


def wiener_truth(x, size, noise):
    """SciPy's, but the mean where SciPy divides 0 by 0: where the variance is 0, and the noise as well."""
    with np.errstate(divide="ignore", invalid="ignore"):  # its own quotients, of which it takes the finite ones
        y = scipy.signal.wiener(x, size, noise)
    window = np.ones(np.broadcast_to(3 if size is None else size, x.ndim))
    return np.where(np.isnan(y), scipy.signal.correlate(x, window, "same", "direct") / window.size, y)


def draw_wiener(rng, name):
    ndim = int(pick(rng, 1, 2, 2, 3))
    x = numbers(rng, tuple(map(int, rng.integers(3, 9, ndim))), pick(rng, *REALS, "int32"))
    size = pick(rng, None, 3, 2, [int(n) for n in rng.integers(1, 5, ndim)])
    noise = pick(rng, None, 0.5)
    return Drawn(
        lambda: signal.wiener(x, size, noise),
        lambda: wiener_truth(wide(x).astype(float), size, noise),
        # Of the difference of two squares, over the noise that it is compared with.
        float(np.abs(wide(x)).max() * (1 + np.square(wide(x).astype(float)).max() / (noise or 0.1))),
        0.35,
        words_of(x=x, size=size, noise=noise),
    )


def blurred(rng, ndim, dtype):
    """A picture from 0 to 1, and a kernel of sum 1."""
    image = rng.random(tuple(map(int, rng.integers(4, 10, ndim)))).astype(dtype)
    psf = rng.random(tuple(map(int, rng.integers(1, 5, ndim)))) + 0.1
    return image, (psf / psf.sum()).astype(dtype)


def draw_wiener_deconvolve(rng, name):
    dtype, ndim = pick(rng, *REALS), int(pick(rng, 1, 2, 3))
    image, psf = blurred(rng, ndim, dtype)
    balance, is_real, clip = pick(rng, 0.1, 1.0, 5.0), bool(rng.integers(2)), bool(rng.integers(2))
    half = (*image.shape[:-1], image.shape[-1] // 2 + 1)
    psf = psf[..., :1] if psf.shape == (half if is_real else image.shape) else psf  # or it is taken for a spectrum
    reg = None
    if rng.random() < 0.4:
        reg = np.zeros((3,) * ndim, dtype)  # symmetric: of other penalties scikit-image takes half
        reg[(1,) * ndim], reg[(0,) * ndim], reg[(2,) * ndim] = 2.0, -0.7, -0.7

    def truth():
        words = {"is_real": is_real, "clip": clip}
        penalty = None if reg is None else reg.astype(float)
        return skimage.restoration.wiener(image.astype(float), psf.astype(float), balance, penalty, **words)

    return Drawn(
        lambda: signal.wiener_deconvolve(image, psf, balance, reg, is_real, clip),
        truth,
        60.0,  # what the inverse of a blur without penalty at frequency 0 may be
        0.3,
        words_of(image=image, psf=psf, balance=balance, reg=reg, is_real=is_real, clip=clip),
    )


def draw_richardson_lucy(rng, name):
    dtype, ndim = pick(rng, *REALS), int(pick(rng, 1, 2, 3))
    image, psf = blurred(rng, ndim, dtype)
    steps, clip, epsilon = int(rng.integers(0, 12)), bool(rng.integers(2)), pick(rng, None, None, 0.3)
    truth = skimage.restoration.richardson_lucy(image.astype(float), psf.astype(float), steps, clip, epsilon)
    return Drawn(
        lambda: signal.richardson_lucy(image, psf, steps, clip, epsilon),
        lambda: truth,
        max(0.1, float(np.abs(truth).max())) * (1 + steps) ** 2,  # errors grow with the steps
        0.8,
        words_of(image=image, psf=psf, steps=steps, clip=clip, epsilon=epsilon),
    )


def draw_blind(rng, name):
    dtype, ndim = pick(rng, *REALS), int(pick(rng, 1, 2))
    image, psf = blurred(rng, ndim, dtype)
    psf = psf[tuple(slice(0, n) for n in image.shape)]
    rounds, inner, clip = int(rng.integers(0, 4)), int(rng.integers(1, 4)), bool(rng.integers(2))
    truth = blind_oracle(image.astype(float), psf.astype(float), rounds, inner, clip)
    return Drawn(
        lambda: signal.blind_richardson_lucy(image, psf, rounds, inner, clip),
        lambda: truth,
        float(max(1, np.abs(truth[0]).max()) * (1 + rounds * inner) ** 2),
        0.7,
        words_of(image=image, psf=psf, rounds=rounds, inner=inner, clip=clip),
    )


def blind_oracle(image, psf, rounds, inner, clip):
    """Fish et al.'s iteration in NumPy, the adjoint written as a sum over taps."""
    reach = [(k - 1) // 2 for k in psf.shape]
    pads = [(k, k) for k in psf.shape]

    def seen(estimate, tap):  # the estimate as tap sees it: at n it is estimate[n + reach - tap]
        padded = np.pad(estimate, pads)
        return padded[
            tuple(
                slice(k + r - t, k + r - t + n) for k, r, t, n in zip(psf.shape, reach, tap, image.shape, strict=True)
            )
        ]

    estimate, psf = np.full(image.shape, 0.5), psf / psf.sum()
    for _ in range(rounds):
        for _ in range(inner):
            quotient = image / (sum(psf[tap] * seen(estimate, tap) for tap in np.ndindex(psf.shape)) + 1e-12)
            views = [seen(estimate, tap) for tap in np.ndindex(psf.shape)]
            gains = [(view * quotient).sum() / (view.sum() + 1e-12) for view in views]
            psf = psf * np.reshape(gains, psf.shape)
            psf = psf / (psf.sum() + 1e-12)
        for _ in range(inner):
            quotient = image / (scipy.signal.convolve(estimate, psf, "same", "direct") + 1e-12)
            estimate = estimate * scipy.signal.convolve(quotient, np.flip(psf), "same", "direct")
    return np.clip(estimate, -1, 1) if clip else estimate, psf


DRAW = {
    "convolve": draw_convolve,
    "correlate": draw_convolve,
    "fftconvolve": draw_on_axes,
    "oaconvolve": draw_on_axes,
    "convolve2d": draw_2d,
    "correlate2d": draw_2d,
    "correlation_lags": draw_lags,
    "sepfir2d": draw_sepfir2d,
    "upfirdn": draw_upfirdn,
    "resample_poly": draw_resample_poly,
    "lfilter": draw_lfilter,
    "savgol_coeffs": draw_savgol_coeffs,
    "savgol_filter": draw_savgol_filter,
    "hilbert": draw_hilbert,
    "stft": draw_stft,
    "istft": draw_istft,
    "deconvolve": draw_deconvolve,
    "wiener": draw_wiener,
    "wiener_deconvolve": draw_wiener_deconvolve,
    "richardson_lucy": draw_richardson_lucy,
    "blind_richardson_lucy": draw_blind,
}


def mismatches(name, seeds):
    """What is wrong with the cases of a function, in words; the worst error in units of the bound with it."""
    found, worst = [], 0.0
    for seed in seeds:
        case = DRAW[name](np.random.default_rng(seed), name)
        got, want = case.ours(), case.truth()
        got, want = (x if isinstance(x, tuple) else (x,) for x in (got, want))
        for g, w in zip(got, want, strict=True):
            g, w = np.asarray(g), np.asarray(w)
            if g.shape != w.shape:
                found.append(f"{name}, seed {seed}: shape {g.shape}, not {w.shape} ({case.words})")
            elif case.bound == 0 or g.dtype.kind in "iub":
                if not np.array_equal(g, w):
                    found.append(f"{name}, seed {seed}: not equal ({case.words})")
            elif g.size:
                error = float(np.abs(g - w).max() / (np.finfo(g.dtype).eps * case.scale))
                worst = max(worst, error / case.bound)
                if not error <= case.bound:
                    found.append(f"{name}, seed {seed}: {error:.3g} units of eps, not {case.bound} ({case.words})")
    return found, worst
