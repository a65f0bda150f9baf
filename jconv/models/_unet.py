"""UNet: a class for every pixel, or voxel."""

from typing import Any

import jax.numpy as jnp
from flax import nnx

from jconv._typing import Array
from jconv._verbs.arguments import one_int
from jconv.models._conv_norm import ConvNorm
from jconv.nn._conv import Conv
from jconv.nn._conv_transpose import ConvTranspose
from jconv.nn._pool import MaxPool


class UNet(nnx.Module):
    """Segment pictures or volumes: down by pools, up by transposed convolutions, each level joined to its partner.

    down: x[l + 1] = pool(double(x[l])),   up: y[l] = double(concatenate(double(x[l]), up(y[l + 1]))),
    where double is twice (3 x 3 convolution, batch norm, relu).

    The features double from level to level. Unlike in the paper, borders are padded, so that output and input have one
    size, which may be any: where it is odd, the pool's last window is cut off. 482,466 parameters with the defaults.

    Args:
        classes: numbers that come out per pixel.
        channels: of the pictures.
        rank: spatial axes: 2 for pictures, 3 for volumes.
        width: features of the finest level.
        levels: how many times the pictures are halved.
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.
        rngs: Flax's random numbers.

    Raises:
        ValueError: a size below 1.
        TypeError: a size that is no integer.

    Examples:
        >>> nnx.eval_shape(lambda: UNet(classes=3, rngs=nnx.Rngs(0))(jnp.ones((2, 30, 45, 1)))).shape
        (2, 30, 45, 3)

    References:
        Ronneberger, Fischer and Brox, "U-Net: convolutional networks for biomedical image segmentation",
        arXiv:1505.04597.
        Cicek et al., "3D U-Net: learning dense volumetric segmentation from sparse annotation", arXiv:1606.06650.
    """

    def __init__(
        self,
        *,
        classes: int = 2,
        channels: int = 1,
        rank: int = 2,
        width: int = 16,
        levels: int = 3,
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
        rngs: nnx.Rngs,
    ):
        for name, value in {"rank": rank, "width": width, "levels": levels}.items():
            one_int("UNet", name, value, least=1)
        options: dict[str, Any] = dict(dtype=dtype, param_dtype=param_dtype, rngs=rngs)
        window, two = (3,) * rank, (2,) * rank

        def double(c_in: int, c_out: int) -> nnx.Sequential:
            return nnx.Sequential(ConvNorm(c_in, c_out, window, **options), ConvNorm(c_out, c_out, window, **options))

        widths = [width * 2**level for level in range(levels + 1)]
        inputs = [channels, *widths[:-1]]
        self.down = nnx.List([double(c, m) for c, m in zip(inputs, widths, strict=True)])
        self.pool = MaxPool(two, ceil_mode=True)
        self.up = nnx.List([ConvTranspose(2 * m, m, two, 2, **options) for m in widths[:-1]])
        self.joined = nnx.List([double(2 * m, m) for m in widths[:-1]])
        self.head = Conv(width, classes, (1,) * rank, **options)

    def __call__(self, x: Array) -> Array:
        """Segment pictures.

        Args:
            x: (batch, *spatial, channels).

        Returns:
            (batch, *spatial, classes), logits.
        """
        kept = []
        for level, double in enumerate(self.down):
            x = double(self.pool(x) if level else x)
            kept.append(x)
        for up, double, partner in reversed(list(zip(self.up, self.joined, kept[:-1], strict=True))):
            x = up(x)[(slice(None), *map(slice, partner.shape[1:-1]))]
            x = double(jnp.concatenate([partner, x], -1))
        return self.head(x)
