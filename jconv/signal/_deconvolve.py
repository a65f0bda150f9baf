"""deconvolve: the quotient and the rest of a division of polynomials."""

import jax.numpy as jnp
from jax import lax

from jconv._typing import Array, ArrayLike
from jconv._verbs.arguments import as_array
from jconv.signal._convolution import convolution
from jconv.signal._dtypes import fractional


def deconvolve(signal: ArrayLike, divisor: ArrayLike) -> tuple[Array, Array]:
    """Divide polynomials by long division, as `scipy.signal.deconvolve`.

    signal = convolve(divisor, quotient) + remainder.

    Errors grow as the inverse of the divisor does; to take a blur out of noisy data see `wiener_deconvolve` and
    `richardson_lucy`.

    Args:
        signal: (N,), the recorded signal, or the dividend's coefficients, highest power first.
        divisor: (D,), the impulse response, or the divisor's coefficients; the first must not be 0.

    Returns:
        quotient: (N - D + 1,), or (0,) if the divisor is the longer.
        remainder: (N,), nearly 0 but for the last D - 1.

    Raises:
        ValueError: other than one axis, or empty.
        TypeError: dtypes that may not be mixed, or that are no numbers.

    Examples:
        >>> import jax.numpy as jnp
        >>> quotient, remainder = deconvolve(jnp.array([1.0, 5.0, 7.0, 3.0]), jnp.array([1.0, 3.0]))
        >>> quotient
        Array([1., 2., 1.], dtype=float32)

    References:
        SciPy, `scipy.signal.deconvolve`.
    """
    numerator = jnp.atleast_1d(as_array("deconvolve", "signal", signal))
    denominator = jnp.atleast_1d(as_array("deconvolve", "divisor", divisor))
    for name, array in (("signal", numerator), ("divisor", denominator)):
        if array.ndim != 1 or array.size == 0:
            raise ValueError(f"deconvolve: {name} must be a non-empty 1d array, and has shape {array.shape}.")
    if denominator.size > numerator.size:
        return jnp.zeros(0, fractional("deconvolve", signal=signal, divisor=divisor)[0].dtype), numerator
    numerator, denominator = fractional("deconvolve", signal=numerator, divisor=denominator)
    quotient = _divided(numerator, denominator)
    whole = convolution(quotient, denominator, (0,), ((0, numerator.size),), "direct")
    return quotient, numerator - whole


def _divided(numerator: Array, denominator: Array) -> Array:
    """q[n] = (numerator[n] - sum over k > 0 of  denominator[k] * q[n - k]) / denominator[0], one n after another.

    What earlier quotients will take from the next D - 1 coefficients is carried along.
    """
    first, rest = denominator[0], denominator[1:]

    def step(taken: Array, coefficient: Array) -> tuple[Array, Array]:
        q = (coefficient - taken[0]) / first
        return jnp.append(taken[1:], jnp.zeros((), q.dtype)) + q * jnp.append(rest, jnp.zeros((), q.dtype)), q

    _, quotient = lax.scan(step, jnp.zeros_like(denominator), numerator[: numerator.size - rest.size])
    return quotient
