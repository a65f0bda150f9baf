"""FixedFilter: a known kernel as a layer, frozen or as a start."""

from typing import Any

import jax.numpy as jnp
from flax import nnx

from jconv._algorithms import Algorithm
from jconv._typing import Array, ArrayLike, IntOrInts
from jconv._verbs.arguments import as_array
from jconv._verbs.conv import conv


class Frozen(nnx.Variable):
    """A value that belongs to a model and is not trained: optimisers that take `nnx.Param` pass it by."""


class FixedFilter(nnx.Module):
    """Slide one known window over every channel alike.

    y[o, c] = sum over k of  x[s*o + k - lo, c] * taps[k]

    Args:
        taps: (*window,), such as `jconv.kernels.gaussian(1.0)`.
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`.
        trained: whether the taps are an `nnx.Param` and only a start, or frozen.
        algorithm: as in `jconv.conv`.

    Raises:
        ValueError: the taps are a scalar.
        TypeError: the taps are no array.

    Examples:
        >>> from jconv.kernels import sobel
        >>> FixedFilter(sobel(axis=-1))(jnp.ones((2, 9, 9, 3))).shape
        (2, 9, 9, 3)
    """

    def __init__(
        self,
        taps: ArrayLike,
        *,
        stride: IntOrInts = 1,
        padding: Any = "SAME",
        padding_mode: Any = "zeros",
        trained: bool = False,
        algorithm: str | Algorithm = "auto",
    ):
        taps = as_array("FixedFilter", "taps", taps)
        if not taps.ndim:
            raise ValueError("FixedFilter: taps must be (*window,) with one axis or more; they are a scalar.")
        self.taps = nnx.Param(taps) if trained else Frozen(taps)
        self.stride, self.padding, self.padding_mode, self.algorithm = stride, padding, padding_mode, algorithm

    def __call__(self, inputs: Array) -> Array:
        """The filtered `inputs`.

        Args:
            inputs: (*batch, *spatial, channels).

        Returns:
            (*batch, *outputs, channels).
        """
        taps = self.taps[...]
        c = inputs.shape[-1]
        kernel = jnp.broadcast_to(taps[..., None, None], (*taps.shape, 1, c))
        return conv(
            inputs,
            kernel,
            stride=self.stride,
            padding=self.padding,
            padding_mode=self.padding_mode,
            groups=c,
            algorithm=self.algorithm,
            rank=taps.ndim,
        )
