"""Coordinates in which a photograph's neighbouring pixels are not alike: a wrapper of optax optimisers."""

from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jconv._typing import Array, ArrayLike


def decorrelate(
    optimizer: optax.GradientTransformation,
    pictures: ArrayLike,
    *,
    damping: float = 1e-6,
    patches: int = 16384,
) -> optax.GradientTransformationExtraArgs:
    """Let an optimiser see kernels in coordinates in which the pictures' pixels are not alike.

    `kernel = C^(-1/2) theta,  C = E[p p^T] + damping * mean variance`, p the pixels under the window. The
    optimiser works on theta: gradients go in as `C^(-1/2) g`, updates come out as `C^(-1/2) u`. Neighbouring
    pixels of a photograph are so alike that plain descent needs tens of thousands of steps to tell two taps
    apart (the condition number of C is 1e4 and more); in theta it is 1. The pictures alone decide, never the
    targets: this is whitening, done to the parameters instead of the pictures.

    Args:
        optimizer: any of optax's.
        pictures: `(pictures, *spatial, channels)`, as the model is given them. Every parameter called
            "kernel" that is as deep (`c_in` = channels) and of their rank is treated; others pass.
        damping: keeps what the pictures hardly show from being blown up.
        patches: how many windows the covariance is taken over, drawn at random; at least four a tap.

    Returns:
        The optimiser in the new coordinates.

    Examples:
        >>> x = jax.random.normal(jax.random.key(0), (1, 32, 32, 1))
        >>> optimizer = decorrelate(optax.adam(0.1), x)

    References:
        Desjardins, Simonyan, Pascanu and Kavukcuoglu, "Natural neural networks", arXiv:1507.00210.
    """
    optimizer = optax.with_extra_args_support(optimizer)
    pixels = np.asarray(pictures, np.float64)

    def roots(path, kernel) -> tuple[Array, Array] | None:
        """Give C^(1/2) and C^(-1/2), or None for what is no kernel of the pictures."""
        window = kernel.shape[:-2]
        named_kernel = any(getattr(key, "key", None) == "kernel" for key in path)
        if not named_kernel or len(window) != pixels.ndim - 2 or kernel.shape[-2] != pixels.shape[-1]:
            return None
        seen = _draw_patches(pixels, window, max(patches, 4 * prod(window)))
        values, vectors = np.linalg.eigh(seen.T @ seen / len(seen))
        values = np.sqrt(np.maximum(values, 0) + max(damping * np.mean(values), 1e-30))
        root, inverse = ((vectors * power) @ vectors.T for power in (values, 1 / values))
        return jnp.asarray(root, kernel.dtype), jnp.asarray(inverse, kernel.dtype)

    def change(tree, matrices, which: int):
        """Multiply every kernel of a tree by its C^(1/2), which is 0, or C^(-1/2), which is 1."""

        def one(matrix, leaf):
            if matrix is None:
                return leaf
            flat = leaf.reshape(-1, leaf.shape[-1])
            return jnp.matmul(matrix[which], flat, precision="highest").reshape(leaf.shape)

        leaves, structure = jax.tree.flatten(tree)
        return jax.tree.unflatten(structure, map(one, matrices, leaves))

    def init(params: Any) -> Any:
        """Give the roots for every parameter, and the optimiser's state for theta."""
        with_paths = jax.tree_util.tree_leaves_with_path(params)
        matrices = [roots(path, leaf) for path, leaf in with_paths]
        return matrices, optimizer.init(change(params, matrices, 0))

    def update(updates, state, params=None, **extra):
        """Give the updates of the kernels from their gradients, and the next state."""
        matrices, inner = state
        if params is not None:
            params = change(params, matrices, 0)
        if "grad" in extra:
            extra["grad"] = change(extra["grad"], matrices, 1)
        if "value_fn" in extra:
            value_fn = extra["value_fn"]
            extra["value_fn"] = lambda theta: value_fn(change(theta, matrices, 1))
        updates, inner = optimizer.update(change(updates, matrices, 1), inner, params, **extra)
        return change(updates, matrices, 1), (matrices, inner)

    return optax.GradientTransformationExtraArgs(init, update)


def _draw_patches(pictures: np.ndarray, window: tuple[int, ...], count: int) -> np.ndarray:
    """Cut `count` windows out of `(pictures, *spatial, channels)` at random places.

    The result is `(count, taps * channels)`, each flattened as a kernel is.
    """
    rank = len(window)
    views = np.lib.stride_tricks.sliding_window_view(pictures, window, axis=tuple(range(1, rank + 1)))
    rng = np.random.default_rng(0)
    places = tuple(rng.integers(0, size, count) for size in views.shape[: rank + 1])
    return np.moveaxis(views[places], 1, -1).reshape(count, -1)
