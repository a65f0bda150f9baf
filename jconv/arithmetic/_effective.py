"""effective_receptive_field: how much each input position moves an output, by its gradient."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jconv._typing import Array, ArrayLike


class EffectiveField(NamedTuple):
    """How strongly the inputs move one output.

    Args:
        weight: (*spatial), the mean size of the gradient there, summing to 1.
        centre: (axes,), the mean position under that weight.
        deviation: (axes,), the standard deviation around it: for a Gaussian field, half of 68% of its width.
    """

    weight: Array
    centre: Array
    deviation: Array


def effective_receptive_field(
    function: Callable[[Array], Array], x: ArrayLike, *, position: Sequence[int] | None = None
) -> EffectiveField:
    """Measure the effective receptive field: `mean over examples of sum over c of |d sum_m y[o, m] / d x[i, c]|`.

    Args:
        function: from (batch, *spatial, c_in) to (batch, *outputs, c_out), each example by itself; a
            model, too.
        x: inputs to average over, typical ones or noise.
        position: o, the output to look at; by default the middle one.

    Returns:
        An `EffectiveField`.

    Raises:
        ValueError: the function's result has no position of that kind.

    Examples:
        >>> from jconv import conv
        >>> blur = jnp.array([1.0, 2.0, 1.0])[:, None, None]
        >>> field = effective_receptive_field(lambda x: conv(x, blur, padding="SAME"), jnp.ones((1, 5, 1)))
        >>> field.weight, field.centre
        (Array([0.  , 0.25, 0.5 , 0.25, 0.  ], dtype=float32), Array([2.], dtype=float32))

    References:
        Luo, Li, Urtasun and Zemel, "Understanding the effective receptive field in deep convolutional neural
        networks", arXiv:1701.04128.
    """
    x = jnp.asarray(x)

    def output(x: Array) -> Array:
        y = function(x)
        outputs = y.shape[1:-1]
        where = tuple(n // 2 for n in outputs) if position is None else tuple(position)
        if len(where) != len(outputs) or not all(-n <= o < n for o, n in zip(where, outputs, strict=True)):
            raise ValueError(
                f"effective_receptive_field: position={position} is none of the result's, which has shape {y.shape}."
            )
        return jnp.sum(y[(slice(None), *where)])

    slope = jnp.abs(jax.grad(output)(x))
    weight = jnp.mean(jnp.sum(slope, axis=-1), axis=0)
    weight = weight / jnp.maximum(jnp.sum(weight), jnp.finfo(weight.dtype).tiny)
    centre, deviation = [], []
    for axis, size in enumerate(weight.shape):
        along = jnp.sum(weight, axis=[a for a in range(weight.ndim) if a != axis])
        places = jnp.arange(size, dtype=weight.dtype)
        centre.append(jnp.sum(along * places))
        deviation.append(jnp.sqrt(jnp.sum(along * (places - centre[-1]) ** 2)))
    return EffectiveField(weight, jnp.stack(centre), jnp.stack(deviation))
