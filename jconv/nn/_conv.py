"""Conv: Flax's convolution layer, computed by jconv."""

from types import MappingProxyType
from typing import Any, cast

import jax.numpy as jnp
from flax import nnx

from jconv._algorithms import Algorithm
from jconv._typing import Array, IntOrInts
from jconv._verbs.arguments import check_algorithm
from jconv._verbs.conv import conv
from jconv._verbs.general import conv_general_dilated
from jconv._verbs.padding import padding_modes

# Flax's defaults.
KERNEL_INIT, BIAS_INIT = nnx.initializers.lecun_normal(), nnx.initializers.zeros_init()

# What every layer on `Conv` shares with it.
SHARED = (
    "kernel_dilation",
    "feature_group_count",
    "use_bias",
    "dtype",
    "param_dtype",
    "precision",
    "kernel_init",
    "bias_init",
    "kernel_metadata",
    "bias_metadata",
)


class Conv(nnx.Conv):
    """Flax's `nnx.Conv` with jconv inside, padding modes and a choice of algorithm.

    y[o, m] = bias[m] + sum over k, c of  x[s*o + d*k - lo, c] * kernel[k, c, m]  on every spatial axis, as in
    `jconv.conv`.

    Names, shapes and the first values of the parameters are Flax's, so that checkpoints of `nnx.Conv` load here and
    back: kernel `(*kernel_size, in_features // feature_group_count, out_features)`, bias `(out_features,)`.

    Args:
        in_features: channels of the input.
        out_features: channels of the output.
        kernel_size: taps per spatial axis; an int means one axis, as in Flax.
        strides: steps between neighbouring outputs; ints are spread to all axes.
        padding: "SAME", "VALID", "CAUSAL", "CIRCULAR", "REFLECT", "SAME_LOWER", "FULL", amounts or pairs.
        padding_mode: what stands beyond the border, in all axes or one word per axis, as in `jconv.conv`.
        algorithm: as in `jconv.conv`.
        input_dilation: distance between neighbouring inputs; over 1 only with padding mode "zeros".
        kernel_dilation: distance between neighbouring taps.
        feature_group_count: independent convolutions side by side.
        use_bias: whether a bias is added.
        mask: of the kernel's shape, multiplied with it.
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.
        precision: as in `jconv.conv`.
        kernel_init: makes the first kernel.
        bias_init: makes the first bias.
        preferred_element_type: dtype of the result.
        rngs: Flax's random numbers.
        kernel_metadata: for the kernel's `nnx.Param`.
        bias_metadata: for the bias's `nnx.Param`.

    Raises:
        ValueError: words or sizes that do not fit together.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> layer = Conv(3, 8, (3, 3), strides=2, padding_mode="reflect", rngs=nnx.Rngs(0))
        >>> layer(jnp.ones((2, 9, 9, 3))).shape
        (2, 5, 5, 8)

    References:
        https://flax.readthedocs.io/en/latest/api_reference/flax.nnx/nn/linear.html#flax.nnx.Conv
    """

    # To `jconv.ops.stream`: `__call__` is the convolution by the kernel, padded as the attributes say.
    streamed = "padded"

    def __init__(
        self,
        in_features: int,
        out_features: int,
        kernel_size: IntOrInts,
        strides: IntOrInts | None = 1,
        *,
        padding: Any = "SAME",
        padding_mode: Any = "zeros",
        algorithm: str | Algorithm = "auto",
        input_dilation: IntOrInts | None = 1,
        kernel_dilation: IntOrInts | None = 1,
        feature_group_count: int = 1,
        use_bias: bool = True,
        mask: Array | None = None,
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
        precision: Any = None,
        kernel_init: Any = KERNEL_INIT,
        bias_init: Any = BIAS_INIT,
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
            input_dilation=input_dilation,
            kernel_dilation=kernel_dilation,
            feature_group_count=feature_group_count,
            use_bias=use_bias,
            mask=mask,
            dtype=dtype,
            param_dtype=param_dtype,
            precision=precision,
            kernel_init=kernel_init,
            bias_init=bias_init,
            conv_general_dilated=conv_general_dilated,
            preferred_element_type=preferred_element_type,
            rngs=rngs,
            kernel_metadata=kernel_metadata,
            bias_metadata=bias_metadata,
        )
        self.padding_mode = padding_modes("Conv", padding_mode, None, len(self.kernel_size))
        self.algorithm = check_algorithm("Conv", algorithm)
        if self.dilates_input and set(self.padding_mode) != {"zeros"}:
            raise ValueError(
                f"Conv: padding_mode={padding_mode!r} has no meaning with input_dilation={input_dilation!r}: leave "
                f"one of them out, or use ConvTranspose."
            )

    @property
    def dilates_input(self) -> bool:
        """Whether zeros stand between the inputs."""
        return any(e != 1 for e in per_axis(self.input_dilation, len(self.kernel_size)))

    def __call__(self, inputs: Array, out_sharding: None = None) -> Array:
        """The convolution of `inputs`.

        Args:
            inputs: (*batch, *spatial, in_features), with any number of batch axes.
            out_sharding: None only.

        Returns:
            (*batch, *outputs, out_features).
        """
        if self.dilates_input:
            return super().__call__(inputs, out_sharding)
        inputs, kernel, bias = self.arrays(inputs)
        rank = len(self.kernel_size)
        y = conv(
            inputs,
            kernel,
            stride=per_axis(self.strides, rank),
            padding=cast(Any, self.padding),
            dilation=per_axis(self.kernel_dilation, rank),
            groups=self.feature_group_count,
            padding_mode=cast(Any, self.padding_mode),
            precision=self.precision,
            preferred_element_type=self.preferred_element_type,
            algorithm=self.algorithm,
            rank=rank,
        )
        return with_bias(y, bias)

    def arrays(self, inputs: Array) -> tuple[Array, Array, Array | None]:
        """The inputs, the masked kernel and the bias, in the dtype to compute in."""
        kernel = self.kernel[...] if self.mask is None else self.kernel[...] * self.mask
        bias = None if self.bias is None else self.bias[...]
        return self.promote_dtype((inputs, kernel, bias), dtype=self.dtype)


def check_options(verb: str, options: dict[str, Any], known: tuple[str, ...]) -> None:
    """A layer that shares the arguments of `Conv` takes only those that mean something to it."""
    for name in options:
        if name not in known:
            raise TypeError(f"{verb}: there is no argument {name}=. Beside its own, it takes {', '.join(known)}.")


def with_bias(y: Array, bias: Array | nnx.Param | None) -> Array:
    """y (*batch, c) plus bias (c,), also in programs that forbid ranks to differ."""
    return y if bias is None else y + bias[...].reshape((1,) * (y.ndim - 1) + bias.shape)


def window_of(kernel_size: IntOrInts) -> tuple[int, ...]:
    """Taps per axis; an int means one axis, as in Flax."""
    return (kernel_size,) if isinstance(kernel_size, int) else tuple(kernel_size)


def per_axis(value: IntOrInts | None, rank: int) -> tuple[int, ...]:
    """One int per axis; None means 1, as in Flax."""
    return (1 if value is None else value,) * rank if value is None or isinstance(value, int) else tuple(value)
