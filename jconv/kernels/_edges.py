"""Kernels that find edges: first derivatives, the Laplacian and its smoothed forms. All sum to zero."""

import jax
import jax.numpy as jnp
import numpy as np

from jconv.kernels._smooth import check_size, gaussian, outer, size_for


def _derivative(name: str, across: list[float], axis: int, normalize: bool, ndim: int) -> jax.Array:
    """Difference along one axis, weights `across` along each other axis."""
    if not -ndim <= axis < ndim:
        raise ValueError(f"{name}: axis={axis} must lie in -{ndim}...{ndim - 1} (ndim={ndim}).")
    difference, smooth = np.array([-1.0, 0.0, 1.0]), np.array(across)
    if normalize:
        difference, smooth = difference / 2, smooth / np.sum(smooth)
    return outer([difference if place == axis % ndim else smooth for place in range(ndim)])


def sobel(*, axis: int = -1, normalize: bool = False, ndim: int = 2) -> jax.Array:
    """Differentiate along one axis, smooth along the others: `[-1, 0, 1]` times `[1, 2, 1]`.

    Integers as printed in the textbooks and as in scipy.ndimage.sobel; normalised, a slope of one
    pixel value a pixel gives 1 (scikit-image's value is twice that).

    Args:
        axis: the axis to differentiate along: -1 (x, the default) answers to vertical edges, -2 (y)
            to horizontal ones; positive where the picture grows brighter along the axis.
        normalize: divide by `2 * 4**(ndim - 1)`.
        ndim: number of axes.

    Returns:
        Array `(3,) * ndim`.

    Raises:
        ValueError: if there is no such axis.

    Examples:
        >>> sobel()
        Array([[-1.,  0.,  1.],
               [-2.,  0.,  2.],
               [-1.,  0.,  1.]], dtype=float32)

    References:
        Sobel and Feldman, "A 3x3 isotropic gradient operator for image processing", 1968.
    """
    return _derivative("sobel", [1.0, 2.0, 1.0], axis, normalize, ndim)


def scharr(*, axis: int = -1, normalize: bool = False, ndim: int = 2) -> jax.Array:
    """Differentiate with less error in the angle than Sobel's: `[-1, 0, 1]` times `[3, 10, 3]`.

    Args:
        axis: as in `sobel`.
        normalize: divide by `2 * 16**(ndim - 1)`: half of scikit-image's scharr.
        ndim: number of axes.

    Returns:
        Array `(3,) * ndim`.

    Raises:
        ValueError: if there is no such axis.

    Examples:
        >>> scharr()
        Array([[ -3.,   0.,   3.],
               [-10.,   0.,  10.],
               [ -3.,   0.,   3.]], dtype=float32)

    References:
        Scharr, "Optimale Operatoren in der digitalen Bildverarbeitung", thesis, Heidelberg 2000.
    """
    return _derivative("scharr", [3.0, 10.0, 3.0], axis, normalize, ndim)


def prewitt(*, axis: int = -1, normalize: bool = False, ndim: int = 2) -> jax.Array:
    """Differentiate along one axis, average along the others: `[-1, 0, 1]` times `[1, 1, 1]`.

    Args:
        axis: as in `sobel`.
        normalize: divide by `2 * 3**(ndim - 1)`: half of scikit-image's prewitt. Integers otherwise,
            as in scipy.ndimage.prewitt.
        ndim: number of axes.

    Returns:
        Array `(3,) * ndim`.

    Raises:
        ValueError: if there is no such axis.

    Examples:
        >>> prewitt(axis=0)
        Array([[-1., -1., -1.],
               [ 0.,  0.,  0.],
               [ 1.,  1.,  1.]], dtype=float32)

    References:
        Prewitt, "Object enhancement and extraction", 1970.
    """
    return _derivative("prewitt", [1.0, 1.0, 1.0], axis, normalize, ndim)


