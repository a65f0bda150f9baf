"""The largest or smallest singular values and their vectors, without the matrix, and their derivatives."""

from functools import partial
from math import prod
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.sparse.linalg import cg

from jconv._typing import Array
from jconv.operator._apply import apply, apply_adjoint
from jconv.operator._eigenvectors import block_iteration
from jconv.operator._form import Form

# The iteration carries a few vectors more than asked for: equal singular values, which circular operators
# have in pairs, would stall it otherwise.
GUARDS = 2


class Search(NamedTuple):
    """What is looked for, and when the iteration ends.

    Args:
        count: how many singular values.
        largest: from the large end or, of min(rows, columns), from the small one.
        tolerance: residual |A^H A v - s^2 v| at which it ends, relative to the largest s^2.
        max_iterations: steps after which it ends in any case.
    """

    count: int
    largest: bool
    tolerance: float
    max_iterations: int


class Triplets(NamedTuple):
    """B v = s u and B^H u = s v, the sought end first: u [count, ...], s [count], v [count, ...]; B is A or A^H."""

    u: Array
    s: Array
    v: Array


def _maps(form: Form, search: Search):
    """B and B^H as functions of (vectors, kernel, form), and the shape of v: A, or A^H where that is smaller.

    Where the matrix is wide, its smallest singular value is no eigenvalue's root of A^H A's small end:
    that has zeros, for what A does not see.
    """
    rows, columns = form.matrix_shape
    if not search.largest and rows < columns:
        return apply_adjoint, apply, form.output_shape
    return apply, apply_adjoint, form.input_shape


@partial(jax.custom_jvp, nondiff_argnums=(1, 2))
@partial(jax.jit, static_argnums=(1, 2))
def extreme_values(kernel: Array, form: Form, search: Search) -> Array:
    """The singular values [count] at one end."""
    return extreme_triplets(kernel, form, search).s


@extreme_values.defjvp
def _extreme_values_jvp(form: Form, search: Search, primals, tangents):
    (kernel,), (dkernel,) = primals, tangents
    found = extreme_triplets(kernel, form, search)
    return found.s, _values_tangent(found, _maps(form, search)[0](found.v, dkernel, form))


def _values_tangent(found: Triplets, pushed: Array) -> Array:
    """ds_i = Re <u_i, dB v_i>, given dB v."""
    return jnp.sum((found.u.conj() * pushed).real, axis=tuple(range(1, pushed.ndim)))


@partial(jax.custom_jvp, nondiff_argnums=(1, 2))
@partial(jax.jit, static_argnums=(1, 2))
def extreme_triplets(kernel: Array, form: Form, search: Search) -> Triplets:
    """The singular values at one end with their vectors, by `block_iteration` on B^H B."""
    forth, back, shape = _maps(form, search)

    def gram(rows: Array) -> Array:
        return back(forth(rows.reshape(-1, *shape), kernel, form), kernel, form).reshape(rows.shape)

    size = prod(shape)
    start = jax.random.normal(jax.random.key(0), (min(search.count + GUARDS, size), size), kernel.dtype)
    rows = block_iteration(gram, start, search.count, search.largest, search.tolerance, search.max_iterations)
    v = rows.reshape(-1, *shape)
    image = forth(v, kernel, form)
    s = jnp.sqrt(jnp.sum(jnp.abs(image) ** 2, axis=tuple(range(1, image.ndim))))
    return Triplets(image / _along_first(jnp.where(s > 0, s, 1), image), s, v)


@extreme_triplets.defjvp
def _extreme_triplets_jvp(form: Form, search: Search, primals, tangents):
    """From d[(B^H B) v = s^2 v]: the part of dv among the vectors found by division, the rest by solving."""
    (kernel,), (dkernel,) = primals, tangents
    forth, back, shape = _maps(form, search)
    found = extreme_triplets(kernel, form, search)
    u, s, v = found
    pushed = forth(v, dkernel, form)
    ds = _values_tangent(found, pushed)
    force = back(pushed, kernel, form) + back(forth(v, kernel, form), dkernel, form)
    vectors, force = v.reshape(search.count, -1), force.reshape(search.count, -1)
    inside = force @ vectors.conj().T  # [i, j] = <v_j, force_i>
    apart = s[:, None] ** 2 - s**2
    distinct = jnp.abs(apart) > jnp.sqrt(jnp.finfo(s.dtype).eps) * jnp.max(s) ** 2
    weights = jnp.where(distinct, inside / jnp.where(distinct, apart, 1), 0)
    sign = 1 if search.largest else -1

    def outside(rows: Array) -> Array:
        return rows - (rows @ vectors.conj().T) @ vectors

    def solve(row: Array, square: Array) -> Array:
        """Of (s^2 - B^H B) z = row, the z among the vectors that were not found."""

        def shifted(z: Array) -> Array:
            image = back(forth(outside(z[None]).reshape(1, *shape), kernel, form), kernel, form)
            return sign * (square * z - outside(image.reshape(1, -1))[0])

        # cg alone is not to be called here: it ties its start, a constant, to the linear argument.
        return lax.custom_linear_solve(shifted, sign * row, by_cg, by_cg, symmetric=not jnp.iscomplexobj(row))

    def by_cg(matvec, row: Array) -> Array:
        return cg(matvec, row, tol=search.tolerance, maxiter=search.max_iterations)[0]

    rest = jax.vmap(solve)(outside(force), s**2)
    dv = (weights @ vectors + outside(rest)).reshape(v.shape)
    du = (pushed + forth(dv, kernel, form) - u * _along_first(ds, u)) / _along_first(jnp.where(s > 0, s, 1), u)
    return found, Triplets(du, ds, dv)


@partial(jax.jit, static_argnums=(1, 2))
def settled_value(kernel: Array, form: Form, search: Search) -> Array:
    """The outermost singular value, or NaN where its square is not yet an eigenvalue to within a hundredth."""
    forth, back, _ = _maps(form, search)
    _, (s, *_), v = found = extreme_triplets(kernel, form, search)
    residual = back(forth(found.v, kernel, form), kernel, form) - s**2 * v
    return jnp.where(jnp.linalg.norm(residual[0].ravel()) <= 0.01 * s**2, s, jnp.nan)


def _along_first(values: Array, like: Array) -> Array:
    """Values [count] along the first axis of an array of another rank."""
    return values.reshape(-1, *(1,) * (like.ndim - 1)).astype(like.dtype)
