"""SciPy's windows by their names, as NumPy arrays in float64: they are known before anything is traced."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

Window = np.ndarray


def get_window(verb: str, window: Any, size: int, *, periodic: bool) -> Window:
    """The window that a word, a (word, parameter, ...) tuple or a Kaiser beta names, as `scipy.signal.get_window`.

    Args:
        verb: whose error it is.
        window: "hann", ("kaiser", 5.0), ...; "_periodic" or "_symmetric" at the end of a word overrules `periodic`.
        size: samples, at least 1.
        periodic: leave out the last sample of a window one longer, for spectra; else symmetric, for filters.
    """
    if isinstance(window, int | float | np.number):
        window = ("kaiser", float(window))
    word, *parameters = window if isinstance(window, tuple) else (window,)
    if not isinstance(word, str):
        raise ValueError(f"{verb}: window={window!r}: a tuple must begin with the window's name.")
    for ending, meaning in (("_symmetric", False), ("_periodic", True)):
        if word.endswith(ending):
            word, periodic = word.removesuffix(ending), meaning
    word = next((name for name, others in ALIASES.items() if word in others), word)
    if word not in WINDOWS:
        raise ValueError(f"{verb}: window={window!r} is not one of {', '.join(WINDOWS)}.")
    make, least, most = WINDOWS[word]
    if not least <= len(parameters) <= most:
        count = f"{least}" if least == most else f"{least} to {most}"
        raise ValueError(f"{verb}: window={window!r}: {word!r} takes {count} parameters: ({word!r}, ...).")
    if word == "exponential" and not periodic and parameters and parameters[0] is not None:
        raise ValueError(f"{verb}: window={window!r}: a symmetric exponential window has its centre in the middle.")
    if word == "kaiser_bessel_derived" and (periodic or size % 2):
        raise ValueError(f"{verb}: window={window!r}: {word!r} is symmetric and has an even number of samples only.")
    if size <= 1:
        return np.ones(size)
    return make(size + periodic, *parameters)[:size]


def _cosines(n: int, *a: float) -> Window:
    """The sum over k of  a[k] * cos(k * phase),  phase from -pi to pi."""
    phase = np.linspace(-np.pi, np.pi, n)
    return sum((a_k * np.cos(k * phase) for k, a_k in enumerate(a)), start=np.zeros(n))


def _centred(n: int) -> Window:
    """Positions about the middle."""
    return np.arange(n) - (n - 1) / 2


def _triangle(n: int) -> Window:
    """Not zero at the ends, unlike `_bartlett`."""
    return 1 - np.abs(_centred(n)) / ((n + n % 2) / 2)


def _bartlett(n: int) -> Window:
    return 1 - np.abs(_centred(n)) / ((n - 1) / 2)


def _bartlett_hann(n: int) -> Window:
    distance = np.abs(np.arange(n) / (n - 1) - 0.5)
    return 0.62 - 0.48 * distance + 0.38 * np.cos(2 * np.pi * distance)


def _bohman(n: int) -> Window:
    distance = np.abs(np.linspace(-1, 1, n))
    w = (1 - distance) * np.cos(np.pi * distance) + np.sin(np.pi * distance) / np.pi
    w[[0, -1]] = 0
    return w


def _chebyshev(n: int, attenuation: float) -> Window:
    """The inverse transform of a Chebyshev polynomial of order n - 1: all side lobes `attenuation` decibels down."""
    if abs(attenuation) < 45:
        warnings.warn("chebwin: its bandwidth is no measure of noise below about 45 dB.", UserWarning, stacklevel=4)
    order = n - 1
    x = np.cosh(np.arccosh(10 ** (abs(attenuation) / 20)) / order) * np.cos(np.pi * np.arange(n) / n)
    inside = np.cos(order * np.arccos(np.clip(x, -1, 1)))
    outside = np.cosh(order * np.arccosh(np.maximum(np.abs(x), 1)))
    p = np.where(x > 1, outside, np.where(x < -1, (2 * (n % 2) - 1) * outside, inside))
    half = n // 2 + 1
    if n % 2:
        w = np.fft.fft(p).real[:half]
        w = np.concatenate([w[:0:-1], w])
    else:
        w = np.fft.fft(p * np.exp(1j * np.pi / n * np.arange(n))).real[:half]
        w = np.concatenate([w[:0:-1], w[1:]])
    return w / w.max()


def _dpss(n: int, half_bandwidth: float) -> Window:
    """Slepian's first sequence, the most concentrated in frequency: an eigenvector of a tridiagonal matrix."""
    if not 0 < half_bandwidth < (n / 2):
        raise ValueError(f"dpss: NW={half_bandwidth} must be positive and less than half the window's size {n}.")
    t = np.arange(n)
    diagonal = ((n - 1 - 2 * t) / 2) ** 2 * np.cos(2 * np.pi * half_bandwidth / n)
    beside = t[1:] * (n - t[1:]) / 2
    w = np.linalg.eigh(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))[1][:, -1]
    w = w * np.sign(w.sum())
    return w / w.max() * (n**2 / (n**2 + half_bandwidth) if n % 2 == 0 else 1)


def _exponential(n: int, centre: float | None = None, tau: float = 1.0) -> Window:
    return np.exp(-np.abs(np.arange(n) - ((n - 1) / 2 if centre is None else centre)) / tau)


