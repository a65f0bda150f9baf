"""What stands beyond the ends of a signal, in SciPy's words."""

import jax.numpy as jnp
from jax import lax

from jconv._typing import Array, ArrayLike

# Those of `upfirdn`. With 1 2 4 as the signal and two positions on either side:
MODES = (
    "constant",  # c c  1 2 4  c c, where c is cval
    "wrap",  # 2 4  1 2 4  1 2
    "edge",  # 1 1  1 2 4  4 4
    "smooth",  # -1 0  1 2 4  6 8, on by the last difference
    "symmetric",  # 2 1  1 2 4  4 2
    "reflect",  # 4 2  1 2 4  2 1
    "antisymmetric",  # -2 -1  1 2 4  -4 -2
    "antireflect",  # -2 0  1 2 4  6 7, turned about the ends
    "line",  # -2 -0.5  1 2 4  5.5 7, on along the line through both ends
)


def extend(x: Array, before: int, after: int, axis: int, mode: str, cval: ArrayLike = 0) -> Array:
    """The signal along an axis (not empty), with `before` and `after` positions more, as often repeated as it takes."""
    pads = [(0, 0)] * x.ndim
    pads[axis] = (before, after)
    if mode == "constant":
        return jnp.pad(x, pads, constant_values=jnp.asarray(cval).astype(x.dtype))
    if mode == "antireflect":
        return jnp.pad(x, pads, mode="reflect", reflect_type="odd")
    if mode == "antisymmetric":
        return _antisymmetric(x, before, after, axis)
    if mode in ("smooth", "line"):
        return _straight(x, before, after, axis, mode)
    return jnp.pad(x, pads, mode=mode)


def _antisymmetric(x: Array, before: int, after: int, axis: int) -> Array:
    """Mirrored about the border with the other sign: x and minus its mirror image, in turn."""
    n = x.shape[axis]
    pads = [(0, 0)] * x.ndim
    pads[axis] = (before, max(0, after - n))
    period = jnp.concatenate([x, -jnp.flip(x, axis)], axis)
    return lax.slice_in_dim(jnp.pad(period, pads, mode="wrap"), 0, before + n + after, axis=axis)


def _straight(x: Array, before: int, after: int, axis: int, mode: str) -> Array:
    """On along straight lines: by the outermost differences, or by the mean one."""
    n = x.shape[axis]
    first, last = (lax.slice_in_dim(x, i, i + 1, axis=axis) for i in (0, n - 1))
    if n == 1:
        low = high = jnp.zeros_like(first)
    elif mode == "line":
        low = high = (last - first) / (n - 1)
    else:
        low = lax.slice_in_dim(x, 1, 2, axis=axis) - first
        high = last - lax.slice_in_dim(x, n - 2, n - 1, axis=axis)
    along = (1,) * axis + (-1,) + (1,) * (x.ndim - axis - 1)
    steps = [jnp.arange(a, b).astype(x.dtype).reshape(along) for a, b in ((-before, 0), (1, after + 1))]
    return jnp.concatenate([first + steps[0] * low, x, last + steps[1] * high], axis)