def roberts(*, diagonal: int = 0) -> jax.Array:
    """Differentiate across a diagonal in the smallest window: `[[1, 0], [0, -1]]`.

    The values of skimage.filters.roberts_pos_diag and roberts_neg_diag.

    Args:
        diagonal: 0 for the main diagonal, 1 for the other.

    Returns:
        Array `(2, 2)`; with `padding="SAME"` its origin is the upper left tap.

    Raises:
        ValueError: if diagonal is neither 0 nor 1.

    Examples:
        >>> roberts(diagonal=1)
        Array([[ 0.,  1.],
               [-1.,  0.]], dtype=float32)

    References:
        Roberts, "Machine perception of three-dimensional solids", thesis, MIT 1963.
    """
    if diagonal not in (0, 1):
        raise ValueError(f"roberts: diagonal={diagonal} must be 0 or 1.")
    return jnp.asarray([[[1.0, 0.0], [0.0, -1.0]], [[0.0, 1.0], [-1.0, 0.0]]][diagonal], dtype=float)


def laplacian(*, neighbors: int = 4) -> jax.Array:
    """Add up the second differences: the neighbours' sum less `neighbors` times the middle.

    Args:
        neighbors: 4, the five-point formula of scipy.ndimage.laplace, or 8, with the diagonals.

    Returns:
        Array `(3, 3)`.

    Raises:
        ValueError: if neighbors is neither 4 nor 8.

    Examples:
        >>> laplacian()
        Array([[ 0.,  1.,  0.],
               [ 1., -4.,  1.],
               [ 0.,  1.,  0.]], dtype=float32)
    """
    if neighbors not in (4, 8):
        raise ValueError(f"laplacian: neighbors={neighbors} must be 4 or 8.")
    corner = 1.0 if neighbors == 8 else 0.0
    return jnp.asarray([[corner, 1.0, corner], [1.0, -float(neighbors), 1.0], [corner, 1.0, corner]], dtype=float)


def laplacian_of_gaussian(sigma: float | jax.Array, *, size: int | None = None, ndim: int = 2) -> jax.Array:
    """Find blobs and edges of one scale: the sum over axes of the Gaussian's second derivative.

    The values of scipy.ndimage.gaussian_laplace. Differentiable in sigma.

    Args:
        sigma: standard deviation in pixels.
        size: taps along each axis, as in `gaussian`.
        ndim: number of axes.

    Returns:
        Array `(size,) * ndim`. Its sum is zero but for what the window cuts off.

    Raises:
        ValueError: as in `gaussian`.

    Examples:
        >>> laplacian_of_gaussian(1.0).shape
        (9, 9)

    References:
        Marr and Hildreth, "Theory of edge detection", 1980.
    """
    size = size_for("laplacian_of_gaussian", 4 * sigma) if size is None else size
    total = jnp.zeros((check_size("laplacian_of_gaussian", size),) * ndim, dtype=float)
    for axis in range(ndim):
        order = [2 if place == axis else 0 for place in range(ndim)]
        total += gaussian(sigma, size=size, ndim=ndim, order=order)
    return total


def difference_of_gaussians(
    low: float | jax.Array, high: float | jax.Array, *, size: int | None = None, ndim: int = 2
) -> jax.Array:
    """Pass one band of scales: the Gaussian of `low` less that of `high`.

    The filter of skimage.filters.difference_of_gaussians. Differentiable in both.

    Args:
        low: the smaller standard deviation, in pixels.
        high: the larger one; 1.6 times `low` comes nearest to the Laplacian of Gaussian.
        size: taps along each axis, as in `gaussian`.
        ndim: number of axes.

    Returns:
        Array `(size,) * ndim`.

    Raises:
        ValueError: as in `gaussian`.

    Examples:
        >>> difference_of_gaussians(1.0, 1.6).shape
        (13, 13)

    References:
        Marr and Hildreth, "Theory of edge detection", 1980.
    """
    size = size_for("difference_of_gaussians", 4 * jnp.maximum(low, high)) if size is None else size
    return gaussian(low, size=size, ndim=ndim) - gaussian(high, size=size, ndim=ndim)