def _kaiser(n: int, beta: float) -> Window:
    return np.i0(beta * np.sqrt(np.maximum(0, 1 - (_centred(n) / ((n - 1) / 2)) ** 2))) / np.i0(beta)


def _kaiser_bessel_derived(n: int, beta: float) -> Window:
    sums = np.cumsum(_kaiser(n // 2 + 1, beta))
    half = np.sqrt(sums[:-1] / sums[-1])
    return np.concatenate([half, half[::-1]])


def _parzen(n: int) -> Window:
    x = np.abs(_centred(n)) / (n / 2)
    return np.where(np.abs(_centred(n)) <= (n - 1) / 4, 1 - 6 * x**2 + 6 * x**3, 2 * (1 - x) ** 3)


def _taylor(n: int, nbar: int = 4, sll: float = 30, norm: bool = True) -> Window:
    """Side lobes about `sll` decibels down, the first `nbar` of them nearly equal."""
    a2 = (np.arccosh(10 ** (sll / 20)) / np.pi) ** 2
    m = np.arange(1, nbar)
    s2 = nbar**2 / (a2 + (nbar - 0.5) ** 2)
    above = np.prod(1 - m[:, None] ** 2 / s2 / (a2 + (m - 0.5) ** 2), axis=1) * (-1.0) ** (m + 1)
    below = np.prod(np.where(np.eye(nbar - 1, dtype=bool), 1, 1 - m[:, None] ** 2 / m**2), axis=1)
    f = above / (2 * below)
    w = 1 + 2 * f @ np.cos(2 * np.pi * m[:, None] * (_centred(n) / n))
    return w / (1 + 2 * f.sum()) if norm else w


def _tukey(n: int, alpha: float = 0.5) -> Window:
    """A cosine taper over the fraction `alpha`, flat between."""
    if alpha <= 0:
        return np.ones(n)
    edge = np.minimum(np.arange(n), np.arange(n)[::-1]) / (min(alpha, 1.0) * (n - 1) / 2)
    return 0.5 - 0.5 * np.cos(np.pi * np.minimum(edge, 1))


# Name -> how it is made of a size and parameters, and how few and how many these are.
WINDOWS: dict[str, tuple[Callable[..., Window], int, int]] = {
    "boxcar": (np.ones, 0, 0),
    "triang": (_triangle, 0, 0),
    "bartlett": (_bartlett, 0, 0),
    "barthann": (_bartlett_hann, 0, 0),
    "hann": (lambda n: _cosines(n, 0.5, 0.5), 0, 0),
    "hamming": (lambda n: _cosines(n, 0.54, 0.46), 0, 0),
    "general_hamming": (lambda n, alpha: _cosines(n, alpha, 1 - alpha), 1, 1),
    "general_cosine": (lambda n, weights: _cosines(n, *weights), 1, 1),
    "blackman": (lambda n: _cosines(n, 0.42, 0.50, 0.08), 0, 0),
    "nuttall": (lambda n: _cosines(n, 0.3635819, 0.4891775, 0.1365995, 0.0106411), 0, 0),
    "blackmanharris": (lambda n: _cosines(n, 0.35875, 0.48829, 0.14128, 0.01168), 0, 0),
    "flattop": (lambda n: _cosines(n, 0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368), 0, 0),
    "bohman": (_bohman, 0, 0),
    "chebwin": (_chebyshev, 1, 1),
    "cosine": (lambda n: np.sin(np.pi / n * (np.arange(n) + 0.5)), 0, 0),
    "dpss": (_dpss, 1, 1),
    "exponential": (_exponential, 0, 2),
    "gaussian": (lambda n, std: np.exp(-(_centred(n) ** 2) / (2 * std**2)), 1, 1),
    "general_gaussian": (lambda n, p, sig: np.exp(-0.5 * np.abs(_centred(n) / sig) ** (2 * p)), 2, 2),
    "kaiser": (_kaiser, 1, 1),
    "kaiser_bessel_derived": (_kaiser_bessel_derived, 1, 1),
    "lanczos": (lambda n: np.sinc(2 * np.arange(n) / (n - 1) - 1), 0, 0),
    "parzen": (_parzen, 0, 0),
    "taylor": (_taylor, 0, 3),
    "tukey": (_tukey, 0, 1),
}
ALIASES = {
    "barthann": ("brthan", "bth"),
    "bartlett": ("bart", "brt"),
    "blackman": ("black", "blk"),
    "blackmanharris": ("blackharr", "bkh"),
    "bohman": ("bman", "bmn"),
    "boxcar": ("box", "ones", "rect", "rectangular"),
    "chebwin": ("cheb",),
    "cosine": ("halfcosine",),
    "exponential": ("poisson",),
    "flattop": ("flat", "flt"),
    "gaussian": ("gauss", "gss"),
    "general_cosine": ("general cosine",),
    "general_gaussian": ("general gaussian", "general gauss", "general_gauss", "ggs"),
    "general_hamming": ("general hamming",),
    "hamming": ("hamm", "ham"),
    "hann": ("han",),
    "kaiser": ("ksr",),
    "kaiser_bessel_derived": ("kaiser bessel derived", "kbd"),
    "lanczos": ("sinc",),
    "nuttall": ("nutl", "nut"),
    "parzen": ("parz", "par"),
    "taylor": ("taylorwin",),
    "triang": ("triangle", "tri"),
    "tukey": ("tuk",),
}
