"""Certified upper bounds of an operator's norm."""

from functools import partial
from math import prod

import jax
import jax.numpy as jnp
import numpy as np

from jconv._typing import Array
from jconv.operator._apply import apply, apply_adjoint
from jconv.operator._form import Form
from jconv.operator._fourier import torus_blocks
from jconv.operator._matrix import dense_matrix

# Up to so many entries the matrix itself is squared, which is exact in every padding mode.
DENSE_ENTRIES = 2**20
POWER_STEPS = 12


@partial(jax.jit, static_argnums=(1, 2))
def norm_bound(kernel: Array, form: Form, iterations: int) -> Array:
    """A number that the largest singular value does not exceed, by the tightest of the bounds that fit."""
    if form.circular:
        return gram_bound(torus_blocks(kernel, form, form.outputs), iterations)
    if prod(form.matrix_shape) <= DENSE_ENTRIES:
        return gram_bound(dense_matrix(kernel, form), iterations)
    return jnp.minimum(torus_bound(kernel, form, iterations), absolute_bound(kernel, form))


def gram_bound(matrices: Array, iterations: int) -> Array:
    """An upper bound of the largest singular value of any of some matrices [..., rows, columns].

    s(B) <= |B^(2^t)|_F ^ (1 / 2^t), where B^2 stands for B^H B: within rank^(1 / 2^(t+1)) of it. Each
    square is scaled to length 1, and the logarithms of the lengths are kept.
    """
    rows, columns = matrices.shape[-2:]
    if 0 in matrices.shape:
        return jnp.zeros((), matrices.real.dtype)
    if rows < columns:
        matrices = jnp.swapaxes(matrices, -1, -2)
    logarithm, power = jnp.zeros(matrices.shape[:-2], matrices.real.dtype), 1
    for _ in range(iterations):
        length, matrices = _length_and_direction(matrices)
        logarithm += jnp.log(length) / power
        matrices = jnp.einsum("...rc,...rd->...cd", matrices.conj(), matrices, precision="highest")
        power *= 2
    length, _ = _length_and_direction(matrices)
    bound = jnp.exp(logarithm + jnp.log(length) / power)
    return jnp.max(bound) * _roundings(bound.dtype, max(rows, columns))


def _length_and_direction(matrices: Array) -> tuple[Array, Array]:
    """Frobenius norms, and the matrices scaled to norm 1; of a zero matrix, a norm too small to matter."""
    square = jnp.sum(jnp.abs(matrices) ** 2, axis=(-1, -2))
    least = jnp.finfo(square.dtype).tiny
    length = jnp.sqrt(jnp.maximum(square, least))
    return length, matrices / length[..., None, None].astype(matrices.dtype)


def _roundings(dtype, terms: int) -> float:
    """What sums of so many terms may lose, generously: the bound is to hold in floating point too."""
    return 1 + float(jnp.finfo(dtype).eps) * (64 + 2 * terms)


def torus_bound(kernel: Array, form: Form, iterations: int) -> Array:
    """The norm of the taps on a torus, of which the operator is a part, times that of its padding.

    On a torus so wide that no window meets the input from both sides, zeros lie beyond the input's
    borders. Other modes read some inputs more than once: that is a map of norm sqrt(most readings).
    """
    sizes, repeats = [], 1
    for axis in range(form.rank):
        size, readings = _unfolded(form, axis)
        sizes.append(size)
        repeats *= readings
    bound = gram_bound(torus_blocks(kernel, form, tuple(sizes)), iterations)
    return bound * jnp.sqrt(jnp.asarray(repeats, bound.dtype)) * _roundings(bound.dtype, sum(sizes))


def _unfolded(form: Form, axis: int) -> tuple[int, int]:
    """Outputs on a torus that holds all positions an axis reads apart, and how often one input is read."""
    reads, stride, offsets = form.reads[axis], form.stride[axis], form.offsets[axis]
    if form.modes[axis] == "zeros":
        first, last, repeats = 0, form.sizes[axis] - 1, 1
    else:  # of the padded input, which is zero beyond what is read
        first, last = 0, -1
        low, high = (max(n, 0) for n in form.pairs[axis])
        first, last = -low, form.sizes[axis] - 1 + high
        padded = np.pad(np.arange(form.sizes[axis]), (low, high), mode=form.modes[axis])  # pyrefly: ignore
        repeats = int(np.bincount(padded).max())
    outputs = reads.shape[0]
    reach = stride * (outputs - 1) + offsets[-1]
    span = max(last, reach) - min(first, offsets[0]) + 1
    return max(outputs, -(-span // stride)), repeats


def absolute_bound(kernel: Array, form: Form) -> Array:
    """The norm of the operator of absolute values, from above: max (M p)_i / p_i with M = |A|^T |A|.

    It holds for every p > 0 (Collatz and Wielandt) and is tight where the taps are of one sign.
    """
    kernel = jnp.abs(kernel)

    def square(p: Array) -> Array:
        return apply_adjoint(apply(p, kernel, form), kernel, form)

    def step(_, p: Array) -> Array:
        p = square(p)
        return p / jnp.maximum(jnp.max(p), jnp.finfo(p.dtype).tiny)

    p = jax.lax.fori_loop(0, POWER_STEPS, step, jnp.ones(form.input_shape, kernel.dtype))
    p = jax.lax.stop_gradient(jnp.maximum(p, jnp.finfo(p.dtype).eps))
    bound = jnp.sqrt(jnp.max(square(p) / p))
    return bound * _roundings(bound.dtype, prod(form.kernel_shape))
