"""BlurPool: downsampling without aliasing, as a layer."""

from collections.abc import Sequence
from typing import Any

from flax import nnx

from jconv._typing import Array, IntOrInts
from jconv.ops._blur_pool import blur_pool
from jconv.ops._windows import rank_of


class BlurPool(nnx.Module):
    """Blur by a binomial kernel, then keep every `stride`-th position: downsampling that commutes with shifts better.

    y[o] = sum over k of  x[s*o + k - lo] * b[k]  on every spatial axis, as in `jconv.ops.blur_pool`. No parameters.

    Args:
        window: taps per spatial axis; its length is the number of spatial axes.
        stride: steps between neighbouring outputs; ints are spread to all axes.
        padding: as in `jconv.ops.blur_pool`.
        padding_mode: as in `jconv.conv`.

    Raises:
        TypeError: a window that is no sequence of ints.

    Examples:
        >>> import jax.numpy as jnp
        >>> BlurPool((3, 3))(jnp.ones((2, 8, 8, 4))).shape
        (2, 4, 4, 4)

    References:
        Zhang, "Making convolutional networks shift-invariant again", arXiv:1904.11486.
    """

    def __init__(
        self,
        window: Sequence[int],
        *,
        stride: IntOrInts = 2,
        padding: Any = "REFLECT",
        padding_mode: Any = "zeros",
    ):
        rank_of("BlurPool", "window", window)
        self.window, self.stride, self.padding, self.padding_mode = tuple(window), stride, padding, padding_mode

    def __call__(self, inputs: Array) -> Array:
        """The blurred, thinned out `inputs`.

        Args:
            inputs: (*batch, *spatial, channels).

        Returns:
            (*batch, *outputs, channels).
        """
        return blur_pool(inputs, self.window, stride=self.stride, padding=self.padding, padding_mode=self.padding_mode)
