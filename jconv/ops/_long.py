"""Causal convolution by a kernel as long as the sequence: the mixing step of S4 and of Hyena."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms.fft.tiles import fast_length
from jconv._typing import Array, ArrayLike
from jconv.ops._avg_pool import with_fractions
from jconv.ops._causal import causal_conv

# Kernels of up to so many taps are summed tap by tap, in less time.
FEW_TAPS = 16
# XLA:CPU transforms on one core what comes after other work, but several transforms at once: so many.
PARTS = 4


def long_conv(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    gate: ArrayLike | None = None,
    skip: ArrayLike | None = None,
) -> Array:
    """Convolve every channel with a kernel as long as the sequence, causally; skip and gate in the same call.

    y[t, c] = gate[t, c] * (sum over s <= t of  kernel[s, c] * x[t - s, c]  +  skip[c] * x[t, c]).

    The kernel is an impulse response, as state-space models give it: kernel[0] meets the present, where in
    `causal_conv` the last tap does. Time is O(length log length), by transforms of the sequence's own length, in the
    forward pass and in gradients. Their errors are relative to the largest values, not to each, and a NaN spreads over
    its whole channel. A kernel of 16 taps or fewer is summed tap by tap.

    Args:
        x: (*batch, length, c), with any number of batch axes, also none.
        kernel: (taps, c); taps beyond the length meet nothing.
        gate: multiplies the result; of a shape that broadcasts to that of x. None for 1.
        skip: how much of x itself is added, (c,) or a number. None for 0.

    Returns:
        (*batch, length, c), in the dtype that all are promoted to. Half types are computed in float32.

    Raises:
        ValueError: shapes that do not fit together.
        TypeError: an argument that is no array of numbers.

    Examples:
        >>> import jax.numpy as jnp
        >>> x, decay = jnp.array([1.0, 0.0, 0.0, 2.0])[:, None], 0.5 ** jnp.arange(4.0)[:, None]
        >>> long_conv(x, decay, skip=1.0).ravel().round(3)
        Array([2.   , 0.5  , 0.25 , 4.125], dtype=float32)

    References:
        Gu, Goel and Re, "Efficiently modeling long sequences with structured state spaces", arXiv:2111.00396.
        Poli et al., "Hyena hierarchy: towards larger convolutional language models", arXiv:2302.10866.
    """
    given = {"x": x, "kernel": kernel}
    given |= {name: a for name, a in {"gate": gate, "skip": skip}.items() if a is not None}
    arrays = {name: with_fractions("long_conv", a, name)[0] for name, a in given.items()}
    _check_shapes(**{name: a.shape for name, a in arrays.items()})
    dtype = jnp.result_type(*arrays.values())
    wide = {name: a.astype(jnp.promote_types(dtype, np.float32)) for name, a in arrays.items()}
    x, kernel = wide["x"], wide["kernel"][: arrays["x"].shape[-2]]
    if skip is not None:  # x itself is what the tap of the present sees
        kernel = kernel.at[0].add(wide["skip"])
    y = _causal(x, kernel) if x.size else x
    return (y if gate is None else y * _with_axes(wide["gate"], y.ndim)).astype(dtype)


def _with_axes(a: Array, ndim: int) -> Array:
    """The same with axes of length 1 before, so that it broadcasts in programs that forbid it unsaid."""
    return a.reshape((1,) * (ndim - a.ndim) + a.shape)


def _check_shapes(x, kernel, gate=(), skip=()) -> None:
    if len(x) < 2:
        raise ValueError(f"long_conv: x must be (*batch, length, c); it has shape {x}.")
    if len(kernel) != 2 or kernel[0] == 0 or kernel[-1] != x[-1]:
        raise ValueError(
            f"long_conv: kernel must be (taps, c) with one tap or more and the c={x[-1]} channels of x; it has shape "
            f"{kernel} (x has shape {x}). One of jconv.conv, (taps, 1, c), becomes one by kernel[::-1, 0]."
        )
    if skip not in ((), (1,), x[-1:]):
        raise ValueError(f"long_conv: skip must be a number or (c,) with c={x[-1]}; it has shape {skip}.")
    if len(gate) > len(x) or any(n not in (1, m) for n, m in zip(reversed(gate), reversed(x), strict=False)):
        raise ValueError(f"long_conv: gate must broadcast to the shape of x, {x}; it has shape {gate}.")


def _causal(x: Array, kernel: Array) -> Array:
    """The first n numbers of the convolution of x (*batch, n, c) with kernel (taps, c)."""
    c = x.shape[-1]
    if len(kernel) <= FEW_TAPS:
        return causal_conv(x, kernel[::-1, None], groups=c, algorithm="direct")
    parts = PARTS if c % PARTS == 0 else 1
    pairs = (jnp.split(a.reshape(-1, a.shape[-2], c).swapaxes(1, 2), parts, 1) for a in (x, kernel))  # [N, c, n]
    low = _low_of_complex if jnp.iscomplexobj(x) else _low_of_real
    return jnp.concatenate([low(a, b).swapaxes(1, 2) for a, b in zip(*pairs, strict=True)], 2).reshape(x.shape)


def _low_of_real(x: Array, kernel: Array) -> Array:
    """Convolve modulo t^m - i, where m >= n: that is low + i high, without padding.

    The product of two sequences of n numbers is low + t^m high, of which the first n are wanted: low, which of real
    sequences is the real part. A transform multiplies modulo t^m - 1: with t the twist's root of i times another
    variable, modulo t^m - i. All steps are linear, or one product, and their transposes are transforms as long.
    """
    n = x.shape[-1]
    length = fast_length(n, even=False)
    angle = np.pi / 2 * np.arange(n).reshape(1, 1, n) / length
    cos, sin = np.cos(angle).astype(x.dtype), np.sin(angle).astype(x.dtype)

    def spectrum(a: Array) -> Array:
        taps = a.shape[-1]
        twisted = lax.complex(a * cos[..., :taps], a * sin[..., :taps])
        return lax.fft(_padded(twisted, length), "FFT", (length,))

    y = lax.fft(spectrum(x) * spectrum(kernel), "IFFT", (length,))[..., :n]
    return lax.real(y) * cos + lax.imag(y) * sin


def _low_of_complex(x: Array, kernel: Array) -> Array:
    """Convolve with padding to twice the length: of complex sequences the imaginary part is taken."""
    n = x.shape[-1]
    length = fast_length(n + kernel.shape[-1] - 1, even=False)
    spectra = (lax.fft(_padded(a, length), "FFT", (length,)) for a in (x, kernel))
    return lax.fft(next(spectra) * next(spectra), "IFFT", (length,))[..., :n]


def _padded(a: Array, length: int) -> Array:
    pads = [(0, 0, 0)] * (a.ndim - 1) + [(0, length - a.shape[-1], 0)]
    return lax.pad(a, jnp.zeros((), a.dtype), pads)
