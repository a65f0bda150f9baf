"""ContinuousConv: a convolution layer whose kernel is a small network of position."""

from typing import Any

import jax.numpy as jnp
from flax import nnx

from jconv._algorithms import Algorithm
from jconv._typing import Array, IntOrInts
from jconv._verbs.arguments import check_algorithm
from jconv.nn._conv import BIAS_INIT, window_of, with_bias
from jconv.ops._continuous_conv import continuous_conv


class ContinuousConv(nnx.Module):
    """Convolve by a kernel that a network of sines makes of positions: as many parameters for any window.

    kernel(p) = W_3 sin(W_2 sin(omega (W_1 p + b_1)) + b_2) / sqrt(taps), y = bias + `jconv.ops.continuous_conv` of x.
    With a mask the kernel fades from its centre, over a width per axis that is learned. A trained layer may be called
    at another resolution: with a `kernel_size` as many times larger as its input is finer.

    Args:
        in_features: channels of the input.
        out_features: channels of the output.
        kernel_size: taps per spatial axis; an int means one axis, as in Flax.
        strides: steps between neighbouring outputs.
        hidden_features: width of the network.
        omega: how fast its first sines turn.
        mask_width: the first width of the mask, in half windows; None for no mask.
        padding: as in `jconv.conv`; "CAUSAL" for sequences.
        padding_mode: as in `jconv.conv`.
        feature_group_count: independent convolutions side by side.
        use_bias: whether a bias is added.
        param_dtype: dtype of the parameters.
        precision: as in `jconv.conv`.
        bias_init: makes the first bias.
        algorithm: as in `jconv.conv`.
        rngs: Flax's random numbers.

    Raises:
        ValueError: channels that groups do not divide.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> layer = ContinuousConv(3, 8, 31, padding="CAUSAL", rngs=nnx.Rngs(0))
        >>> layer(jnp.ones((2, 50, 3))).shape, layer(jnp.ones((2, 100, 3)), kernel_size=62).shape
        ((2, 50, 8), (2, 100, 8))

    References:
        Romero et al., "CKConv", arXiv:2102.02611; "FlexConv", arXiv:2110.08059, for the mask; Sitzmann et al.,
        "Implicit neural representations with periodic activation functions", arXiv:2006.09661, for the first values.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        kernel_size: IntOrInts,
        strides: IntOrInts = 1,
        *,
        hidden_features: int = 32,
        omega: float = 30.0,
        mask_width: float | None = None,
        padding: Any = "SAME",
        padding_mode: Any = "zeros",
        feature_group_count: int = 1,
        use_bias: bool = True,
        param_dtype: Any = jnp.float32,
        precision: Any = None,
        bias_init: Any = BIAS_INIT,
        algorithm: str | Algorithm = "auto",
        rngs: nnx.Rngs,
    ):
        if in_features % feature_group_count or out_features % feature_group_count:
            raise ValueError(
                f"ContinuousConv: feature_group_count={feature_group_count} must divide in_features={in_features} and "
                f"out_features={out_features}."
            )
        self.kernel_size = window_of(kernel_size)
        rank, self.channels = len(self.kernel_size), (in_features // feature_group_count, out_features)
        made = self.channels[0] * out_features
        options = dict(param_dtype=param_dtype, rngs=rngs)
        # Positions lie in [-1, 1], and so do sines: uniform weights keep the sums of unit variance.
        self.first = nnx.Linear(rank, hidden_features, kernel_init=_uniform(1 / 3), bias_init=_uniform_bias, **options)
        self.second = nnx.Linear(hidden_features, hidden_features, kernel_init=_uniform(2), **options)
        self.last = nnx.Linear(hidden_features, made, kernel_init=_uniform(2 / self.channels[0]), **options)
        self.omega = omega
        self.mask_width = None if mask_width is None else nnx.Param(jnp.full((rank,), mask_width, param_dtype))
        self.bias = nnx.Param(bias_init(rngs.params(), (out_features,), param_dtype)) if use_bias else None
        self.strides, self.padding, self.padding_mode = strides, padding, padding_mode
        self.feature_group_count, self.precision = feature_group_count, precision
        self.algorithm = check_algorithm("ContinuousConv", algorithm)

    def values(self, positions: Array) -> Array:
        """The kernel at positions.

        Args:
            positions: (..., rank), from -1 to 1 in the window.

        Returns:
            (..., in_features // feature_group_count, out_features).
        """
        waves = jnp.sin(self.second(jnp.sin(self.omega * self.first(positions))))
        taps = 1
        for k in self.kernel_size:
            taps *= k
        return self.last(waves).reshape(*positions.shape[:-1], *self.channels) / taps**0.5

    def __call__(self, inputs: Array, kernel_size: IntOrInts | None = None) -> Array:
        """The convolution of `inputs`.

        Args:
            inputs: (*batch, *spatial, in_features).
            kernel_size: taps per axis, where the input has another resolution than in training.

        Returns:
            (*batch, *outputs, out_features).
        """
        size = self.kernel_size if kernel_size is None else kernel_size
        y = continuous_conv(
            inputs,
            self.values,
            size=(size,) * len(self.kernel_size) if isinstance(size, int) else tuple(size),
            reference=self.kernel_size,
            mask_width=None if self.mask_width is None else self.mask_width[...],
            stride=self.strides,
            padding=self.padding,
            groups=self.feature_group_count,
            padding_mode=self.padding_mode,
            precision=self.precision,
            algorithm=self.algorithm,
        )
        return with_bias(y, self.bias)


def _uniform(variance: float) -> Any:
    """Uniform weights of this variance over the number of what is summed."""
    return nnx.initializers.variance_scaling(variance, "fan_in", "uniform")


def _uniform_bias(key: Array, shape: tuple[int, ...], dtype: Any, *_: Any) -> Array:
    """Where the first sines begin: anywhere in a turn of the window."""
    return nnx.initializers.uniform(2.0)(key, shape, dtype) - jnp.ones((), dtype)
