"""wiener_deconvolve: a blur by a known kernel undone in one step, with a penalty on roughness."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from jconv._typing import Array, ArrayLike, Ints
from jconv.signal._dtypes import as_fraction, is_complex, transformable
from jconv.signal._transfer import clipped, laplacian, transfer


def wiener_deconvolve(
    image: ArrayLike,
    psf: ArrayLike,
    balance: ArrayLike,
    reg: ArrayLike | None = None,
    is_real: bool = True,
    clip: bool = True,
) -> Array:
    """Undo a blur by Wiener-Hunt deconvolution, as `skimage.restoration.wiener` (`wiener` here is SciPy's).

    X = conj(H) / (|H|**2 + balance * |R|**2) * Y  at every frequency,

    with the spectra Y of the picture, H of the blur and R of the penalty. Borders are periodic. Differentiable in
    picture, kernel, balance and penalty.

    Args:
        image: the blurred picture, real, of any number of axes.
        psf: the blur: its kernel, real, the middle (size // 2) its origin; or complex, its transfer function.
        balance: the weight of the penalty.
        reg: the penalty, a kernel or a transfer function as `psf`; None means second differences (the Laplacian).
        is_real: transfer functions have no negative frequencies along the last axis.
        clip: bring the result into [-1, 1].

    Returns:
        Array of the picture's shape; complex if not `is_real`.

    Raises:
        ValueError: shapes that do not fit together.
        TypeError: a complex picture.

    Examples:
        >>> import jax.numpy as jnp
        >>> from jconv.signal import convolve
        >>> x = jnp.zeros(16).at[5].set(1.0)
        >>> blurred = convolve(x, jnp.array([0.25, 0.5, 0.25]), mode="same")
        >>> print(wiener_deconvolve(blurred, jnp.array([0.25, 0.5, 0.25]), 1e-3)[4:7].round(1))
        [0.2 0.8 0.2]

    References:
        Hunt, "A matrix theory proof of the discrete convolution theorem", 1971; Orieux, Giovannelli and Rodet,
        "Bayesian estimation of regularization and point spread function parameters for Wiener-Hunt deconvolution",
        2010. scikit-image takes only the real part of a transfer function that it is given; here all of it counts.
    """
    verb = "wiener_deconvolve"
    x = transformable(verb, image=image)
    if is_complex(x):
        raise TypeError(f"{verb}: image must be real, and is {x.dtype}.")
    h = _spectrum(verb, "psf", psf, x, is_real)
    r = _spectrum(verb, "reg", laplacian(x.ndim) if reg is None else reg, x, is_real)
    weight = jnp.asarray(balance).astype(x.dtype)
    restored = _restored(x, h, r, weight, is_real)
    return clipped(restored) if clip else restored


@partial(jax.jit, static_argnums=4, inline=True)
def _restored(x: Array, h: Array, r: Array, weight: Array, is_real: bool) -> Array:
    """The picture x from the spectra of blur and penalty."""
    inverse = jnp.conj(h) / (_power(h) + weight * _power(r)).astype(h.dtype)
    if is_real:
        return jnp.fft.irfftn(inverse * jnp.fft.rfftn(x), x.shape)
    return jnp.fft.ifftn(inverse * jnp.fft.fftn(x))


def _power(spectrum: Array) -> Array:
    """|spectrum|**2, which has a derivative at 0 too."""
    return spectrum.real**2 + spectrum.imag**2


def _spectrum(verb: str, name: str, response: Any, image: Array, is_real: bool) -> Array:
    """The transfer function of a kernel, or the one given, in the picture's precision."""
    response = as_fraction(jnp.asarray(response))
    shape: Ints = (*image.shape[:-1], image.shape[-1] // 2 + 1) if is_real else image.shape
    if is_complex(response):
        if response.shape != shape:
            raise ValueError(f"{verb}: {name} is a transfer function: its shape must be {shape}, not {response.shape}.")
        return response.astype(jnp.promote_types(image.dtype, jnp.complex64))
    fits = response.ndim == image.ndim and all(k <= n for k, n in zip(response.shape, image.shape, strict=True))
    if not fits:
        raise ValueError(
            f"{verb}: {name} must have as many axes as the image and be nowhere larger; they have shapes "
            f"{response.shape} and {image.shape}."
        )
    return transfer(response.astype(image.dtype), image.shape, half=is_real)
