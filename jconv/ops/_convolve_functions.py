"""The convolution of functions: the integral that the sums stand for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, ArrayLike
from jconv._verbs.arguments import as_array, one_int

Function = Callable[[Array], Any]
EVERYWHERE = (-np.inf, np.inf)
INFINITE_NODES = 3  # times as many as on a finite piece: the double exponential reaches far
REACH = {4: 1e8, 8: 1e15}  # how far that is, by the bytes of a float: the tail of 1 / s^2 beyond it is rounding


def convolve_functions(
    f: Function,
    g: Function,
    *,
    support_f: Sequence[ArrayLike] = EVERYWHERE,
    support_g: Sequence[ArrayLike] = EVERYWHERE,
    order: int = 64,
) -> Callable[[ArrayLike], Array]:
    """Convolve two functions: give the function (f * g)(t) = integral over s of f(s) g(t - s) ds.

    The integral is over the s where both supports hold, cut at their inner points, so that box * box is exact. A finite
    piece is summed by Gauss and Legendre's rule, a piece without end by the double exponential rule (exp-sinh, which
    is tanh-sinh for half a line). What it returns is differentiable in t, and in whatever f, g and the supports are
    made from, in both modes and to any order.

    Args:
        f: a number to a number, traceable by JAX; it is called with 0-d arrays, under `jax.vmap`.
        g: the same.
        support_f: where f is not zero: its first and last point, either of which may be infinite, and between them, in
            order, every point where f has a kink, a jump or a narrow peak. The whole line is cut at 0 if no other inner
            point is given. Outside the support f is taken as zero and not called.
        support_g: the same for g.
        order: nodes on a finite piece; one without end has three times as many.

    Returns:
        A function of t, of any shape, whose values have that shape. Functions that fall off like a Gaussian, an
        exponential or 1 / s^2, over lengths of 0.1 to 10 around their inner points, are summed to rounding.

    Raises:
        ValueError: a support with fewer than two points or not in order, an order below 1, or f or g gives an array.
        TypeError: t is not real, or f or g is no function.

    Examples:
        >>> import jax, jax.numpy as jnp
        >>> triangle = convolve_functions(lambda s: 1.0, lambda s: 1.0, support_f=(0, 1), support_g=(0, 1))
        >>> triangle(jnp.array([-1.0, 0.5, 1.0, 1.5])).round(6)
        Array([0. , 0.5, 1. , 0.5], dtype=float32)
        >>> [round(float(jax.grad(triangle)(t)), 6) for t in (0.5, 1.5)]
        [1.0, -1.0]

    References:
        Takahasi and Mori, "Double exponential formulas for numerical integration", Publ. RIMS 9, 1974.
    """
    verb = "convolve_functions"
    for name, one in {"f": f, "g": g}.items():
        if not callable(one):
            raise TypeError(f"{verb}: {name}={one!r} must be a function of one number. For arrays take jconv.conv.")
    order = one_int(verb, "order", order, least=1)
    of_f, of_g = _support(verb, "support_f", support_f), _support(verb, "support_g", support_g)

    def at(t: Array) -> Array:
        s, weights, real = _nodes(t, of_f, of_g, order)
        # On an empty piece the functions might be infinite, and derivatives NaN: they are called elsewhere instead.
        of_s = _called(f, jnp.where(real, s, of_f.within(t.dtype)), f"{verb}: f")
        of_rest = _called(g, jnp.where(real, t - s, of_g.within(t.dtype)), f"{verb}: g")
        dtype = np.promote_types(of_s.dtype, of_rest.dtype)
        return jnp.sum(weights.astype(dtype) * of_s.astype(dtype) * of_rest.astype(dtype))

    def convolved(t: ArrayLike) -> Array:
        t = as_array(verb, "t", t)
        if jnp.iscomplexobj(t):
            raise TypeError(f"{verb}: t of dtype {t.dtype} must be real.")
        dtype = t.dtype if jnp.issubdtype(t.dtype, jnp.floating) else jnp.asarray(0.0).dtype
        wide = t.astype(np.promote_types(dtype, np.float32))  # half types are summed in float32
        values = jax.vmap(at)(wide.reshape(-1)).reshape(t.shape)
        return values if jnp.iscomplexobj(values) else values.astype(dtype)

    return convolved


@dataclass(frozen=True, eq=False)
class _Support:
    """Where a function is not zero.

    Args:
        points: those that are finite, in order, one at least.
        from_far: whether it has no first point.
        to_far: whether it has no last.
    """

    points: tuple[ArrayLike, ...]
    from_far: bool
    to_far: bool

    def array(self, dtype: Any) -> Array:
        """The finite points, (n,)."""
        return jnp.stack([jnp.asarray(p).astype(dtype) for p in self.points])

    def within(self, dtype: Any) -> Array:
        """A point inside, and not in the middle, where a kink would be."""
        points = self.array(dtype)
        if len(self.points) > 1:
            return 0.618 * points[0] + 0.382 * points[1]
        return points[0] + (1 if self.to_far else -1)


def _support(verb: str, name: str, given: Sequence[ArrayLike]) -> _Support:
    """Read a support; points that are traced are finite, and trusted to be in order."""
    if not isinstance(given, Sequence | np.ndarray | jax.Array) or len(given) < 2:
        raise ValueError(f"{verb}: {name}={given!r} must be the first and the last point, and inner ones between.")
    points = list(given)
    known = [float(np.asarray(p)) for p in points if not isinstance(p, jax.core.Tracer)]
    if not all(a < b for a, b in pairwise(known)) or any(map(np.isinf, known[1:-1])):
        raise ValueError(f"{verb}: {name}={given!r} must be in order, each point greater than the one before it.")
    far = [not isinstance(p, jax.core.Tracer) and bool(np.isinf(np.asarray(p))) for p in (points[0], points[-1])]
    return _Support(tuple(points[far[0] : len(points) - far[1]]) or (0.0,), *far)


def _nodes(t: Array, of_f: _Support, of_g: _Support, order: int) -> tuple[Array, Array, Array]:
    """Give the nodes s of the integral at t, their weights, and whether their piece is not empty; (nodes,) each."""
    dtype = t.dtype
    first, second = of_f.array(dtype), t - of_g.array(dtype)[::-1]
    lows = [p[0] for p, far in ((first, of_f.from_far), (second, of_g.to_far)) if not far]
    highs = [p[-1] for p, far in ((first, of_f.to_far), (second, of_g.from_far)) if not far]
    between = jnp.sort(jnp.concatenate([first, second]))
    cuts, inside = between, jnp.ones(between.shape, bool)
    for low in lows:
        cuts, inside = jnp.maximum(cuts, low), inside & (between > low)
    for high in highs:
        cuts, inside = jnp.minimum(cuts, high), inside & (between < high)
    # Where two inner points meet, the piece between them is empty at this t alone, and its slope counts.
    meets = (between[1:] == between[:-1]) & inside[1:]
    pieces = [_finite(cuts[:-1], cuts[1:], meets, order)]
    away, weights = _half_line(INFINITE_NODES * order + 1, dtype)
    pieces += [] if lows else [_far(cuts[0], -away, weights)]
    pieces += [] if highs else [_far(cuts[-1], away, weights)]
    s, weights, real = (jnp.concatenate(parts) for parts in zip(*pieces, strict=True))
    return s, weights, real


def _finite(a: Array, b: Array, meets: Array, order: int) -> tuple[Array, Array, Array]:
    """Give Gauss and Legendre's nodes between a and b, (pieces,) each; those that meet do not count as empty."""
    x, weights = (jnp.asarray(v, a.dtype)[None, :] for v in np.polynomial.legendre.leggauss(order))
    middle, half = ((a + b) / 2)[:, None], ((b - a) / 2)[:, None]
    real = jnp.broadcast_to(((b > a) | meets)[:, None], (a.shape[0], order))
    return (middle + half * x).ravel(), (half * weights).ravel(), real.ravel()


