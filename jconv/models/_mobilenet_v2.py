"""MobileNetV2: depthwise convolutions between narrow layers."""

from collections.abc import Sequence
from typing import Any, Literal

import jax.numpy as jnp
from flax import nnx

from jconv._typing import Array
from jconv._verbs.arguments import one_word
from jconv.models._conv_norm import ConvNorm
from jconv.nn._pool import GlobalAvgPool

# The paper's table 2: expansion, features, blocks, strides of the first of them.
ROWS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
LAST = 1280


class InvertedResidual(nnx.Module):
    """y = (x +) narrow(depthwise(wide(x))), where the last of the three has no activation."""

    def __init__(self, c_in: int, c_out: int, strides: int, *, expand: int, **options: Any):
        c = c_in * expand
        wide = [] if expand == 1 else [ConvNorm(c_in, c, (1, 1), activation=nnx.relu6, **options)]
        depthwise = ConvNorm(c, c, (3, 3), strides, groups=c, activation=nnx.relu6, **options)
        narrow = ConvNorm(c, c_out, (1, 1), activation=None, **options)
        self.convs, self.adds = nnx.List([*wide, depthwise, narrow]), strides == 1 and c_in == c_out

    def __call__(self, x: Array) -> Array:
        """(batch, height, width, c_in) to (batch, *outputs, c_out)."""
        y = x
        for layer in self.convs:
            y = layer(y)
        return x + y if self.adds else y


class MobileNetV2(nnx.Module):
    """Classify pictures with few parameters and little work, by inverted residuals.

    y = x + norm(conv1(relu6(norm(depthwise3(relu6(norm(conv1(x)))))))), where the first 1 x 1 convolution makes six
    times the features and the last has no activation; without x where the sizes differ.

    Layers are in torchvision's order, so that `jconv.interop.load_torch` takes its parameters. There is no dropout.
    3,504,872 parameters with the defaults.

    Args:
        classes: numbers that come out.
        channels: of the pictures.
        stem: "imagenet", which halves the picture five times in all; or "cifar", for small pictures, three times.
        width: how many times the paper's features, rounded to multiples of 8.
        rows: (expansion, features, blocks, strides) per stage.
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.
        rngs: Flax's random numbers.

    Raises:
        ValueError: an unknown stem.

    Examples:
        >>> model = lambda: MobileNetV2(classes=10, width=0.5, rngs=nnx.Rngs(0))(jnp.ones((2, 64, 64, 3)))
        >>> nnx.eval_shape(model).shape
        (2, 10)

    References:
        Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", arXiv:1801.04381.
    """

    def __init__(
        self,
        *,
        classes: int = 1000,
        channels: int = 3,
        stem: Literal["imagenet", "cifar"] | str = "imagenet",
        width: float = 1.0,
        rows: Sequence[tuple[int, int, int, int]] = ROWS,
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
        rngs: nnx.Rngs,
    ):
        options: dict[str, Any] = dict(dtype=dtype, param_dtype=param_dtype, rngs=rngs)
        small = one_word("MobileNetV2", "stem", stem, ("imagenet", "cifar")) == "cifar"
        c = by_eight(32 * width)
        self.stem = ConvNorm(channels, c, (3, 3), 1 if small else 2, activation=nnx.relu6, **options)
        blocks, halves = [], not small
        for expand, features, count, strides in rows:
            for number in range(count):
                s = strides if number == 0 and (halves or strides == 1) else 1
                m = by_eight(features * width)
                blocks.append(InvertedResidual(c, m, s, expand=expand, **options))
                c = m
            halves = halves or strides > 1  # a small picture is not halved by the first stage that does
        last = by_eight(LAST * max(1.0, width))
        self.blocks = nnx.List(blocks)
        self.last = ConvNorm(c, last, (1, 1), activation=nnx.relu6, **options)
        self.mean = GlobalAvgPool(2)
        self.head = nnx.Linear(last, classes, kernel_init=nnx.initializers.normal(0.01), **options)

    def __call__(self, x: Array) -> Array:
        """Classify pictures.

        Args:
            x: (batch, height, width, channels).

        Returns:
            (batch, classes), logits.
        """
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(self.mean(self.last(x)))


def by_eight(features: float) -> int:
    """The nearest multiple of 8, at least 8, and no less than nine tenths."""
    rounded = max(8, int(features + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * features else rounded
