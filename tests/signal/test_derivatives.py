"""Every function is differentiable in both modes to order 2, and under vmap: against differences in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import QUICK_COMPILE

from jconv import signal

rng = np.random.default_rng(0)


def normal(*shape):
    return rng.normal(size=shape)


def positive(*shape):
    return rng.random(shape) + 0.2


NUMERATOR, PSF = normal(7), np.outer([0.3, 0.4, 0.3], [0.2, 0.5, 0.3])

# Name -> the function and what it is differentiated in, all at once.
FUNCTIONS = {
    "convolve, direct": (lambda x, h: signal.convolve(x, h, "same", "direct"), (normal(6, 5), normal(3, 4))),
    "convolve, fft": (lambda x, h: signal.convolve(x, h, "full", "fft"), (normal(9), normal(4))),
    "correlate": (lambda x, h: signal.correlate(x, h, "valid"), (normal(4), normal(9))),
    "fftconvolve": (lambda x, h: signal.fftconvolve(x, h, "same", axes=1), (normal(2, 6), normal(1, 3))),
    "oaconvolve": (lambda x, h: signal.oaconvolve(x, h), (normal(70), normal(3))),
    "convolve2d": (
        lambda x, h, f: signal.convolve2d(x, h, "same", "fill", f),
        (normal(4, 5), normal(3, 2), normal()),
    ),
    "correlate2d": (lambda x, h: signal.correlate2d(x, h, "full", "symm"), (normal(4, 3), normal(2, 3))),
    "sepfir2d": (signal.sepfir2d, (normal(5, 6), normal(3), normal(5))),
    "upfirdn": (lambda h, x: signal.upfirdn(h, x, 3, 2, mode="antireflect"), (normal(5), normal(2, 6))),
    "resample_poly": (lambda x, h: signal.resample_poly(x, 3, 2, window=h, padtype="mean"), (normal(6), normal(7))),
    "lfilter": (lambda b, a, x, zi: signal.lfilter(b, a, x, zi=zi), (normal(3), 2 + normal(1), normal(6), normal(2))),
    "savgol_filter": (lambda x, d: signal.savgol_filter(x, 5, 2, 1, d), (normal(9), np.asarray(0.7))),
    "hilbert": (lambda x: signal.hilbert(x), (normal(6),)),
    "stft": (lambda x, w: signal.stft(x, window=w, nperseg=None, detrend="linear")[2], (normal(12), positive(4))),
    "istft": (
        lambda r, i, w: signal.istft(jax.lax.complex(r, i), window=w, nperseg=None)[1],
        (normal(3, 5), normal(3, 5), positive(4)),
    ),
    "deconvolve": (lambda d: signal.deconvolve(NUMERATOR, d), (np.array([3.0, 1.0, 0.5]),)),
    "wiener": (lambda x, n: signal.wiener(x, 3, n), (normal(6, 5), np.asarray(0.4))),
    "wiener_deconvolve": (
        lambda x, h, b, r: signal.wiener_deconvolve(x, h, b, r, clip=False),
        (normal(5, 4), PSF, np.asarray(0.3), normal(3, 3)),
    ),
    "richardson_lucy": (lambda x, h: signal.richardson_lucy(x, h, 3, clip=False), (positive(5, 6), PSF)),
    "blind_richardson_lucy": (
        lambda x, h: signal.blind_richardson_lucy(x, h, 2, 2, clip=False),
        (positive(7), positive(3)),
    ),
}
# Compiled in the default run; the others inherit the same convolution.
DEFAULT = (
    "convolve, fft",
    "convolve2d",
    "upfirdn",
    "lfilter",
    "savgol_filter",
    "stft",
    "istft",
    "deconvolve",
    "wiener",
)


def squares(tree):
    """The sum of |z - 0.3|**2 over all arrays: nothing of a derivative can hide in a phase or a sign."""
    return sum(jnp.sum(jnp.abs(z - 0.3) ** 2) for z in jax.tree.leaves(tree))


@pytest.mark.parametrize("name", [n if n in DEFAULT else pytest.param(n, marks=pytest.mark.slow) for n in FUNCTIONS])
def test_derivatives_in_both_modes_to_order_2_equal_differences(name, x64):
    function, operands = FUNCTIONS[name]
    operands = tuple(jnp.asarray(o) for o in operands)
    directions = tuple(jnp.asarray(0.5 * rng.normal(size=o.shape)) for o in operands)
    step = 2e-3 if name.endswith("lucy") else 1e-2

    def value(operands):
        return squares(function(*operands))

    def along(f):
        return lambda operands: jax.jvp(f, (operands,), (directions,))[1]

    def reverse(f):
        return lambda operands: sum(jnp.vdot(g, d) for g, d in zip(jax.grad(f)(operands), directions, strict=True))

    @jax.jit
    def everything(operands):
        steps = jnp.arange(-3, 4) * step
        moved = jax.vmap(lambda t: value(tuple(o + t * d for o, d in zip(operands, directions, strict=True))))(steps)
        first = jnp.stack([along(value)(operands), reverse(value)(operands)])
        orders = (along(along(value)), along(reverse(value)), reverse(along(value)), reverse(reverse(value)))
        return moved, first, jnp.stack([f(operands) for f in orders])

    moved, first, second = everything.lower(operands).compile(QUICK_COMPILE)(operands)
    # Differences of order 6.
    slope = np.array([-1, 9, -45, 0, 45, -9, 1]) @ np.asarray(moved) / (60 * step)
    bend = np.array([2, -27, 270, -490, 270, -27, 2]) @ np.asarray(moved) / (180 * step**2)
    size = float(np.abs(moved).max())
    np.testing.assert_allclose(first, slope, atol=1e-7 * size, rtol=1e-6)
    np.testing.assert_allclose(second, bend, atol=1e-5 * size, rtol=1e-5)
    assert abs(slope) > 1e-3 and abs(bend) > 1e-3
