"""OctaveConv: a convolution layer of features at two resolutions."""

from typing import Any, cast

import jax.numpy as jnp
from flax import nnx

from jconv._algorithms import Algorithm
from jconv._typing import IntOrInts
from jconv._verbs.arguments import check_algorithm
from jconv.nn._conv import BIAS_INIT, KERNEL_INIT, window_of, with_bias
from jconv.ops._octave_conv import octave_conv


class OctaveConv(nnx.Module):
    """Convolve high features and low ones, which are at half the resolution, each into both.

    (high, low) = octave_conv((high, low), kernel) + bias, as in `jconv.ops.octave_conv`. A share of the features is
    low; a first layer has low_in=0 and is given an array, a last one has low_out=0 and gives one.

    Args:
        in_features: channels of the input, high and low together.
        out_features: channels of the output, high and low together.
        kernel_size: taps per spatial axis; an int means one axis, as in Flax.
        low_in: the share of the input's channels that is low, from 0 to 1.
        low_out: the share of the output's channels that is low, from 0 to 1.
        padding: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`.
        kernel_dilation: distance between neighbouring taps.
        use_bias: whether a bias is added.
        param_dtype: dtype of the parameters.
        precision: as in `jconv.conv`.
        kernel_init: makes the first kernel.
        bias_init: makes the first bias.
        algorithm: as in `jconv.conv`.
        rngs: Flax's random numbers.

    Raises:
        ValueError: a share that is none.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> first = OctaveConv(4, 4, (3, 3), low_in=0, rngs=nnx.Rngs(0))
        >>> last = OctaveConv(4, 4, (3, 3), low_out=0, rngs=nnx.Rngs(1))
        >>> high, low = first(jnp.ones((8, 8, 4)))
        >>> high.shape, low.shape, last((high, low)).shape
        ((8, 8, 2), (4, 4, 2), (8, 8, 4))

    References:
        Chen et al., "Drop an octave", arXiv:1904.05049.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        kernel_size: IntOrInts,
        *,
        low_in: float = 0.5,
        low_out: float = 0.5,
        padding: Any = "SAME",
        padding_mode: Any = "zeros",
        kernel_dilation: IntOrInts = 1,
        use_bias: bool = True,
        param_dtype: Any = jnp.float32,
        precision: Any = None,
        kernel_init: Any = KERNEL_INIT,
        bias_init: Any = BIAS_INIT,
        algorithm: str | Algorithm = "auto",
        rngs: nnx.Rngs,
    ):
        if not (0 <= low_in <= 1 and 0 <= low_out <= 1):
            raise ValueError(f"OctaveConv: low_in={low_in} and low_out={low_out} must be shares, from 0 to 1.")
        window = window_of(kernel_size)
        self.low_in, self.low_out = int(low_in * in_features), int(low_out * out_features)
        shape = (*window, in_features, out_features)
        self.kernel = nnx.Param(kernel_init(rngs.params(), shape, param_dtype))
        self.bias = nnx.Param(bias_init(rngs.params(), (out_features,), param_dtype)) if use_bias else None
        self.padding, self.padding_mode, self.kernel_dilation = padding, padding_mode, kernel_dilation
        self.precision, self.algorithm = precision, check_algorithm("OctaveConv", algorithm)

    def __call__(self, inputs: Any) -> Any:
        """Both resolutions of the output.

        Args:
            inputs: (high, low), (*batch, *spatial, c_high) and (*batch, *spatial / 2, c_low); an array where one of
                the two has no channels.

        Returns:
            (high, low) with the features of the output; an array where one of the two has none.
        """
        if not isinstance(inputs, tuple | list):
            inputs = (inputs, None) if self.low_in == 0 else (None, inputs)
        kernel = self.kernel[...]
        outputs = octave_conv(
            cast(Any, inputs),
            kernel,
            low_out=self.low_out,
            padding=self.padding,
            dilation=self.kernel_dilation,
            padding_mode=self.padding_mode,
            precision=self.precision,
            algorithm=self.algorithm,
        )
        if self.bias is not None:
            high_out = kernel.shape[-1] - self.low_out
            biases = self.bias[...][:high_out], self.bias[...][high_out:]
            outputs = tuple(None if y is None else with_bias(y, b) for y, b in zip(outputs, biases, strict=True))
        given = [y for y in outputs if y is not None]
        return given[0] if len(given) == 1 else outputs
