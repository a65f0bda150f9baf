"""VideoNet: a small residual network of space and time."""

from typing import Any, Literal

import jax.numpy as jnp
from flax import nnx

from jconv._typing import Array
from jconv._verbs.arguments import one_word
from jconv.models._conv_norm import ConvNorm
from jconv.nn._pool import GlobalAvgPool


class VideoNet(nnx.Module):
    """Classify videos, by residual blocks of convolutions over time and space.

    y = relu(shortcut(x) + f(f(x))), where f is a 3 x 3 x 3 convolution (kind "3d"), or a 1 x 3 x 3 one over space,
    a relu and a 3 x 1 x 1 one over time (kind "2+1") with so many features M between that both have as many parameters:
    M = floor(27 c_in c_out / (9 c_in + 3 c_out)). Each convolution has its batch norm.

    The first convolution halves the pictures, and each stage halves pictures and time. With the defaults, for 16 frames
    of 32 x 32, it has 227,234 parameters ("2+1") or 226,554 ("3d").

    Args:
        classes: numbers that come out.
        channels: of the frames.
        kind: "2+1" or "3d".
        width: features of the first stage; they double from stage to stage.
        stages: how many blocks, one per stage.
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.
        rngs: Flax's random numbers.

    Raises:
        ValueError: an unknown kind.

    Examples:
        >>> nnx.eval_shape(lambda: VideoNet(rngs=nnx.Rngs(0))(jnp.ones((2, 16, 32, 32, 1)))).shape
        (2, 10)

    References:
        Tran et al., "A closer look at spatiotemporal convolutions for action recognition", arXiv:1711.11248.
    """

    def __init__(
        self,
        *,
        classes: int = 10,
        channels: int = 1,
        kind: Literal["2+1", "3d"] | str = "2+1",
        width: int = 16,
        stages: int = 3,
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
        rngs: nnx.Rngs,
    ):
        kind = one_word("VideoNet", "kind", kind, ("2+1", "3d"))
        options: dict[str, Any] = dict(dtype=dtype, param_dtype=param_dtype, rngs=rngs)
        self.stem = ConvNorm(channels, width, (3, 5, 5), (1, 2, 2), **options)
        widths = [width * 2**stage for stage in range(stages)]
        inputs = [width, *widths[:-1]]
        self.blocks = nnx.List([VideoBlock(c, m, kind=kind, **options) for c, m in zip(inputs, widths, strict=True)])
        self.pool = GlobalAvgPool(3)
        self.head = nnx.Linear(widths[-1], classes, **options)

    def __call__(self, x: Array) -> Array:
        """Classify videos.

        Args:
            x: (batch, frames, height, width, channels).

        Returns:
            (batch, classes), logits.
        """
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(self.pool(x))


class VideoBlock(nnx.Module):
    """y = relu(shortcut(x) + f(f(x))), where the first f and the shortcut halve time and space."""

    def __init__(self, c_in: int, c_out: int, *, kind: str, **options: Any):
        self.first = factored(c_in, c_out, 2, kind=kind, activation=nnx.relu, **options)
        self.second = factored(c_out, c_out, 1, kind=kind, activation=None, **options)
        self.shortcut = ConvNorm(c_in, c_out, (1, 1, 1), 2, activation=None, **options)

    def __call__(self, x: Array) -> Array:
        """(batch, frames, height, width, c_in) to (batch, *outputs, c_out)."""
        return nnx.relu(self.shortcut(x) + self.second(self.first(x)))


def factored(c_in: int, c_out: int, strides: int, *, kind: str, activation: Any, **options: Any) -> nnx.Module:
    """A convolution over time and space, in one or in two steps."""
    if kind == "3d":
        return ConvNorm(c_in, c_out, (3, 3, 3), strides, activation=activation, **options)
    middle = 27 * c_in * c_out // (9 * c_in + 3 * c_out)
    return nnx.Sequential(
        ConvNorm(c_in, middle, (1, 3, 3), (1, strides, strides), **options),
        ConvNorm(middle, c_out, (3, 1, 1), (strides, 1, 1), activation=activation, **options),
    )
