"""CenterNet: objects as points."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from jconv._typing import Array
from jconv.models._conv_norm import ConvNorm
from jconv.nn._conv import Conv

WINDOW = (3, 3)


class CenterNet(nnx.Module):
    """Detect objects without anchors: where their centres are, how large they are, what they are.

    At every cell of a grid of one cell per 4 x 4 pixels: a heatmap per class, sigmoid(h) near 1 at the objects'
    centres; the (height, width) of the object there, in cells; and the offset (y, x) of its centre in the cell.

    The backbone goes down to 1 / 16 of the picture and, joined to the levels on the way, up to 1 / 4:
    y[l] = convnorm(x[l] + resize(convnorm1(y[l + 1]))). `centernet_targets`, `centernet_loss` and `centernet_decode`
    belong to it. 376,286 parameters with the defaults.

    Args:
        classes: kinds of objects.
        channels: of the pictures.
        width: features of the finest level; they double from level to level, up to 8 * width at 1 / 16.
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.
        rngs: Flax's random numbers.

    Examples:
        >>> model = lambda: CenterNet(rngs=nnx.Rngs(0))(jnp.ones((2, 64, 64, 1)))
        >>> {name: y.shape for name, y in nnx.eval_shape(model).items()}
        {'heatmap': (2, 16, 16, 10), 'offset': (2, 16, 16, 2), 'size': (2, 16, 16, 2)}

    References:
        Zhou, Wang and Krahenbuhl, "Objects as points", arXiv:1904.07850.
    """

    stride = 4

    def __init__(
        self,
        *,
        classes: int = 10,
        channels: int = 1,
        width: int = 16,
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
        rngs: nnx.Rngs,
    ):
        options: dict[str, Any] = dict(dtype=dtype, param_dtype=param_dtype, rngs=rngs)

        def down(c_in: int, c_out: int) -> nnx.Sequential:
            """Half the size."""
            return nnx.Sequential(
                ConvNorm(c_in, c_out, WINDOW, 2, **options), ConvNorm(c_out, c_out, WINDOW, **options)
            )

        def head(outputs: int, **first: Any) -> nnx.Sequential:
            return nnx.Sequential(
                Conv(2 * width, 2 * width, WINDOW, **options),
                nnx.relu,
                Conv(2 * width, outputs, (1, 1), **first, **options),
            )

        self.stem = ConvNorm(channels, width, WINDOW, 2, **options)
        self.down = nnx.List([down(width, 2 * width), down(2 * width, 4 * width), down(4 * width, 8 * width)])
        self.narrow = nnx.List([ConvNorm(c, c // 2, (1, 1), **options) for c in (4 * width, 8 * width)])
        self.joined = nnx.List([ConvNorm(c, c, WINDOW, **options) for c in (2 * width, 4 * width)])
        # At first every cell says 0.1, so that the many empty ones do not drown the loss.
        self.heatmap = head(classes, bias_init=nnx.initializers.constant(-2.19))
        self.size, self.offset = head(2), head(2)

    def __call__(self, x: Array) -> dict[str, Array]:
        """Detect objects.

        Args:
            x: (batch, height, width, channels); a grid has ceil(height / 4) by ceil(width / 4) cells.

        Returns:
            heatmap (batch, *grid, classes), logits; size (batch, *grid, 2), (height, width) in cells; offset
            (batch, *grid, 2), (y, x) in cells.
        """
        levels, x = [], self.stem(x)
        for down in self.down:
            x = down(x)
            levels.append(x)
        for level in (1, 0):
            x, partner = self.narrow[level](x), levels[level]
            x = self.joined[level](partner + jax.image.resize(x, partner.shape, "nearest"))
        return {"heatmap": self.heatmap(x), "offset": self.offset(x), "size": self.size(x)}
