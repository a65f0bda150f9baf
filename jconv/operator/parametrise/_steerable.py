"""Kernels that can be turned by any angle, exactly, on their coefficients."""

import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, ArrayLike

RING_WIDTH = 0.6  # of the Gaussian across a ring, in pixels


def circular_harmonics(size: int, *, max_frequency: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Give waves round the origin on rings: `basis = exp(-(r - R)**2 / (2 * 0.6**2)) * exp(i m phi)`, of unit length.

    Rings have the radii R = 0, 1, ... size // 2; waves the frequencies m = 0 ... max_frequency, but no
    more than a ring can show (m <= 2 R).

    Args:
        size: taps along both axes.
        max_frequency: the largest m.

    Returns:
        The basis, complex (functions, size, size), and each function's m (functions,).

    Raises:
        ValueError: the size or the frequency is too small.

    Examples:
        >>> basis, frequencies = circular_harmonics(3)
        >>> basis.shape, frequencies
        ((4, 3, 3), array([0, 0, 1, 2]))

    References:
        Freeman and Adelson, "The design and use of steerable filters", IEEE PAMI 13 (1991).
        Weiler, Hamprecht and Storath, "Learning steerable filters for rotation equivariant CNNs",
        arXiv:1711.07289, for the rings.
    """
    if size < 1 or max_frequency < 0:
        raise ValueError(
            f"circular_harmonics: size={size} must be at least 1 and max_frequency={max_frequency} at least 0."
        )
    position = np.arange(size) - (size - 1) / 2
    y, x = position[:, None], position[None, :]
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    pairs = [(ring, m) for ring in range(size // 2 + 1) for m in range(min(max_frequency, 2 * ring) + 1)]
    basis = []
    for ring, m in pairs:
        wave = np.exp(-((radius - ring) ** 2) / (2 * RING_WIDTH**2) + 1j * m * angle)
        wave = np.where((radius == 0) & (m > 0), 0, wave)  # which has no direction
        basis.append(wave / np.linalg.norm(wave))
    return np.stack(basis), np.array([m for _, m in pairs])


def steerable(weights: ArrayLike, *, size: int, max_frequency: int = 2, angle: ArrayLike = 0.0) -> Array:
    """Make kernels of circular harmonics: `kernel = Re sum over b of w[b] exp(-i m[b] angle) basis[b]`.

    w is complex: weights[0] + i weights[1]. An angle turns the kernels, without an error but the grid's: by 90
    degrees it turns the array.

    Args:
        weights: (2, functions, c_in // groups, c_out), real and imaginary parts, for as many functions as
            `circular_harmonics` has.
        size: taps along both axes.
        max_frequency: as in `circular_harmonics`.
        angle: to turn by, in radians from the x axis (columns) towards the y axis (down).

    Returns:
        (size, size, c_in // groups, c_out).

    Raises:
        ValueError: the weights do not fit the basis.

    Examples:
        >>> weights = jnp.ones((2, 4, 1, 1))
        >>> turned = steerable(weights, size=3, angle=jnp.pi / 2)
        >>> bool(jnp.allclose(turned, jnp.rot90(steerable(weights, size=3), -1), atol=1e-6))
        True

    References:
        As for `circular_harmonics`; Worrall, Garbin, Turmukhambetov and Brostow, "Harmonic networks",
        arXiv:1612.04642.
    """
    weights = jnp.asarray(weights)
    basis, frequencies = circular_harmonics(size, max_frequency=max_frequency)
    if weights.ndim != 4 or weights.shape[:2] != (2, len(basis)):
        raise ValueError(
            f"steerable: weights must be (2, {len(basis)}, c_in // groups, c_out) for size={size} and "
            f"max_frequency={max_frequency}; they have shape {weights.shape}."
        )
    phase = frequencies * jnp.asarray(angle, weights.dtype)
    waves = basis.reshape(len(basis), -1).astype(jnp.promote_types(weights.dtype, jnp.complex64))
    turned = waves * jnp.exp(-1j * phase)[:, None]
    parts = jnp.stack([turned.real, -turned.imag]).astype(weights.dtype)
    kernel = jnp.einsum("pbk,pbcm->kcm", parts, weights, precision="highest")
    return kernel.reshape(size, size, *weights.shape[2:])
