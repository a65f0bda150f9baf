"""use_algorithm: pin the algorithm for a block of code."""

from collections.abc import Iterator
from contextlib import contextmanager

import jax

from jconv._algorithms import ALGORITHMS, Algorithm

# Part of the key of JAX's caches: a jitted function is compiled once for each pin that it is called under.
_pinned = jax.make_user_context(default_value="auto")


@contextmanager
def use_algorithm(algorithm: str | Algorithm) -> Iterator[None]:
    """Let every convolution of a block use one algorithm, if it names none itself.

    It reaches what is traced inside the block, in this thread: calls of jitted functions, which are
    compiled anew where they were compiled under another pin, and their gradients. While `install` is
    in force, it reaches JAX's own convolutions too. Blocks nest, the inner one wins, and
    `use_algorithm("auto")` lifts the pin. As for `algorithm=`, there is no silent fallback.

    Args:
        algorithm: the name of one, "auto", or an `Algorithm` of your own.

    Raises:
        ValueError: there is no algorithm of that name.
        TypeError: it is neither a name nor an `Algorithm`.
        NotImplementedError: at a convolution in the block that the algorithm cannot compute.

    Examples:
        >>> import jax, jax.numpy as jnp
        >>> from jconv import conv
        >>> x, kernel = jnp.ones((1, 9, 9, 8)), jnp.ones((3, 3, 8, 8))
        >>> with use_algorithm("taps"):
        ...     "stablehlo.convolution" in jax.jit(conv).lower(x, kernel).as_text()
        False
    """
    if not isinstance(algorithm, str | Algorithm):
        raise TypeError(
            f"use_algorithm: algorithm={algorithm!r} must be a name or a jconv.Algorithm, not "
            f"{type(algorithm).__name__}."
        )
    if isinstance(algorithm, str) and algorithm not in ("auto", *ALGORITHMS):
        known = ", ".join(map(repr, ("auto", *ALGORITHMS)))
        raise ValueError(f"use_algorithm: algorithm={algorithm!r} is not one of {known}.")
    with _pinned(algorithm):
        yield


def pinned_algorithm() -> str | Algorithm:
    """What a convolution that names no algorithm is to use here: "auto" outside every block."""
    return _pinned.value
