"""Least squares with an operator: frequency by frequency where it is circular, else by conjugate gradients."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
from jax.scipy.sparse.linalg import cg

from jconv._typing import Array
from jconv.operator._apply import apply, apply_adjoint
from jconv.operator._form import Form
from jconv.operator._fourier import blocks, from_frequency, to_frequency


@partial(jax.jit, static_argnums=2)
def solve_circular(y: Array, kernel: Array, form: Form, damping: Array | None) -> Array:
    """The x (*spatial, c_in) of least |A x - y|^2 + damping |x|^2, and of least |x| among equals."""
    matrices = jnp.swapaxes(blocks(kernel, form), -1, -2)  # [*outputs, groups, c_out, phases * c_in]
    target = to_frequency(y, form)[..., None]
    rows, columns = matrices.shape[-2:]
    if damping is None and rows == columns:
        solution = jnp.linalg.solve(matrices, target)
    elif damping is None:
        solution = jnp.linalg.pinv(matrices) @ target
    else:
        # Rows that ask x to be small: no squares of the matrices, whose condition would be squared too.
        ridge = jnp.sqrt(damping).astype(matrices.dtype) * jnp.eye(columns, dtype=matrices.dtype)
        ridge = jnp.broadcast_to(ridge, (*matrices.shape[:-2], columns, columns))
        solution = jnp.linalg.pinv(jnp.concatenate([matrices, ridge], axis=-2))[..., :rows] @ target
    x = from_frequency(solution[..., 0], form)
    return x if jnp.iscomplexobj(y) or jnp.iscomplexobj(kernel) else x.real


@partial(jax.jit, static_argnums=(2, 5))
def solve_by_cg(
    y: Array, kernel: Array, form: Form, damping: Array | None, tolerance: float, max_iterations: int
) -> Array:
    """The same x, by conjugate gradients on the normal equations."""

    def normal(x: Array) -> Array:
        square = apply_adjoint(apply(x, kernel, form), kernel, form)
        return square if damping is None else square + damping * x

    x, _ = cg(normal, apply_adjoint(y, kernel, form), tol=tolerance, maxiter=max_iterations)
    return x


@partial(jax.jit, static_argnums=1)
def inverse_kernel(kernel: Array, form: Form) -> Array:
    """The kernel, as wide as the input, whose circular convolution undoes that of a square circular operator."""
    inverse = jnp.linalg.inv(blocks(kernel, form))  # [*outputs, groups, c_out, c_in]
    window = jnp.fft.fftn(inverse, axes=tuple(range(form.rank)), norm="forward")
    window = jnp.moveaxis(window, form.rank, -2).reshape(*form.sizes, form.c_out // form.groups, form.c_in)
    return window if jnp.iscomplexobj(kernel) else window.real


def inverse_form(form: Form) -> Form:
    """The form that goes with `inverse_kernel`: output o reads the inputs o, o+1, ... once round."""
    return replace(
        form,
        window=form.sizes,
        c_in=form.c_out,
        c_out=form.c_in,
        pairs=tuple((0, n - 1) for n in form.sizes),
        modes=("wrap",) * form.rank,
        dilation=(1,) * form.rank,
    )