def _far(start: Array, away: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Give nodes that are so far away from a start; such a piece is never empty."""
    return start + away, weights, jnp.ones(away.shape, bool)


def _half_line(count: int, dtype: Any) -> tuple[Array, Array]:
    """Give exp(pi/2 sinh(u)) for evenly spaced u, and the weights of the trapezoidal rule in u."""
    end = float(np.arcsinh(2 / np.pi * np.log(REACH[dtype.itemsize])))
    u = np.linspace(-end, end, count)
    away = np.exp(np.pi / 2 * np.sinh(u))
    return jnp.asarray(away, dtype), jnp.asarray((u[1] - u[0]) * np.pi / 2 * np.cosh(u) * away, dtype)


def _called(function: Function, s: Array, name: str) -> Array:
    """Give a function's values at s, (nodes,), as floats or complex numbers."""

    def one(s: Array) -> Array:
        value = function(s)
        if not hasattr(value, "dtype"):
            value = jnp.asarray(value, None if isinstance(value, complex) else s.dtype)
        if jnp.shape(value) != ():
            raise ValueError(f"{name} gives an array of shape {jnp.shape(value)}; it must give one number for one.")
        return value if jnp.issubdtype(value.dtype, jnp.inexact) else value.astype(s.dtype)

    return jax.vmap(one)(s)
