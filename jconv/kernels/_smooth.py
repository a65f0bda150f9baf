"""Kernels that leave alone or blur: identity, box, binomial, gaussian, disk, motion. All sum to one."""

from collections.abc import Sequence
from functools import reduce
from math import ceil, comb
from operator import mul

import jax
import jax.numpy as jnp
import numpy as np


def outer(vectors: Sequence) -> jax.Array:
    """Multiply vectors along an axis each: `k[i, j, ...] = u[i] * v[j] * ...`, of NumPy or of JAX."""
    shapes = np.eye(len(vectors), dtype=int) * -2 + 1  # [[-1, 1], [1, -1]]: each along its own axis
    return jnp.asarray(reduce(mul, [v.reshape(shape) for v, shape in zip(vectors, shapes, strict=True)]), dtype=float)


def check_size(name: str, size: int) -> int:
    """Return a window's size, or say why it is none."""
    if not isinstance(size, int | np.integer):
        raise TypeError(f"{name}: size={size!r} must be an int.")
    if size < 1:
        raise ValueError(f"{name}: size={size} must be at least 1.")
    return int(size)


def size_for(name: str, reach: float | jax.Array) -> int:
    """Return the odd size whose half covers `reach`; a traced reach has no size to give."""
    try:
        reach = float(reach)
    except jax.errors.ConcretizationTypeError:
        raise ValueError(
            f"{name}: its width is traced, and a shape cannot depend on a traced value. Give size=..."
        ) from None
    if not (reach > 0 and np.isfinite(reach)):
        raise ValueError(f"{name}: its width must be positive and finite.")
    return 2 * int(reach + 0.5) + 1


def offsets(size: int) -> np.ndarray:
    """Return the taps' positions about the origin, which `padding="SAME"` puts at tap `(size - 1) // 2`."""
    return np.arange(size) - (size - 1.0) // 2


def identity(size: int, *, ndim: int = 2) -> jax.Array:
    """Leave the picture as it is: `k[i] = 1` at the origin, 0 elsewhere.

    Args:
        size: taps along each axis; the origin is tap `(size - 1) // 2`, as in `padding="SAME"`.
        ndim: number of axes.

    Returns:
        Array `(size,) * ndim`.

    Raises:
        ValueError: if size is below 1.

    Examples:
        >>> identity(3, ndim=1)
        Array([0., 1., 0.], dtype=float32)
    """
    return outer([offsets(check_size("identity", size)) == 0] * ndim)


def box(size: int, *, ndim: int = 2) -> jax.Array:
    """Average a window: `k[i] = 1 / size**ndim`, as scipy.ndimage.uniform_filter.

    Args:
        size: taps along each axis.
        ndim: number of axes.

    Returns:
        Array `(size,) * ndim`.

    Raises:
        ValueError: if size is below 1.

    Examples:
        >>> box(2)
        Array([[0.25, 0.25],
               [0.25, 0.25]], dtype=float32)
    """
    return jnp.full((check_size("box", size),) * ndim, 1 / size**ndim, dtype=float)


def binomial(size: int, *, ndim: int = 2) -> jax.Array:
    """Blur with a row of Pascal's triangle: `k[i] = C(n, i) / 2**n`, n = size - 1, along each axis.

    The integer cousin of the Gaussian (sigma = sqrt(n) / 2), and its own: two blurs of
    sizes a and b are exactly the blur of size a + b - 1.

    Args:
        size: taps along each axis.
        ndim: number of axes.

    Returns:
        Array `(size,) * ndim`.

    Raises:
        ValueError: if size is below 1.

    Examples:
        >>> binomial(3) * 16
        Array([[1., 2., 1.],
               [2., 4., 2.],
               [1., 2., 1.]], dtype=float32)

    References:
        Burt and Adelson, "The Laplacian pyramid as a compact image code", 1983.
    """
    n = check_size("binomial", size) - 1
    return outer([np.array([comb(n, i) / 2**n for i in range(size)])] * ndim)


