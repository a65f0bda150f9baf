"""StreamBranches: residual, gated and other networks that are no plain stack."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from jconv._typing import Array


def _sum(*outputs: Array) -> Array:
    return reduce(operator.add, outputs)


@dataclass(frozen=True, eq=False)
class StreamBranches:
    """Several networks of one input, and a function of their outputs: y = merge(branch 0 (x), branch 1 (x), ...).

    An empty branch gives x itself, so that `StreamBranches([[], layers])` is a residual block, and
    `StreamBranches([f, g], lambda f, g: jnp.tanh(f) * jax.nn.sigmoid(g))` a gated one.

    Args:
        branches: what `stream` takes, each with as many outputs in time per input.
        merge: a function of the outputs, which takes every position in time by itself; their sum by default.

    Raises:
        ValueError: there is no branch.

    Examples:
        >>> import jax.numpy as jnp
        >>> from jconv.ops import StreamConv, stream
        >>> last = StreamConv(jnp.array([1.0, 0.0])[:, None, None])
        >>> stream(StreamBranches([[], last])).whole(jnp.array([[1.0], [2.0], [4.0]])).ravel()
        Array([1., 3., 6.], dtype=float32)

    References:
        He et al., "Deep residual learning for image recognition", arXiv:1512.03385; van den Oord et al., "WaveNet",
        arXiv:1609.03499.
    """

    branches: Sequence[Any]
    merge: Callable[..., Array] = _sum

    def __post_init__(self):
        if not len(self.branches):
            raise ValueError("StreamBranches: branches=[] has none; an empty branch, [[]], gives the input itself.")
