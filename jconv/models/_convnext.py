"""ConvNeXt: a convolutional network with the habits of transformers."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from flax import nnx

from jconv._typing import Array
from jconv._verbs.arguments import one_int, one_word
from jconv.nn._conv import Conv
from jconv.nn._depthwise_conv import DepthwiseConv
from jconv.nn._pool import GlobalAvgPool

# Blocks and features per stage.
SIZES = {
    "atto": ((2, 2, 6, 2), (40, 80, 160, 320)),
    "femto": ((2, 2, 6, 2), (48, 96, 192, 384)),
    "pico": ((2, 2, 6, 2), (64, 128, 256, 512)),
    "nano": ((2, 2, 8, 2), (80, 160, 320, 640)),
    "tiny": ((3, 3, 9, 3), (96, 192, 384, 768)),
}
INIT = nnx.initializers.truncated_normal(0.02)


class ConvNeXtBlock(nnx.Module):
    """y = x + scale * narrow(gelu(wide(norm(depthwise7(x)))))."""

    def __init__(self, features: int, *, dtype: Any, param_dtype: Any, rngs: nnx.Rngs):
        options: dict[str, Any] = dict(dtype=dtype, param_dtype=param_dtype, rngs=rngs)
        self.scale = nnx.Param(jnp.full((features,), 1e-6, param_dtype))
        self.depthwise = DepthwiseConv(features, (7, 7), kernel_init=INIT, **options)
        self.norm = nnx.LayerNorm(features, epsilon=1e-6, **options)
        self.wide = Conv(features, 4 * features, (1, 1), kernel_init=INIT, **options)
        self.narrow = Conv(4 * features, features, (1, 1), kernel_init=INIT, **options)

    def __call__(self, x: Array) -> Array:
        """(batch, height, width, features) to the same shape."""
        y = self.narrow(nnx.gelu(self.wide(self.norm(self.depthwise(x))), approximate=False))
        return x + y * self.scale[...].astype(y.dtype).reshape(1, 1, 1, -1)


class ConvNeXt(nnx.Module):
    """Classify pictures, by depthwise convolutions of 7 x 7 and small networks per pixel.

    y = x + scale * W' gelu(W norm(depthwise7(x))), with layer norm, four times the features between W and W', and a
    scale per feature that is 1e-6 at first. Between the stages, 2 x 2 convolutions with stride 2.

    Layers are in torchvision's order, so that `jconv.interop.load_torch` takes its parameters. There is no stochastic
    depth. Parameters with 1000 classes: atto 3,695,520, femto 5,217,784, pico 9,045,672, nano 15,593,560, tiny
    28,589,128.

    Args:
        size: "atto", "femto", "pico", "nano" or "tiny".
        classes: numbers that come out.
        channels: of the pictures.
        patch: pixels along the side of the squares that the first layer makes features of; 1 or 2 for small pictures.
        depths: blocks per stage, in place of the size's.
        widths: features per stage, in place of the size's.
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.
        rngs: Flax's random numbers.

    Raises:
        ValueError: an unknown size; a patch below 1; not as many depths as widths.
        TypeError: a patch that is no integer.

    Examples:
        >>> model = lambda: ConvNeXt("atto", classes=10, patch=2, rngs=nnx.Rngs(0))(jnp.ones((2, 32, 32, 3)))
        >>> nnx.eval_shape(model).shape
        (2, 10)

    References:
        Liu et al., "A ConvNet for the 2020s", arXiv:2201.03545; the small sizes: Woo et al., "ConvNeXt V2",
        arXiv:2301.00808.
    """

    def __init__(
        self,
        size: str = "tiny",
        *,
        classes: int = 1000,
        channels: int = 3,
        patch: int = 4,
        depths: Sequence[int] | None = None,
        widths: Sequence[int] | None = None,
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
        rngs: nnx.Rngs,
    ):
        options: dict[str, Any] = dict(dtype=dtype, param_dtype=param_dtype, rngs=rngs)
        usual = SIZES[one_word("ConvNeXt", "size", size, tuple(SIZES))]
        counts, features = (b if a is None else tuple(a) for a, b in zip((depths, widths), usual, strict=True))
        if len(counts) != len(features):
            raise ValueError(f"ConvNeXt: depths={counts} and widths={features} must be of one length.")
        one_int("ConvNeXt", "patch", patch, least=1)
        layers: list[nnx.Module] = []
        for stage, (count, c) in enumerate(zip(counts, features, strict=True)):
            c_in, n = (features[stage - 1], 2) if stage else (channels, patch)
            down = Conv(c_in, c, (n, n), n, padding="VALID", kernel_init=INIT, **options)
            norm = nnx.LayerNorm(c_in if stage else c, epsilon=1e-6, **options)
            layers += [norm, down] if stage else [down, norm]
            layers += [ConvNeXtBlock(c, **options) for _ in range(count)]
        self.layers, self.mean = nnx.Sequential(*layers), GlobalAvgPool(2)
        self.norm = nnx.LayerNorm(features[-1], epsilon=1e-6, **options)
        self.head = nnx.Linear(features[-1], classes, kernel_init=INIT, **options)

    def __call__(self, x: Array) -> Array:
        """Classify pictures.

        Args:
            x: (batch, height, width, channels), sides of at least 8 patches.

        Returns:
            (batch, classes), logits.
        """
        return self.head(self.norm(self.mean(self.layers(x))))
