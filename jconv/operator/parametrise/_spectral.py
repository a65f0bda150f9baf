"""Kernels of convolutions whose operator norm is given."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from jconv._typing import Array, ArrayLike
from jconv.operator._conv_operator import ConvOperator


def spectral_norm(
    free: ArrayLike,
    input_shape: Sequence[int],
    *,
    norm: ArrayLike = 1.0,
    at_most: bool = False,
    certified: bool = False,
    **options: Any,
) -> Array:
    """Scale a kernel so that its convolution, with this stride and padding, has a given operator norm.

    `kernel = norm / s(free) * free`, with s the largest singular value of the convolution itself: not that
    of the reshaped kernel, from which it may differ by a factor of the root of the number of taps.

    Args:
        free: (*window, c_in // groups, c_out).
        input_shape: (*spatial, c_in), what the convolution will be applied to.
        norm: the norm that the convolution is to have.
        at_most: leave a kernel alone whose norm is smaller.
        certified: divide by `ConvOperator.norm_bound`: the norm is certainly not larger, perhaps a little
            smaller, and takes a fixed time. Else by `ConvOperator.norm`, which iterates.
        **options: stride, padding, padding_mode, dilation and groups, as in `conv`.

    Returns:
        The kernel, of the shape of `free`.

    Raises:
        ValueError: as `conv` does for an x of this shape.

    Examples:
        >>> wraps = {"padding": "SAME", "padding_mode": "wrap", "certified": True}
        >>> spectral_norm(jnp.ones((3, 1, 1)), (9, 1), **wraps).ravel().round(3)
        Array([0.333, 0.333, 0.333], dtype=float32)

    References:
        Miyato, Kataoka, Koyama and Yoshida, "Spectral normalization for generative adversarial networks",
        arXiv:1802.05957; with the operator's norm: Ryu et al., "Plug-and-play methods provably converge with
        properly trained denoisers", arXiv:1905.05406.
    """
    free = jnp.asarray(free)
    operator = ConvOperator(free, input_shape, **options)
    present = operator.norm_bound() if certified else operator.norm()
    scale = jnp.asarray(norm, present.dtype) / jnp.where(present > 0, present, 1)
    if at_most:
        scale = jnp.minimum(scale, 1)
    return free * scale.astype(free.dtype)
