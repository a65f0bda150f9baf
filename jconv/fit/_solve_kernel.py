"""solve_kernel: the kernel that explains a result best, in closed form."""

from typing import Any

import jax
import jax.numpy as jnp

from jconv._typing import Array, ArrayLike, IntOrInts, Ints, Padding, PaddingMode
from jconv._verbs.arguments import as_array, one_int
from jconv._verbs.conv import conv


def solve_kernel(
    x: ArrayLike,
    y: ArrayLike,
    *,
    window: Ints,
    ridge: float = 0.0,
    weights: ArrayLike | None = None,
    stride: IntOrInts = 1,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    groups: int = 1,
    padding_mode: PaddingMode | tuple[PaddingMode, ...] = "zeros",
) -> Array:
    """Find the kernel whose convolution of x is nearest to y, by the normal equations.

    kernel = argmin over k of  sum of weights * (conv(x, k) - y)^2 + ridge * sum of k^2

    A convolution is linear in its kernel, k -> A k, so the answer solves (A'WA + ridge I) k = A'W y, where A' is the
    core's own gradient of the kernel. It is the truth that a kernel learned by steps can be held to. The equations
    square the condition of A: in float32 about three digits are left where pixels are alike, so give a ridge, or use
    float64.

    Args:
        x: (*batch, *spatial, c_in).
        y: (*batch, *outputs, c_out), what conv(x, kernel) should be.
        window: taps per spatial axis.
        ridge: what the kernel's squares weigh; 0 or more.
        weights: of y's shape or one that broadcasts to it, with one channel; None: all count alike.
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`.
        dilation: as in `jconv.conv`.
        groups: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`.

    Returns:
        (*window, c_in // groups, c_out). NaN where x does not determine it and there is no ridge.

    Raises:
        ValueError: shapes that do not fit together, or a negative ridge.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> x = jax.random.normal(jax.random.key(0), (64, 1))
        >>> kernel = jnp.array([-1.0, 0.0, 1.0])[:, None, None]
        >>> solve_kernel(x, conv(x, kernel), window=(3,)).ravel().round(3) + 0.0
        Array([-1.,  0.,  1.], dtype=float32)

    References:
        Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 2nd edition, sections 3.2 and 3.4.
    """
    verb = "solve_kernel"
    x, y = as_array(verb, "x", x), as_array(verb, "y", y)
    if not isinstance(window, tuple) or not window:
        raise TypeError(f"{verb}: window={window!r} must be a tuple, one int per spatial axis.")
    window = tuple(one_int(verb, f"window[{i}]", n, least=1) for i, n in enumerate(window))
    if not ridge >= 0:
        raise ValueError(f"{verb}: ridge={ridge!r} must be 0 or more.")
    groups, c_in, c_out = one_int(verb, "groups", groups, least=1), x.shape[-1], y.shape[-1]
    if c_in % groups or c_out % groups:
        raise ValueError(f"{verb}: groups={groups} must divide c_in={c_in} and c_out={c_out}.")
    dtype = jnp.promote_types(jnp.promote_types(x.dtype, y.dtype), jnp.float32)
    x, y = x.astype(dtype), y.astype(dtype)
    options: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation, "rank": len(window)}
    options |= {"padding_mode": padding_mode, "precision": "highest"}
    made = jax.eval_shape(
        lambda x, k: conv(x, k, groups=groups, **options), x, _zeros(window, c_in // groups, c_out, x)
    )
    if made.shape != y.shape:
        raise ValueError(f"{verb}: y has shape {y.shape}, and conv of x makes {made.shape} with window={window}.")
    weight = (
        jnp.ones((*y.shape[:-1], 1), dtype) if weights is None else as_array(verb, "weights", weights).astype(dtype)
    )

    def solve(x: Array, y: Array) -> Array:
        """The kernel of one group."""
        return _solved(x, y, jnp.broadcast_to(weight, (*y.shape[:-1], 1)), window, ridge, options)

    apart = [jnp.moveaxis(a.reshape(*a.shape[:-1], groups, -1), -2, 0) for a in (x, y)]
    kernels = jax.vmap(solve)(*apart)  # [G, *window, C, M]
    return jnp.moveaxis(kernels, 0, -2).reshape(*window, c_in // groups, c_out)


def _solved(x: Array, y: Array, weight: Array, window: Ints, ridge: float, options: dict[str, Any]) -> Array:
    """The kernel [*window, C, M] of one group: one Gram matrix for all features."""
    c_in, c_out = x.shape[-1], y.shape[-1]
    one, all_features = _zeros(window, c_in, 1, x), _zeros(window, c_in, c_out, x)
    forward = lambda kernel: conv(x, kernel, **options)  # noqa: E731
    back_to_one, back_to_all = (jax.linear_transpose(forward, like) for like in (one, all_features))

    def gram_row(kernel: Array) -> Array:
        """A'WA of one kernel."""
        return back_to_one(weight * forward(kernel))[0].ravel()

    gram = jax.vmap(gram_row)(jnp.eye(one.size, dtype=x.dtype).reshape(one.size, *one.shape))
    (right,) = back_to_all(weight * y)
    factor = jax.scipy.linalg.cho_factor(gram + ridge * jnp.eye(one.size, dtype=x.dtype))
    return jax.scipy.linalg.cho_solve(factor, right.reshape(-1, c_out)).reshape(all_features.shape)


def _zeros(window: Ints, c_in: int, c_out: int, like: Array) -> Array:
    """A kernel of zeros, of an array's dtype."""
    return jnp.zeros((*window, c_in, c_out), like.dtype)
