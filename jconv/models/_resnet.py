"""ResNet: blocks that add to what they are given."""

from typing import Any, Literal

import jax.numpy as jnp
from flax import nnx

from jconv._typing import Array
from jconv._verbs.arguments import one_word
from jconv.models._conv_norm import ConvNorm
from jconv.nn._pool import GlobalAvgPool, MaxPool

# Depth: blocks per stage, and whether a block is a bottleneck of 1 x 1, 3 x 3 and 1 x 1.
DEPTHS = {18: ((2, 2, 2, 2), False), 34: ((3, 4, 6, 3), False), 50: ((3, 4, 6, 3), True), 101: ((3, 4, 23, 3), True)}
STEMS = ("imagenet", "cifar")


class ResNetBlock(nnx.Module):
    """y = relu(shortcut(x) + f(x)), with two or, as a bottleneck, three convolutions in f."""

    def __init__(self, c_in: int, width: int, strides: int, *, bottleneck: bool, **options: Any):
        c_out = 4 * width if bottleneck else width
        last: dict[str, Any] = dict(activation=None, **options)
        if bottleneck:
            first = ConvNorm(c_in, width, (1, 1), **options)
            second = ConvNorm(width, width, (3, 3), strides, **options)
            third = ConvNorm(width, c_out, (1, 1), **last)
            self.convs = nnx.List([first, second, third])
        else:
            first = ConvNorm(c_in, width, (3, 3), strides, **options)
            self.convs = nnx.List([first, ConvNorm(width, c_out, (3, 3), **last)])
        plain = strides == 1 and c_in == c_out
        self.shortcut = None if plain else ConvNorm(c_in, c_out, (1, 1), strides, **last)

    def __call__(self, x: Array) -> Array:
        """(batch, height, width, c_in) to (batch, *outputs, c_out)."""
        y = x
        for layer in self.convs:
            y = layer(y)
        return nnx.relu(y + (x if self.shortcut is None else self.shortcut(x)))


class ResNet(nnx.Module):
    """Classify pictures, by blocks that add to what they are given.

    y = relu(shortcut(x) + norm(conv3(relu(norm(conv3(x)))))), or from depth 50 on
    y = relu(shortcut(x) + norm(conv1(relu(norm(conv3(relu(norm(conv1(x))))))))).

    Of the four stages each but the first halves the picture (in its first 3 x 3 convolution, as torchvision does) and
    doubles the features. Layers are in torchvision's order, so that `jconv.interop.load_torch` takes its parameters.
    11,689,512 parameters at depth 18, 25,557,032 at depth 50 (1000 classes, stem "imagenet").

    Args:
        depth: 18, 34, 50 or 101.
        classes: numbers that come out.
        channels: of the pictures.
        stem: "imagenet": 7 x 7 with stride 2, and a pool with stride 2; "cifar", for small pictures: 3 x 3.
        width: features of the first stage.
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.
        rngs: Flax's random numbers.

    Raises:
        ValueError: an unknown depth or stem.

    Examples:
        >>> model = lambda: ResNet(18, classes=10, stem="cifar", rngs=nnx.Rngs(0))(jnp.ones((2, 32, 32, 3)))
        >>> nnx.eval_shape(model).shape
        (2, 10)

    References:
        He, Zhang, Ren and Sun, "Deep residual learning for image recognition", arXiv:1512.03385.
    """

    def __init__(
        self,
        depth: int = 18,
        *,
        classes: int = 1000,
        channels: int = 3,
        stem: Literal["imagenet", "cifar"] | str = "imagenet",
        width: int = 64,
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
        rngs: nnx.Rngs,
    ):
        if depth not in DEPTHS:
            raise ValueError(f"ResNet: depth={depth!r} is not one of {', '.join(map(str, DEPTHS))}.")
        options: dict[str, Any] = dict(dtype=dtype, param_dtype=param_dtype, rngs=rngs)
        small = one_word("ResNet", "stem", stem, STEMS) == "cifar"
        self.stem = ConvNorm(channels, width, (3, 3) if small else (7, 7), 1 if small else 2, **options)
        self.pool = None if small else MaxPool((3, 3), stride=2, padding=1)
        counts, bottleneck = DEPTHS[depth]
        blocks, c = [], width
        for stage, count in enumerate(counts):
            for number in range(count):
                strides, features = 2 if stage and not number else 1, width * 2**stage
                blocks.append(ResNetBlock(c, features, strides, bottleneck=bottleneck, **options))
                c = 4 * features if bottleneck else features
        self.blocks, self.mean = nnx.List(blocks), GlobalAvgPool(2)
        self.head = nnx.Linear(c, classes, **options)

    def __call__(self, x: Array) -> Array:
        """Classify pictures.

        Args:
            x: (batch, height, width, channels).

        Returns:
            (batch, classes), logits.
        """
        x = self.stem(x)
        x = x if self.pool is None else self.pool(x)
        for block in self.blocks:
            x = block(x)
        return self.head(self.mean(x))
