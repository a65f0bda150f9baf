"""LeNet: the first convolutional network that read digits."""

from typing import Any

import jax.numpy as jnp
from flax import nnx

from jconv._typing import Array
from jconv.nn._conv import Conv
from jconv.nn._pool import AdaptiveAvgPool, MaxPool


class LeNet(nnx.Module):
    """Classify small pictures: two convolutions, two pools, three fully connected layers.

    y = W3 relu(W2 relu(W1 pool(relu(conv5(pool(relu(conv5(x))))))))

    As LeNet-5, with the changes that became usual: rectifiers, largest values for means, a softmax behind. Pictures of
    28 x 28 fit exactly; of other sizes the last feature maps are averaged to 5 x 5. It has 61,706 parameters with the
    defaults, 244,362 with `width=2`, 972,554 with `width=4`.

    Args:
        classes: numbers that come out.
        channels: of the pictures.
        width: how many times the 6, 16, 120 and 84 features of the paper.
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.
        rngs: Flax's random numbers.

    Examples:
        >>> nnx.eval_shape(lambda: LeNet(rngs=nnx.Rngs(0))(jnp.ones((2, 28, 28, 1)))).shape
        (2, 10)

    References:
        LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998.
    """

    def __init__(
        self,
        *,
        classes: int = 10,
        channels: int = 1,
        width: int = 1,
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
        rngs: nnx.Rngs,
    ):
        options: dict[str, Any] = dict(dtype=dtype, param_dtype=param_dtype, rngs=rngs)
        he = nnx.initializers.he_normal()
        self.conv1 = Conv(channels, 6 * width, (5, 5), kernel_init=he, **options)
        self.conv2 = Conv(6 * width, 16 * width, (5, 5), padding="VALID", kernel_init=he, **options)
        self.pool, self.grid = MaxPool((2, 2)), AdaptiveAvgPool((5, 5))
        self.linear1 = nnx.Linear(25 * 16 * width, 120 * width, kernel_init=he, **options)
        self.linear2 = nnx.Linear(120 * width, 84 * width, kernel_init=he, **options)
        self.linear3 = nnx.Linear(84 * width, classes, **options)

    def __call__(self, x: Array) -> Array:
        """Classify pictures.

        Args:
            x: (batch, height, width, channels), at least 12 x 12.

        Returns:
            (batch, classes), logits.
        """
        x = self.pool(nnx.relu(self.conv1(x)))
        x = self.grid(self.pool(nnx.relu(self.conv2(x))))
        x = nnx.relu(self.linear1(x.reshape(x.shape[0], -1)))
        return self.linear3(nnx.relu(self.linear2(x)))
