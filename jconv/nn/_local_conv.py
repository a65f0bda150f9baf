"""LocalConv: a layer with weights of its own at every output."""

from collections.abc import Sequence
from typing import Any, cast

import jax.numpy as jnp
from flax import nnx
from flax.nnx.nn.dtypes import promote_dtype

from jconv._typing import Array, IntOrInts
from jconv._verbs.arguments import axis_ints
from jconv.nn._conv import BIAS_INIT, per_axis, window_of
from jconv.ops._local import local_conv
from jconv.ops._windows import place_padded


class LocalConv(nnx.Module):
    """Slide a window whose weights are not shared between outputs: a locally connected layer.

    y[o, m] = bias[o, m] + sum over k, c of  x[s*o + d*k - lo, c] * kernel[o, k, c, m]  on every spatial axis, as in
    `jconv.ops.local_conv`. The weights are made for one input size.

    Args:
        in_features: channels of the input.
        out_features: channels of the output.
        kernel_size: taps per spatial axis; an int means one axis.
        strides: as in `Conv`.
        input_size: the spatial sizes of the input.
        padding: as in `Conv`.
        padding_mode: as in `Conv`.
        kernel_dilation: as in `Conv`.
        feature_group_count: as in `Conv`.
        use_bias: whether a bias is added, one per output and feature.
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.
        precision: as in `jconv.conv`.
        kernel_init: makes the first kernel, (*outputs, *kernel_size, in_features // groups, out_features); None for
            Flax's of `nnx.Conv`, at each output.
        bias_init: makes the first bias, (*outputs, out_features).
        rngs: Flax's random numbers.

    Raises:
        ValueError: words or sizes that do not fit together.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> layer = LocalConv(3, 4, (3, 3), input_size=(8, 8), padding="VALID", rngs=nnx.Rngs(0))
        >>> layer(jnp.ones((2, 8, 8, 3))).shape
        (2, 6, 6, 4)

    References:
        Taigman et al., "DeepFace: closing the gap to human-level performance in face verification", CVPR 2014.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        kernel_size: IntOrInts,
        strides: IntOrInts | None = 1,
        *,
        input_size: Sequence[int],
        padding: Any = "SAME",
        padding_mode: Any = "zeros",
        kernel_dilation: IntOrInts | None = 1,
        feature_group_count: int = 1,
        use_bias: bool = True,
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
        precision: Any = None,
        kernel_init: Any = None,
        bias_init: Any = BIAS_INIT,
        rngs: nnx.Rngs,
    ):
        window = window_of(kernel_size)
        rank = len(window)
        self.words = dict(
            stride=per_axis(strides, rank),
            padding=padding,
            dilation=per_axis(kernel_dilation, rank),
            padding_mode=padding_mode,
        )
        sizes = axis_ints("LocalConv", "input_size", input_size, rank, least=1)
        outputs = place_padded("LocalConv", sizes, window, **self.words)[0].outputs
        kernel_init = kernel_init or nnx.initializers.lecun_normal(batch_axis=tuple(range(rank)))
        shape = (*outputs, *window, in_features // feature_group_count, out_features)
        self.kernel = nnx.Param(kernel_init(rngs.params(), shape, param_dtype))
        bias = bias_init(rngs.params(), (*outputs, out_features), param_dtype) if use_bias else None
        self.bias = nnx.data(None) if bias is None else nnx.Param(bias)
        self.feature_group_count, self.dtype, self.precision = feature_group_count, dtype, precision

    def __call__(self, inputs: Array) -> Array:
        """The locally connected layer of `inputs`.

        Args:
            inputs: (*batch, *input_size, in_features), with any number of batch axes.

        Returns:
            (*batch, *outputs, out_features).
        """
        bias = None if self.bias is None else self.bias[...]
        inputs, kernel, bias = promote_dtype((inputs, self.kernel[...], bias), dtype=self.dtype)
        words = cast(Any, self.words)
        y = local_conv(inputs, kernel, groups=self.feature_group_count, precision=self.precision, **words)
        return y if bias is None else y + bias.reshape((1,) * (y.ndim - bias.ndim) + bias.shape)
