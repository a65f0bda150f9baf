"""Circular operators in the Fourier domain: a small matrix per frequency."""

from functools import partial

import jax
import jax.numpy as jnp

from jconv._typing import Array, Ints
from jconv.operator._form import Form


@partial(jax.jit, static_argnums=1)
def blocks(kernel: Array, form: Form) -> Array:
    """The matrices [*outputs, groups, phases * c_in, c_out] (channels per group) of a circular operator.

    y^[f] = x^[f] B[f] for a row x^[f] of the Fourier transforms of x's phases x[s*q + r], r < s. The
    transforms are unitary up to one factor, so the blocks' singular values are the operator's.
    """
    return torus_blocks(kernel, form, form.outputs)


def torus_blocks(kernel: Array, form: Form, outputs: Ints) -> Array:
    """The blocks of the operator's taps on a torus of stride * outputs positions."""
    around = tuple(s * o for s, o in zip(form.stride, outputs, strict=True))
    response = impulse_response(kernel, form, around)
    rank, (per_group, c_out) = form.rank, response.shape[-2:]
    split = (n for pair in zip(outputs, form.stride, strict=True) for n in pair)
    response = response.reshape(*split, per_group, form.groups, c_out // form.groups)
    positions, phases = tuple(range(0, 2 * rank, 2)), tuple(range(1, 2 * rank, 2))
    response = response.transpose(*positions, 2 * rank + 1, *phases, 2 * rank, 2 * rank + 2)
    in_frequency = jnp.fft.ifftn(response, axes=tuple(range(rank)), norm="forward")
    return in_frequency.reshape(*outputs, form.groups, -1, c_out // form.groups)


def impulse_response(kernel: Array, form: Form, around: Ints) -> Array:
    """The kernel wrapped round a torus of sizes `around`: what output 0 reads, [*around, c_in // groups, c_out]."""
    places = jnp.ix_(*(offsets % n for offsets, n in zip(form.offsets, around, strict=True)))
    return jnp.zeros((*around, *kernel.shape[-2:]), kernel.dtype).at[places].add(kernel)


@partial(jax.jit, static_argnums=(1, 2))
def frequency_response(kernel: Array, form: Form, sizes: Ints) -> Array:
    """The Fourier transform of the impulse response, with the sign that cross-correlation has."""
    response = impulse_response(kernel, form, sizes)
    return jnp.fft.ifftn(response, axes=tuple(range(form.rank)), norm="forward")


def to_frequency(y: Array, form: Form) -> Array:
    """The Fourier transform y^ [*outputs, groups, c_out] (channels per group) of y (*outputs, c_out)."""
    in_frequency = jnp.fft.fftn(y, axes=tuple(range(form.rank)))
    return in_frequency.reshape(*form.outputs, form.groups, -1)


def from_frequency(x: Array, form: Form) -> Array:
    """The x (*spatial, c_in) whose phases have the transforms x^ [*outputs, groups, phases * c_in]; complex."""
    rank = form.rank
    x = jnp.fft.ifftn(x, axes=tuple(range(rank)))
    x = x.reshape(*form.outputs, form.groups, *form.stride, -1)
    interleaved = (axis for pair in zip(range(rank), range(rank + 1, 2 * rank + 1), strict=True) for axis in pair)
    return x.transpose(*interleaved, rank, 2 * rank + 1).reshape(form.input_shape)
