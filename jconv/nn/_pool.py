"""Pooling layers: `jconv.ops`' pools as modules, so that they stand in an `nnx.Sequential`. None has parameters."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from flax import nnx

from jconv._typing import Array, IntOrInts
from jconv._verbs.arguments import one_int
from jconv.ops._adaptive_pool import adaptive_avg_pool, adaptive_max_pool
from jconv.ops._avg_pool import avg_pool, lp_pool
from jconv.ops._global_pool import global_avg_pool, global_max_pool
from jconv.ops._max_pool import max_pool
from jconv.ops._windows import rank_of


class _Pool(nnx.Module):
    """The options that windows have."""

    def __init__(
        self,
        window: Sequence[int],
        *,
        stride: IntOrInts | None = None,
        padding: Any = "VALID",
        dilation: IntOrInts = 1,
        ceil_mode: bool = False,
    ):
        rank_of(type(self).__name__, "window", window)
        self.window, self.stride, self.padding = tuple(window), stride, padding
        self.dilation, self.ceil_mode = dilation, ceil_mode

    @property
    def options(self) -> dict[str, Any]:
        """The keywords of the functions."""
        return dict(stride=self.stride, padding=self.padding, dilation=self.dilation, ceil_mode=self.ceil_mode)


class MaxPool(_Pool):
    """Take the largest value of every window.

    y[o] = max over k of  x[s*o + d*k - lo]  on every spatial axis, as in `jconv.ops.max_pool`.

    Args:
        window: taps per spatial axis; its length is the number of spatial axes.
        stride: steps between neighbouring windows; None stands for `window`.
        padding: as in `jconv.ops.max_pool`.
        dilation: distance between neighbouring taps.
        ceil_mode: whether a last window may reach beyond the padding.

    Raises:
        TypeError: a window that is no sequence of ints.

    Examples:
        >>> MaxPool((2, 2))(jnp.ones((2, 8, 8, 4))).shape
        (2, 4, 4, 4)
    """

    def __call__(self, inputs: Array) -> Array:
        """Pool (*batch, *spatial, channels) to (*batch, *outputs, channels)."""
        return max_pool(inputs, self.window, **self.options)


class AvgPool(_Pool):
    """Take the mean of every window.

    y[o] = (sum over k of  x[s*o + d*k - lo]) / count[o]  on every spatial axis, as in `jconv.ops.avg_pool`.

    Args:
        window: taps per spatial axis; its length is the number of spatial axes.
        stride: steps between neighbouring windows; None stands for `window`.
        padding: as in `jconv.ops.avg_pool`.
        dilation: distance between neighbouring taps.
        ceil_mode: whether a last window may reach beyond the padding.
        count_include_pad: whether the padding counts.

    Raises:
        TypeError: a window that is no sequence of ints.

    Examples:
        >>> AvgPool((2,), padding="SAME")(jnp.ones((2, 9, 4))).shape
        (2, 5, 4)
    """

    def __init__(self, window: Sequence[int], *, count_include_pad: bool = True, **options: Any):
        super().__init__(window, **options)
        self.count_include_pad = count_include_pad

    def __call__(self, inputs: Array) -> Array:
        """Pool (*batch, *spatial, channels) to (*batch, *outputs, channels)."""
        return avg_pool(inputs, self.window, count_include_pad=self.count_include_pad, **self.options)


class LPPool(_Pool):
    """Take the p-norm of every window.

    y[o] = (sum over k of  |x[s*o + d*k - lo]|^p)^(1/p)  on every spatial axis, as in `jconv.ops.lp_pool`.

    Args:
        p: the power, positive.
        window: taps per spatial axis; its length is the number of spatial axes.
        trained: whether p is an `nnx.Param` and only a start.
        stride: steps between neighbouring windows; None stands for `window`.
        padding: as in `jconv.ops.lp_pool`.
        dilation: distance between neighbouring taps.
        ceil_mode: whether a last window may reach beyond the padding.

    Raises:
        TypeError: a window that is no sequence of ints.

    Examples:
        >>> LPPool(2, (2,))(jnp.array([3.0, -4.0, 6.0, 8.0])[:, None]).ravel()
        Array([ 5., 10.], dtype=float32)
    """

    def __init__(self, p: float, window: Sequence[int], *, trained: bool = False, **options: Any):
        super().__init__(window, **options)
        self.p = nnx.Param(jnp.asarray(p, float)) if trained else p

    def __call__(self, inputs: Array) -> Array:
        """Pool (*batch, *spatial, channels) to (*batch, *outputs, channels)."""
        p = self.p[...] if isinstance(self.p, nnx.Param) else self.p
        return lp_pool(inputs, p, self.window, **self.options)


class _AdaptivePool(nnx.Module):
    """The size asked for."""

    def __init__(self, size: Sequence[int | None]):
        rank_of(type(self).__name__, "size", size)
        self.size = tuple(size)


class AdaptiveAvgPool(_AdaptivePool):
    """Take means of windows that cover the input evenly, so many that the output has the size asked for.

    y[o] = mean of x[i] over  floor(o*I/O) <= i < ceil((o+1)*I/O), as in `jconv.ops.adaptive_avg_pool`.

    Args:
        size: outputs per spatial axis, None where the axis is to keep its size.

    Raises:
        TypeError: a size that is no sequence.

    Examples:
        >>> AdaptiveAvgPool((5, 5))(jnp.ones((2, 13, 7, 4))).shape
        (2, 5, 5, 4)
    """

    def __call__(self, inputs: Array) -> Array:
        """Pool (*batch, *spatial, channels) to (*batch, *size, channels)."""
        return adaptive_avg_pool(inputs, self.size)


class AdaptiveMaxPool(_AdaptivePool):
    """Take the largest values of windows that cover the input evenly, so many that the output has the size asked for.

    y[o] = max of x[i] over  floor(o*I/O) <= i < ceil((o+1)*I/O), as in `jconv.ops.adaptive_max_pool`.

    Args:
        size: outputs per spatial axis, None where the axis is to keep its size.

    Raises:
        TypeError: a size that is no sequence.

    Examples:
        >>> AdaptiveMaxPool((5, None))(jnp.ones((2, 13, 7, 4))).shape
        (2, 5, 7, 4)
    """

    def __call__(self, inputs: Array) -> Array:
        """Pool (*batch, *spatial, channels) to (*batch, *size, channels)."""
        return adaptive_max_pool(inputs, self.size)


class _GlobalPool(nnx.Module):
    """The number of spatial axes."""

    def __init__(self, rank: int):
        self.rank = one_int(type(self).__name__, "rank", rank, least=1)


class GlobalAvgPool(_GlobalPool):
    """Take the mean over all positions, as in `jconv.ops.global_avg_pool`.

    y = (sum over i of x[i]) / (number of positions).

    Args:
        rank: the number of spatial axes.

    Raises:
        ValueError: a rank below 1.
        TypeError: a rank that is no integer.

    Examples:
        >>> GlobalAvgPool(2)(jnp.ones((2, 13, 7, 4))).shape
        (2, 4)
    """

    def __call__(self, inputs: Array) -> Array:
        """Pool (*batch, *spatial, channels) to (*batch, channels)."""
        return global_avg_pool(inputs, self.rank)


class GlobalMaxPool(_GlobalPool):
    """Take the largest value of all positions, as in `jconv.ops.global_max_pool`.

    y = max over i of x[i].

    Args:
        rank: the number of spatial axes.

    Raises:
        ValueError: a rank below 1.
        TypeError: a rank that is no integer.

    Examples:
        >>> GlobalMaxPool(2)(jnp.ones((2, 13, 7, 4))).shape
        (2, 4)
    """

    def __call__(self, inputs: Array) -> Array:
        """Pool (*batch, *spatial, channels) to (*batch, channels)."""
        return global_max_pool(inputs, self.rank)
