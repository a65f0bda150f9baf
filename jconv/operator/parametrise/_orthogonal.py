"""Kernels of convolutions that keep lengths."""

from math import prod
from typing import Any

import jax
import jax.numpy as jnp

from jconv._typing import Array, IntOrInts, Ints
from jconv._verbs.arguments import axis_ints, one_int
from jconv._verbs.shapes import check_ranks


def orthogonal(free: dict[str, Any], *, stride: IntOrInts = 1) -> Array:
    """Make the kernel of an orthogonal convolution: all its singular values are 1.

    Where padding wraps round (`padding="SAME", padding_mode="wrap"`, sizes that the stride divides): of two
    channel counts the convolution keeps all lengths, or its adjoint does. With zeros beyond the border
    it shortens at most.

    A patch of `stride` positions is turned by a matrix with orthonormal rows or columns. Before that, along
    each axis and for each further tap, a plane P of half the channels stays and the others move one
    position on: x[i] -> P x[i] + (1 - P) x[i+1].

    Args:
        free: as `orthogonal_free` draws it: `mix` (groups, stride positions * c_in, c_out) and `planes`,
            per axis (groups, window - stride, c_in, c_in // 2), with channels per group. All values of
            full rank serve.
        stride: that of the convolution.

    Returns:
        (*window, c_in // groups, c_out).

    Examples:
        >>> from jconv.operator import ConvOperator
        >>> kernel = orthogonal(orthogonal_free(jax.random.key(0), (3, 2, 4)))
        >>> operator = ConvOperator(kernel, (4, 2), padding="SAME", padding_mode="wrap")
        >>> bool(jnp.allclose(operator.singular_values(), 1, atol=1e-5))
        True

    References:
        Li, Haque, Anil, Lucas, Grosse and Jacobsen, "Preventing gradient attenuation in Lipschitz
        constrained convolutional networks", arXiv:1911.00937 (BCOP).
        Boissin, Mamalet, Fel, Picard, Massena and Serrurier, "An adaptive orthogonal convolution scheme for
        efficient and flexible CNN architectures", arXiv:2501.07930, for strides and groups.
    """
    rank = len(free["planes"])
    strides = axis_ints("orthogonal", "stride", stride, rank, least=1)

    def one(mix: Array, planes: tuple[Array, ...]) -> Array:
        kernel = _orthonormal(mix).reshape(*strides, -1, mix.shape[-1])
        for axis, along in enumerate(planes):
            for plane in along:
                kernel = _one_tap_more(kernel, plane, axis)
        return kernel

    made = jax.vmap(one, out_axes=-2)(free["mix"], tuple(free["planes"]))
    return made.reshape(*made.shape[:-2], -1)


def orthogonal_free(
    key: Array, kernel_shape: Ints, *, stride: IntOrInts = 1, groups: int = 1, dtype: Any = float
) -> dict[str, Any]:
    """Draw the free parameters of `orthogonal`, normal ones: `mix` then turns evenly into all directions.

    Args:
        key: of `jax.random`.
        kernel_shape: (*window, c_in // groups, c_out) of the kernel to be made.
        stride: that of the convolution; no larger than the window.
        groups: those of the convolution.
        dtype: of the parameters and the kernel.

    Returns:
        What `orthogonal` takes.

    Raises:
        ValueError: the window is smaller than the stride, so that the convolution would lose positions; or
            groups do not divide c_out.

    Examples:
        >>> free = orthogonal_free(jax.random.key(0), (4, 6, 8), stride=2)
        >>> free["mix"].shape, free["planes"][0].shape
        ((1, 12, 8), (1, 2, 6, 3))
    """
    verb = "orthogonal_free"
    rank = check_ranks(verb, "x", (1,) * len(kernel_shape), kernel_shape)
    strides = axis_ints(verb, "stride", stride, rank, least=1)
    groups = one_int(verb, "groups", groups, least=1)
    *window, c_in, c_out = kernel_shape
    if any(k < s for k, s in zip(window, strides, strict=True)):
        raise ValueError(f"{verb}: the window {tuple(window)} must not be smaller than the stride {strides}.")
    if c_out % groups:
        raise ValueError(f"{verb}: groups={groups} must divide c_out={c_out} (kernel_shape={kernel_shape}).")
    keys = jax.random.split(key, rank + 1)
    return {
        "mix": jax.random.normal(keys[0], (groups, prod(strides) * c_in, c_out // groups), dtype),
        "planes": tuple(
            jax.random.normal(keys[axis + 1], (groups, window[axis] - strides[axis], c_in, c_in // 2), dtype)
            for axis in range(rank)
        ),
    }


def _orthonormal(matrix: Array) -> Array:
    """The orthonormal rows or columns, whichever there are fewer of, that a matrix is made of."""
    wide = matrix.shape[0] < matrix.shape[1]
    q, r = jnp.linalg.qr(matrix.T if wide else matrix)
    diagonal = jnp.diagonal(r)
    q = q * jnp.where(diagonal == 0, 1, jnp.sign(diagonal))  # the one whose r has a positive diagonal
    return q.T if wide else q


def _one_tap_more(kernel: Array, plane: Array, axis: int) -> Array:
    """The kernel (*window, c_in, c_out) of: let the plane stay and the rest move one on, then convolve."""
    basis = _orthonormal(plane)
    stays = jnp.einsum("cp,dp,...dm->...cm", basis, basis.conj(), kernel, precision="highest")
    moves = kernel - stays
    after, before = ([(0, 0)] * kernel.ndim for _ in range(2))
    after[axis], before[axis] = (0, 1), (1, 0)
    return jnp.pad(stays, after) + jnp.pad(moves, before)
