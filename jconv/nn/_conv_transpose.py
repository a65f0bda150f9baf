"""ConvTranspose: Flax's transposed convolution layer, computed by jconv."""

from types import MappingProxyType
from typing import Any

import jax.numpy as jnp
from flax import nnx
from jax import lax

from jconv._algorithms import Algorithm
from jconv._equation.geometry import dilated_size
from jconv._typing import Array, IntOrInts, Pairs
from jconv._verbs.arguments import axis_ints, check_algorithm
from jconv._verbs.general import conv_general_dilated
from jconv.nn._conv import BIAS_INIT, KERNEL_INIT, with_bias


class ConvTranspose(nnx.ConvTranspose):
    """Flax's `nnx.ConvTranspose` with jconv inside, output padding and a choice of algorithm.

    With zeros between the inputs, y is the convolution of `jax.lax.conv_transpose`: as there the kernel is not flipped,
    unless `transpose_kernel` asks for the exact adjoint of a convolution.

    Names, shapes and the first values of the parameters are Flax's, so that checkpoints of `nnx.ConvTranspose` load
    here and back: kernel `(*kernel_size, in_features, out_features)`, the last two exchanged under
    `transpose_kernel`; bias `(out_features,)`.

    Args:
        in_features: channels of the input.
        out_features: channels of the output.
        kernel_size: taps per spatial axis; an int means one axis, as in Flax.
        strides: how many outputs each input stands for; ints are spread to all axes.
        padding: "SAME" (strides * inputs outputs), "VALID", "CIRCULAR", or (low, high) pairs as in lax.
        output_padding: positions added to the result on the high side, per axis.
        algorithm: as in `jconv.conv`.
        kernel_dilation: distance between neighbouring taps.
        use_bias: whether a bias is added.
        mask: of the kernel's shape, multiplied with it.
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.
        precision: as in `jconv.conv`.
        kernel_init: makes the first kernel.
        bias_init: makes the first bias.
        transpose_kernel: whether the kernel is flipped and its channels exchanged.
        preferred_element_type: dtype of the result.
        rngs: Flax's random numbers.
        kernel_metadata: for the kernel's `nnx.Param`.
        bias_metadata: for the bias's `nnx.Param`.

    Raises:
        ValueError: words or sizes that do not fit together.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> layer = ConvTranspose(3, 8, (4, 4), strides=2, rngs=nnx.Rngs(0))
        >>> layer(jnp.ones((2, 5, 5, 3))).shape
        (2, 10, 10, 8)

    References:
        https://flax.readthedocs.io/en/latest/api_reference/flax.nnx/nn/linear.html#flax.nnx.ConvTranspose
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        kernel_size: IntOrInts,
        strides: IntOrInts | None = None,
        *,
        padding: Any = "SAME",
        output_padding: IntOrInts = 0,
        algorithm: str | Algorithm = "auto",
        kernel_dilation: IntOrInts | None = None,
        use_bias: bool = True,
        mask: Array | None = None,
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
        precision: Any = None,
        kernel_init: Any = KERNEL_INIT,
        bias_init: Any = BIAS_INIT,
        transpose_kernel: bool = False,
        preferred_element_type: Any = None,
        rngs: nnx.Rngs,
        kernel_metadata: Any = MappingProxyType({}),
        bias_metadata: Any = MappingProxyType({}),
    ):
        super().__init__(
            in_features,
            out_features,
            kernel_size,
            strides,
            padding=padding,
            kernel_dilation=kernel_dilation,
            use_bias=use_bias,
            mask=mask,
            dtype=dtype,
            param_dtype=param_dtype,
            precision=precision,
            kernel_init=kernel_init,
            bias_init=bias_init,
            transpose_kernel=transpose_kernel,
            preferred_element_type=preferred_element_type,
            rngs=rngs,
            kernel_metadata=kernel_metadata,
            bias_metadata=bias_metadata,
        )
        rank = len(self.kernel_size)
        self.output_padding = axis_ints("ConvTranspose", "output_padding", output_padding, rank, least=0)
        self.algorithm = check_algorithm("ConvTranspose", algorithm)
        if any(self.output_padding) and self._circular:
            raise ValueError("ConvTranspose: output_padding has no meaning with padding='CIRCULAR': leave it out.")

    @property
    def _circular(self) -> bool:
        return isinstance(self.padding, str) and self.padding.upper() == "CIRCULAR"

    def __call__(self, inputs: Array) -> Array:
        """The transposed convolution of `inputs`.

        Args:
            inputs: (*batch, *spatial, in_features), with any number of batch axes.

        Returns:
            (*batch, *outputs, out_features).
        """
        if self._circular:  # Flax folds the result around; its convolution is XLA's, or jconv's under install()
            return super().__call__(inputs)
        rank = len(self.kernel_size)
        kernel = self.kernel[...] if self.mask is None else self.kernel[...] * self.mask
        bias = None if self.bias is None else self.bias[...]
        inputs, kernel, bias = self.promote_dtype((inputs, kernel, bias), dtype=self.dtype)
        if self.transpose_kernel:
            kernel = lax.rev(kernel, tuple(range(rank))).swapaxes(-1, -2)
        strides = axis_ints("ConvTranspose", "strides", self.strides or 1, rank, least=1)
        dilation = axis_ints("ConvTranspose", "kernel_dilation", self.kernel_dilation or 1, rank, least=1)
        batch, spatial = inputs.shape[: inputs.ndim - rank - 1], "XYZW"[:rank]
        y = conv_general_dilated(
            inputs.reshape(-1, *inputs.shape[inputs.ndim - rank - 1 :]),
            kernel,
            (1,) * rank,
            self._pairs(strides, dilation),
            strides,
            dilation,
            (f"N{spatial}C", f"{spatial}IO", f"N{spatial}C"),
            precision=self.precision,
            preferred_element_type=self.preferred_element_type,
            algorithm=self.algorithm,
        )
        y = y.reshape(*batch, *y.shape[1:])
        return with_bias(y, bias)

    def _pairs(self, strides: tuple[int, ...], dilation: tuple[int, ...]) -> Pairs:
        """The padding of the convolution over the dilated input, as `jax.lax.conv_transpose` takes it."""
        spans = tuple(map(dilated_size, self.kernel_size, dilation))
        if isinstance(self.padding, str):
            pairs = tuple(map(_word_pair, [self.padding.upper()] * len(spans), spans, strides))
        elif isinstance(self.padding, int):
            pairs = ((self.padding, self.padding),) * len(spans)
        else:
            pairs = tuple((p, p) if isinstance(p, int) else tuple(p) for p in self.padding)
        return tuple((low, high + extra) for (low, high), extra in zip(pairs, self.output_padding, strict=True))


def _word_pair(word: str, span: int, stride: int) -> tuple[int, int]:
    """(low, high) of one axis: "SAME" makes stride * inputs outputs, "VALID" all that a window touches."""
    match word:
        case "SAME":
            total = span + stride - 2
            low = span - 1 if stride > span - 1 else -(-total // 2)
        case "VALID":
            total, low = span + stride - 2 + max(span - stride, 0), span - 1
        case _:
            raise ValueError(f"ConvTranspose: padding={word!r} is not one of 'SAME', 'VALID', 'CIRCULAR', or pairs.")
    return low, total - low
