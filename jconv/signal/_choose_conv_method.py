"""choose_conv_method: the name of the quicker way to convolve."""

import time

import jax

from jconv._typing import Array, ArrayLike
from jconv._verbs.arguments import as_array
from jconv.signal._convolve import convolve
from jconv.signal._method import quicker_method
from jconv.signal._modes import check_mode


def choose_conv_method(
    in1: ArrayLike, in2: ArrayLike, mode: str = "full", measure: bool = False
) -> str | tuple[str, dict[str, float]]:
    """Name the quicker method of `convolve`, as `scipy.signal.choose_conv_method`.

    It is what `convolve(method="auto")` takes. The choice knows shapes and dtypes only, so that it is the same
    under `jax.jit`: by the core's cost model on CPU, elsewhere by counts of multiply-adds. Integers go through
    transforms only where no values of their dtypes could be rounded wrongly.

    Args:
        in1: the first array.
        in2: the second array, with as many axes.
        mode: as in `convolve`.
        measure: time both methods once they are compiled, in place of predicting; not under `jax.jit`.

    Returns:
        "direct" or "fft"; with `measure` also the seconds that each took.

    Raises:
        ValueError: as in `convolve`; or `measure` of traced arrays.

    Examples:
        >>> import jax.numpy as jnp
        >>> choose_conv_method(jnp.ones(100_000), jnp.ones(10_000)), choose_conv_method(jnp.ones(100), jnp.ones(3))
        ('fft', 'direct')

    References:
        SciPy, `scipy.signal.choose_conv_method`.
    """
    x, h = as_array("choose_conv_method", "in1", in1), as_array("choose_conv_method", "in2", in2)
    mode = check_mode("choose_conv_method", mode)
    if x.ndim != h.ndim:
        raise ValueError(
            f"choose_conv_method: in1 and in2 should have the same dimensionality (they have shapes {x.shape} and "
            f"{h.shape})."
        )
    if not measure:
        return quicker_method(mode, x.shape, h.shape, (x.dtype, h.dtype))
    if isinstance(x, jax.core.Tracer) or isinstance(h, jax.core.Tracer):
        raise ValueError("choose_conv_method: measure=True cannot run traced arrays: call it outside of jax.jit.")
    times = {method: _seconds(x, h, mode, method) for method in ("fft", "direct")}
    return min(times, key=lambda method: times[method]), times


def _seconds(x: Array, h: Array, mode: str, method: str, repeats: int = 3) -> float:
    """The least of some runs, compilation apart."""
    run = jax.jit(convolve, static_argnames=("mode", "method"))
    took = []
    for _ in range(1 + repeats):
        start = time.perf_counter()
        jax.block_until_ready(run(x, h, mode=mode, method=method))
        took.append(time.perf_counter() - start)
    return min(took[1:])