def gaussian(
    sigma: float | jax.Array, *, size: int | None = None, ndim: int = 2, order: int | Sequence[int] = 0
) -> jax.Array:
    """Blur with a sampled Gaussian: `k[i] ~ exp(-i**2 / (2 sigma**2))` along each axis, summing to one.

    Differentiable in sigma, so that a width can be learned. The values of
    scipy.ndimage.gaussian_filter, whose `truncate=4` is the default size here too.

    Args:
        sigma: standard deviation in pixels, a scalar, or one per axis `(ndim,)`.
        size: taps along each axis; by default `2 * round(4 * sigma) + 1` of the largest sigma. Needed
            where sigma is traced (under jit or grad).
        ndim: number of axes.
        order: 0 for the Gaussian, 1 or 2 for its first or second derivative; one, or one per axis.
            A first derivative is positive where the picture rises along the axis.

    Returns:
        Array `(size,) * ndim`.

    Raises:
        ValueError: if sigma is not positive, order is not 0, 1 or 2, or sigma is traced and size not given.

    Examples:
        >>> gaussian(1.0, size=3, ndim=1)
        Array([0.27406862, 0.45186275, 0.27406862], dtype=float32)
        >>> jax.grad(lambda sigma: gaussian(sigma, size=3, ndim=1)[1])(1.0)
        Array(-0.24768..., dtype=float32, weak_type=True)
    """
    sigmas = jnp.broadcast_to(jnp.asarray(sigma, dtype=float), (ndim,))
    size = size_for("gaussian", 4 * jnp.max(sigmas)) if size is None else check_size("gaussian", size)
    orders = (order,) * ndim if isinstance(order, int) else tuple(order)
    if len(orders) != ndim or not set(orders) <= {0, 1, 2}:
        raise ValueError(f"gaussian: order={order} must be 0, 1 or 2, one or {ndim} of them.")
    position = offsets(size)
    vectors = []
    for axis, derivative in enumerate(orders):
        variance = sigmas[axis] ** 2
        bell = jax.nn.softmax(-(position**2) / (2 * variance))
        # The derivatives of the *picture*: cross-correlation meets them mirrored, hence +position.
        factors = (1.0, position / variance, position**2 / variance**2 - 1 / variance)
        vectors.append(bell * factors[derivative])
    return outer(vectors)


def disk(radius: float) -> jax.Array:
    """Blur as a lens out of focus: `k[i, j]` equal where `i**2 + j**2 <= radius**2`, summing to one.

    The shape of skimage.morphology.disk.

    Args:
        radius: of the disk, in pixels.

    Returns:
        Array `(2 * floor(radius) + 1,) * 2`.

    Raises:
        ValueError: if radius is negative.

    Examples:
        >>> disk(1) * 5
        Array([[0., 1., 0.],
               [1., 1., 1.],
               [0., 1., 0.]], dtype=float32)
    """
    if radius < 0:
        raise ValueError(f"disk: radius={radius} must not be negative.")
    position = offsets(2 * int(radius) + 1)
    inside = position[:, None] ** 2 + position**2 <= radius**2
    return jnp.asarray(inside / np.sum(inside), dtype=float)


def motion(length: float, *, angle: float | jax.Array = 0.0) -> jax.Array:
    """Blur as a camera that moved: `k[i, j] ~ max(0, 1 - distance of (i, j) to the path)`, summing to one.

    The path is a straight stretch of `length` pixels through the centre, as MATLAB's fspecial("motion").

    Args:
        length: pixels passed, at least 1.
        angle: of the path, in radians from the rows, anticlockwise as one looks at the picture.

    Returns:
        Array `(size, size)` with the odd size that holds the path.

    Raises:
        ValueError: if length is below 1.

    Examples:
        >>> motion(3)
        Array([[0.        , 0.        , 0.        ],
               [0.33333334, 0.33333334, 0.33333334],
               [0.        , 0.        , 0.        ]], dtype=float32)
    """
    if not length >= 1:
        raise ValueError(f"motion: length={length} must be at least 1.")
    half = (length - 1) / 2
    position = offsets(2 * ceil(half) + 1)
    down, right = position[:, None], position[None, :]
    along = right * jnp.cos(angle) - down * jnp.sin(angle)
    across = right * jnp.sin(angle) + down * jnp.cos(angle)
    beyond = jnp.maximum(jnp.abs(along) - half, 0.0)
    # A square root of the sum of squares has no gradient on the path itself: the larger of two slopes does.
    near = jnp.where(beyond > 0, jnp.sqrt(jnp.where(beyond > 0, beyond**2 + across**2, 1.0)), jnp.abs(across))
    weight = jnp.maximum(1.0 - near, 0.0)
    return weight / jnp.sum(weight)
