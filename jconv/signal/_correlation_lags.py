"""correlation_lags: the displacement that each output of correlate belongs to."""

import jax.numpy as jnp

from jconv._typing import Array
from jconv._verbs.arguments import one_int
from jconv.signal._modes import check_mode


def correlation_lags(in1_len: int, in2_len: int, mode: str = "full") -> Array:
    """Tell the lag of every output of a one-dimensional `correlate`, as `scipy.signal.correlation_lags`.

    lag[n] = n - (in2_len - 1)  in "full"; the other modes are parts of it.

    Args:
        in1_len: size of the first array.
        in2_len: size of the second array.
        mode: as in `correlate`.

    Returns:
        Integers, one per output: how far in2 is moved to the right.

    Raises:
        ValueError: sizes below 1 or an unknown mode.

    Examples:
        >>> correlation_lags(4, 2)
        Array([-1,  0,  1,  2,  3], dtype=int32)

    References:
        SciPy, `scipy.signal.correlation_lags`.
    """
    n = one_int("correlation_lags", "in1_len", in1_len, least=1)
    k = one_int("correlation_lags", "in2_len", in2_len, least=1)
    mode = check_mode("correlation_lags", mode)
    if mode == "valid":
        return jnp.arange(min(n - k, 0), max(n - k, 0) + 1)
    lags = jnp.arange(1 - k, n)
    first = (n + k - 1) // 2 - n // 2 if mode == "same" else 0
    return lags[first : first + n] if mode == "same" else lags
