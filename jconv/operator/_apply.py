"""The operator and its adjoint as functions of a kernel and a form, and the dtype that spectra are taken in."""

import jax.numpy as jnp

from jconv._typing import Array
from jconv._verbs.conv import conv
from jconv._verbs.transpose import conv_transpose
from jconv.operator._form import Form


def apply(x: Array, kernel: Array, form: Form) -> Array:
    """A x, for x (*batch, *spatial, c_in): the convolution."""
    return conv(x, kernel, precision="highest", **form.options)


def apply_adjoint(y: Array, kernel: Array, form: Form) -> Array:
    """A^H y, for y (*batch, *outputs, c_out): the transposed convolution with the conjugate kernel."""
    kernel = kernel.conj()
    return conv_transpose(y, kernel, precision="highest", output_padding=form.output_padding, **form.options)


def in_full(kernel: Array) -> Array:
    """The kernel in a dtype that LAPACK and FFTs know: float32 at least."""
    return kernel.astype(jnp.promote_types(kernel.dtype, jnp.float32))
