"""Extreme eigenvectors of a Hermitian map that is given as a function."""

from collections.abc import Callable

import jax.numpy as jnp
from jax import lax

from jconv._typing import Array


def block_iteration(
    matvec: Callable[[Array], Array],
    start: Array,
    count: int,
    largest: bool,
    tolerance: float,
    max_iterations: int,
) -> Array:
    """The first `count` eigenvectors from one end, as orthonormal rows.

    The power method with a memory: each step looks for the best vectors in the space of the present
    ones, their residuals and the last steps, and so needs as many steps as conjugate gradients would.

    Args:
        matvec: the map, applied to each row of an array [any number, n].
        start: rows to begin with, `count` or some more.
        count: how many must be accurate.
        largest: from the large end; else from the small one.
        tolerance: length of their residuals, relative to the map's norm, at which they are.
        max_iterations: steps after which it ends in any case.

    References:
        Knyazev, "Toward the optimal preconditioned eigensolver: locally optimal block preconditioned
        conjugate gradient method", SIAM J. Sci. Comput. 23 (2001).
    """
    block = start.shape[0]

    def unfinished(state) -> Array:
        values, rows, images, _, norm, step = state
        residuals = jnp.linalg.norm(images - values[:, None] * rows, axis=1)[:count]
        return (step == 0) | (step < max_iterations) & jnp.any(residuals > tolerance * norm)

    def improve(state):
        values, rows, images, moves, norm, step = state
        space = jnp.concatenate([rows, images - values[:, None] * rows, moves])
        basis = jnp.linalg.qr(space.T)[0].T
        images = matvec(basis)
        values, mixes = jnp.linalg.eigh(basis.conj() @ images.T)
        norm = jnp.maximum(norm, jnp.max(jnp.abs(values)))
        if largest:
            values, mixes = values[::-1], mixes[:, ::-1]
        mixes = mixes[:, :block].T
        new = mixes @ basis
        moves = new - (new @ rows.conj().T) @ rows
        return values[:block], new, mixes @ images, moves, norm, step + 1

    nothing = jnp.zeros_like(start)  # a decomposition makes some directions of its own from rows of zeros
    norm = jnp.zeros((), start.real.dtype)
    state = (jnp.zeros(block, norm.dtype), start, nothing, nothing, norm, jnp.zeros((), jnp.int32))
    return lax.while_loop(unfinished, improve, state)[1][:count]
