"""lfilter: a causal filter along an axis, for finite impulse responses."""

import jax.numpy as jnp

from jconv._typing import Array, ArrayLike, Ints
from jconv._verbs.arguments import as_array
from jconv.signal._convolution import on_one_axis
from jconv.signal._dtypes import fractional
from jconv.signal._modes import check_axis


def lfilter(
    b: ArrayLike, a: ArrayLike, x: ArrayLike, axis: int = -1, zi: ArrayLike | None = None
) -> Array | tuple[Array, Array]:
    """Filter a signal with a finite impulse response by direct sums, as `scipy.signal.lfilter` with one `a`.

    y[n] = sum over k of  b[k] / a[0] * x[n - k]  (+ zi[n])

    An output feels no later input, not even by rounding. Chunks filtered one after another, the `zf` of each the
    `zi` of the next, give what the whole signal would.

    Args:
        b: (length,) or a number, the numerator's coefficients.
        a: one number: the denominator.
        x: the signal, of any number of axes.
        axis: the axis that time runs along.
        zi: what earlier inputs add to the first length - 1 outputs; of x's shape but for length - 1 along the axis,
            or 1 where it is the same throughout.

    Returns:
        y, of x's shape; with `zi` also zf, of its full shape: what these inputs add to later outputs.

    Raises:
        NotImplementedError: more than one denominator coefficient: the response has no end then.
        ValueError: coefficients of more than one axis, or a `zi` that does not fit.
        TypeError: dtypes that may not be mixed, or that are no numbers.

    Examples:
        >>> import jax.numpy as jnp
        >>> lfilter(jnp.array([1.0, -1.0]), 1.0, jnp.array([1.0, 3.0, 6.0]))
        Array([1., 2., 3.], dtype=float32)

    References:
        SciPy, `scipy.signal.lfilter`.
    """
    b, a = jnp.atleast_1d(as_array("lfilter", "b", b)), jnp.atleast_1d(as_array("lfilter", "a", a))
    for name, coefficients in (("b", b), ("a", a)):
        if coefficients.ndim != 1 or coefficients.size == 0:
            raise ValueError(f"lfilter: {name} is not a non-empty 1d array: it has shape {coefficients.shape}.")
    if a.size > 1:
        raise NotImplementedError(
            f"lfilter: a has {a.size} coefficients, so the impulse response has no end, and filtering is no "
            f"convolution. If those after the first are zeros, give a[:1]. If the response fades out, filter with its "
            f"first samples: they are the quotient of deconvolve(jnp.pad(b, (0, samples)), a). Otherwise step through "
            f"time with jax.lax.scan."
        )
    taps, first, x, *state = fractional("lfilter", b=b, a=a, x=x, **({} if zi is None else {"zi": zi}))
    axis = check_axis("lfilter", axis, x.ndim)
    taps, size = taps / first, x.shape[axis]
    if not state:
        return on_one_axis(x, taps, axis, 0, size)
    begun = _check_state(state[0], (*x.shape[:axis], taps.size - 1, *x.shape[axis + 1 :]))
    y = on_one_axis(x, taps, axis, 0, size + taps.size - 1)
    pads = [(0, 0)] * x.ndim
    pads[axis] = (0, size)
    y = y + jnp.pad(begun, pads)
    before = (slice(None),) * axis
    return y[(*before, slice(0, size))], y[(*before, slice(size, None))]


def _check_state(zi: Array, shape: Ints) -> Array:
    """`zi` in its full shape."""
    if zi.ndim != len(shape) or any(n not in (1, full) for n, full in zip(zi.shape, shape, strict=True)):
        raise ValueError(f"lfilter: zi must have the shape {shape}, or 1 on an axis beside time; it has {zi.shape}.")
    return jnp.broadcast_to(zi, shape)
