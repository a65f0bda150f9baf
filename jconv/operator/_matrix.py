"""The matrix of an operator, dense or sparse, from the kernel's values and the table of what reads what."""

from functools import partial
from math import prod

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.sparse import BCOO

from jconv._typing import Array
from jconv.operator._form import Form


@partial(jax.jit, static_argnums=1)
def sparse_matrix(kernel: Array, form: Form) -> BCOO:
    """The matrix that maps x.ravel() to y.ravel(), an entry per output, tap and pair of channels.

    Where a padding mode makes an output read one input through several taps, the entries stand apart:
    `todense` and products add them up.
    """
    outputs, taps, inputs = _meetings(form)
    per_group, made = form.c_in // form.groups, form.c_out // form.groups
    group, channel, feature = jnp.ogrid[: form.groups, :per_group, :made]
    rows = outputs[:, None, None, None] * form.c_out + group * made + feature
    columns = inputs[:, None, None, None] * form.c_in + group * per_group + channel
    values = kernel.reshape(prod(form.window), per_group, form.groups, made)[taps]
    values = jnp.swapaxes(values, 1, 2)  # [meetings, group, channel, feature]
    places = jnp.stack([jnp.broadcast_to(a, values.shape).ravel() for a in (rows, columns)], axis=-1)
    return BCOO((values.ravel(), places), shape=form.matrix_shape)


@partial(jax.jit, static_argnums=1)
def dense_matrix(kernel: Array, form: Form) -> Array:
    """The same matrix with its zeros."""
    return sparse_matrix(kernel, form).todense()


def _meetings(form: Form) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Flat indices (output, tap, input) of every product that is not with a zero beyond the border."""
    output, tap, source = np.zeros(1, int), np.zeros(1, int), np.zeros(1, int)
    for reads, size in zip(form.reads, form.sizes, strict=True):
        o, k = np.nonzero(reads >= 0)
        output = (output[:, None] * reads.shape[0] + o).ravel()
        tap = (tap[:, None] * reads.shape[1] + k).ravel()
        source = (source[:, None] * size + reads[o, k]).ravel()
    return output, tap, source
