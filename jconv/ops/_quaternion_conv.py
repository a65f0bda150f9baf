"""Quaternion convolution: kernel and input multiplied by Hamilton's rule."""

import jax.numpy as jnp

from jconv._algorithms import Algorithm
from jconv._typing import Array, ArrayLike, IntOrInts, Padding, PaddingMode, PrecisionLike
from jconv._verbs.arguments import as_array, one_int
from jconv._verbs.conv import conv
from jconv._verbs.shapes import check_ranks

# Of kernel part p and input part q: (the part that their product belongs to, its sign). Parts are 1, i, j, k.
HAMILTON = {
    (0, 0): (0, 1), (0, 1): (1, 1), (0, 2): (2, 1), (0, 3): (3, 1),
    (1, 0): (1, 1), (1, 1): (0, -1), (1, 2): (3, 1), (1, 3): (2, -1),
    (2, 0): (2, 1), (2, 1): (3, -1), (2, 2): (0, -1), (2, 3): (1, 1),
    (3, 0): (3, 1), (3, 1): (2, 1), (3, 2): (1, -1), (3, 3): (0, -1),
}  # fmt: skip


def quaternion_conv(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    stride: IntOrInts = 1,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    groups: int = 1,
    padding_mode: PaddingMode | tuple[PaddingMode, ...] = "zeros",
    precision: PrecisionLike = None,
    algorithm: str | Algorithm = "auto",
) -> Array:
    """Convolve quaternions: y[o, m] = sum over k, c of  kernel[k, c, m] (x) x[s*o + d*k - lo, c], by Hamilton's rule.

    i i = j j = k k = i j k = -1. Real numbers stand for quaternions in four blocks of the last axis: all real parts,
    then all i, all j and all k. It is one real convolution, by a kernel that holds each weight four times, so that a
    layer has a quarter of the parameters of a real one of its size.

    Args:
        x: (*batch, *spatial, 4 * c_in), with any number of batch axes, also none.
        kernel: (*window, c_in // groups, 4 * c_out).
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`.
        dilation: as in `jconv.conv`.
        groups: as in `jconv.conv`, of quaternions.
        padding_mode: as in `jconv.conv`.
        precision: as in `jconv.conv`.
        algorithm: as in `jconv.conv`.

    Returns:
        (*batch, *outputs, 4 * c_out).

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution.

    Examples:
        >>> import jax.numpy as jnp
        >>> i, j = jnp.array([[0.0, 1.0, 0.0, 0.0]]), jnp.array([[0.0, 0.0, 1.0, 0.0]])
        >>> quaternion_conv(j, i[None])  # i j = k
        Array([[0., 0., 0., 1.]], dtype=float32)

    References:
        Gaudet and Maida, "Deep quaternion networks", arXiv:1712.04604; Parcollet et al., "Quaternion recurrent neural
        networks", arXiv:1806.04418.
    """
    verb = "quaternion_conv"
    x, kernel = as_array(verb, "x", x), as_array(verb, "kernel", kernel)
    check_ranks(verb, "x", x.shape, kernel.shape)
    groups = one_int(verb, "groups", groups, least=1)
    (*window, c, made), channels = kernel.shape, x.shape[-1]
    if channels != 4 * c * groups or made % (4 * groups):
        raise ValueError(
            f"{verb}: x must have 4 * c_in channels and the kernel be (*window, c_in // groups, 4 * c_out), where "
            f"groups={groups} divides c_in and c_out (x has shape {x.shape}, kernel has shape {kernel.shape})."
        )
    m = made // 4 // groups
    parts = kernel.reshape(*window, c, 4, groups, m)
    real = [[jnp.zeros(0)] * 4 for _ in range(4)]
    for (p, q), (part, sign) in HAMILTON.items():
        weight = parts[..., p, :, :]
        real[q][part] = weight if sign > 0 else -weight
    # [*K, 4 of x, c, groups, 4 of y, m]: in each group the parts follow on one another, as its channels will.
    whole = jnp.stack([jnp.stack(row, -2) for row in real], len(window))
    y = conv(
        _exchanged(x, 4, groups),
        whole.reshape(*window, 4 * c, groups * 4 * m),
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        padding_mode=padding_mode,
        precision=precision,
        algorithm=algorithm,
    )
    return _exchanged(y, groups, 4)


def _exchanged(a: Array, outer: int, inner: int) -> Array:
    """The last axis, outer blocks of inner ones, as inner blocks of outer ones."""
    if outer == 1 or inner == 1:
        return a
    return a.reshape(*a.shape[:-1], outer, inner, -1).swapaxes(-3, -2).reshape(a.shape)
