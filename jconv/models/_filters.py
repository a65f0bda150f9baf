"""Three nnx models of an unknown picture filter: one kernel, a column times a row, a small stack.

All take pictures `(pictures, height, width, 1)` and give `(pictures, height - k + 1, width - k + 1, 1)`:
no border is invented, pad before if one is wanted. Their layers are Flax's own, computed by jconv.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from jconv._typing import Array, ArrayLike
from jconv._verbs.general import conv_general_dilated


def _layer(
    c_in: int,
    c_out: int,
    window: tuple[int, int],
    *,
    algorithm: str,
    rngs: nnx.Rngs,
    init: Callable,
    bias: bool,
) -> nnx.Conv:
    return nnx.Conv(
        c_in,
        c_out,
        window,
        padding="VALID",
        use_bias=bias,
        kernel_init=init,
        # A GPU's or TPU's short formats would hide a kernel error below 1e-3.
        precision="highest",
        conv_general_dilated=partial(conv_general_dilated, algorithm=algorithm),
        rngs=rngs,
    )


def _near_zero(key: Array, shape: tuple[int, ...], dtype, **_) -> Array:
    """Start small: what the picture does not determine then stays small."""
    return 0.01 * jax.random.normal(key, shape, dtype)


def _near_identity(key: Array, shape: tuple[int, ...], dtype, **_) -> Array:
    """Start by passing the picture on: a product of two factors has a saddle where both are zero."""
    *window, _, _ = shape
    origin = tuple((size - 1) // 2 for size in window)
    return _near_zero(key, shape, dtype).at[origin].add(1.0)


class ConvFilter(nnx.Module):
    """One kernel and an offset: `y = kernel * x + bias`.

    Args:
        kernel_size: taps along each axis.
        algorithm: as in `jconv.conv`.
        rngs: for the first kernel.

    Examples:
        >>> model = ConvFilter(3, rngs=nnx.Rngs(0))
        >>> model(jnp.zeros((1, 9, 9, 1))).shape
        (1, 7, 7, 1)
    """

    def __init__(self, kernel_size: int, *, algorithm: str = "auto", rngs: nnx.Rngs):
        window = (kernel_size, kernel_size)
        self.conv = _layer(1, 1, window, algorithm=algorithm, rngs=rngs, init=_near_zero, bias=True)

    def __call__(self, x: ArrayLike) -> Array:
        """Filter pictures."""
        return self.conv(jnp.asarray(x))

    def filter_kernel(self, patches: ArrayLike) -> np.ndarray:
        """Give the kernel `(k, k)`; the patches are not needed."""
        return np.asarray(self.conv.kernel[...])[:, :, 0, 0]


class SeparableFilter(nnx.Module):
    """A column and then a row: `kernel[i, j] = column[i] * row[j]`, 2k unknowns in place of k * k.

    Args:
        kernel_size: taps along each axis.
        algorithm: as in `jconv.conv`.
        rngs: for the first kernels.

    Examples:
        >>> model = SeparableFilter(3, rngs=nnx.Rngs(0))
        >>> model(jnp.zeros((1, 9, 9, 1))).shape
        (1, 7, 7, 1)
    """

    def __init__(self, kernel_size: int, *, algorithm: str = "auto", rngs: nnx.Rngs):
        layer = partial(_layer, 1, 1, algorithm=algorithm, rngs=rngs, init=_near_identity)
        self.column = layer((kernel_size, 1), bias=False)
        self.row = layer((1, kernel_size), bias=True)

    def __call__(self, x: ArrayLike) -> Array:
        """Filter pictures."""
        return self.row(self.column(jnp.asarray(x)))

    def filter_kernel(self, patches: ArrayLike) -> np.ndarray:
        """Give the product kernel `(k, k)`; the patches are not needed."""
        return np.asarray(self.column.kernel[...])[:, :, 0, 0] * np.asarray(self.row.kernel[...])[:, :, 0, 0]


class DeepFilter(nnx.Module):
    """A small stack for filters that are no convolution: a linear part plus k x k, 1 x 1, 1 x 1 with GELUs.

    Each output still sees k x k pixels, so that a median, a threshold or a clipped edge fits it.

    Args:
        kernel_size: taps along each axis of the first layer, and of the linear part.
        width: features between the layers.
        algorithm: as in `jconv.conv`.
        rngs: for the first kernels.

    Examples:
        >>> model = DeepFilter(3, rngs=nnx.Rngs(0))
        >>> model(jnp.zeros((1, 9, 9, 1))).shape
        (1, 7, 7, 1)
    """

    def __init__(self, kernel_size: int, *, width: int = 16, algorithm: str = "auto", rngs: nnx.Rngs):
        window = (kernel_size, kernel_size)
        layer = partial(_layer, algorithm=algorithm, rngs=rngs, bias=True)
        drawn = nnx.initializers.lecun_normal()
        self.linear = layer(1, 1, window, init=_near_zero)
        self.first = layer(1, width, window, init=drawn)
        self.second = layer(width, width, (1, 1), init=drawn)
        self.last = layer(width, 1, (1, 1), init=_near_zero)

    def __call__(self, x: ArrayLike) -> Array:
        """Filter pictures."""
        x = jnp.asarray(x)
        hidden = nnx.gelu(self.second(nnx.gelu(self.first(x))))
        return self.linear(x) + self.last(hidden)

    def filter_kernel(self, patches: ArrayLike) -> np.ndarray:
        """Give the mean local kernel `(k, k)`: the slope of an output in its pixels, averaged over patches.

        Args:
            patches: `(patches, k, k, 1)`, cut from the picture.
        """
        return np.asarray(_mean_slope(*nnx.split(self), patches))[:, :, 0]


@partial(jax.jit, static_argnums=0)
def _mean_slope(graphdef, state, patches: ArrayLike) -> Array:
    slopes = jax.grad(lambda pixels: jnp.sum(nnx.merge(graphdef, state)(pixels)))(patches)
    return jnp.mean(slopes, axis=0)


# The names that `jconv learn --model` takes.
FILTER_MODELS: Mapping[str, type[ConvFilter] | type[SeparableFilter] | type[DeepFilter]] = MappingProxyType(
    {"conv": ConvFilter, "separable": SeparableFilter, "deep": DeepFilter}
)
