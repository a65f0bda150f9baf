"""use_algorithm: pin the algorithm for a block of code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import jax

from jconv._algorithms import Algorithm
from jconv._verbs.arguments import check_algorithm
from jconv._verbs.environment import environment_word
from jconv._verbs.signatures import shown_as_written

# What "auto" means in this process, for every verb and for JAX's own convolutions: itself, or "direct".
AUTO = environment_word("JCONV_NUMERICS", {"": "auto", "auto": "auto", "direct": "direct"}, default="auto")

# Part of the key of JAX's caches: a jitted function is compiled once for each pin that it is called under.
_pinned = jax.make_user_context(default_value=AUTO)


@shown_as_written
@contextmanager
def use_algorithm(algorithm: str | Algorithm) -> Iterator[None]:
    """Let every convolution of a block use one algorithm, if it names none itself.

    It reaches what is traced inside the block, in this thread: calls of jitted functions, which are
    compiled anew where they were compiled under another pin, and their gradients. While `install` is
    in force, it reaches JAX's own convolutions too. Blocks nest, the inner one wins, and
    `use_algorithm("auto")` lifts the pin. As for `algorithm=`, there is no silent fallback.

    Args:
        algorithm: the name of one, "auto", "direct", or an `Algorithm` of your own. "direct" leaves the choice to
            jconv, among algorithms whose every output is a direct sum over its own window.

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
    asked = check_algorithm("use_algorithm", algorithm)
    with _pinned(AUTO if asked == "auto" else asked):
        yield


def pinned_algorithm() -> str | Algorithm:
    """What a convolution that names no algorithm is to use here; outside every block, what "auto" means."""
    return _pinned.value


def or_pinned(algorithm: str | Algorithm) -> str | Algorithm:
    """What a convolution that asks for `algorithm` is to use here."""
    return pinned_algorithm() if algorithm == "auto" else algorithm
