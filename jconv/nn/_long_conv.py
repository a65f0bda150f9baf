"""LongConv: causal convolution with kernels as long as the sequence, as arrays or as a small network of time."""

from itertools import pairwise
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from flax import nnx

from jconv._typing import Array
from jconv._verbs.arguments import one_int, one_word
from jconv.ops._long import long_conv

# Hyena's: the windows of the channels fall to this at these fractions of the length.
DECAYED, SLOWEST, FASTEST = 1e-2, 1.5, 0.3


class ImplicitKernel(nnx.Module):
    """A long kernel as a small network of time: few parameters, whatever the length.

    h[t, c] = w[t, c] * mlp(features(t))[c],  w[t, c] = exp(-rate[c] * t / length) / norm[c],

    where `features` are t / length and sines and cosines of it, the activations are sin(frequency * z) with a learned
    frequency per unit, the rates run evenly from slow to fast, and norm makes w's energy over t one, so that a new
    layer neither damps nor amplifies noise much.

    Args:
        features: channels.
        length: taps.
        width: units of a hidden layer.
        depth: hidden layers.
        bands: sine and cosine pairs among the features of time.
        frequency: the first frequency of the sines.
        param_dtype: dtype of the parameters, and of the kernel.
        rngs: Flax's random numbers.

    Raises:
        ValueError: a size below 1.
        TypeError: a size that is no integer.

    Examples:
        >>> ImplicitKernel(4, 1000, rngs=nnx.Rngs(0))().shape
        (1000, 4)

    References:
        Poli et al., "Hyena hierarchy: towards larger convolutional language models", arXiv:2302.10866.
        Romero et al., "CKConv: continuous kernel convolution for sequential data", arXiv:2102.02611.
    """

    def __init__(
        self,
        features: int,
        length: int,
        *,
        width: int = 32,
        depth: int = 2,
        bands: int = 8,
        frequency: float = 3.0,
        param_dtype: Any = jnp.float32,
        rngs: nnx.Rngs,
    ):
        sizes = {"features": features, "length": length, "width": width, "depth": depth, "bands": bands}
        for name, size in sizes.items():
            one_int("ImplicitKernel", name, size, least=1)
        self.features, self.length, self.bands = features, length, bands
        options: dict[str, Any] = dict(param_dtype=param_dtype, rngs=rngs)
        widths = [1 + 2 * bands, *[width] * depth]
        pairs = pairwise(widths)
        self.hidden = nnx.List([nnx.Linear(n, m, bias_init=_uniform, **options) for n, m in pairs])
        self.frequency = nnx.Param(jnp.full((width,), frequency, param_dtype))
        self.last = nnx.Linear(width, features, use_bias=False, **options)

    def __call__(self) -> Array:
        """The kernel.

        Returns:
            (length, features); tap 0 meets the present.
        """
        time = np.arange(self.length) / self.length
        angles = 2 * np.pi * time[:, None] * np.linspace(0.5, self.bands, self.bands)
        rates = np.linspace(-np.log(DECAYED) / SLOWEST, -np.log(DECAYED) / FASTEST, self.features)
        window = np.exp(-time[:, None] * rates)
        window /= np.sqrt((window**2).sum(0))
        z = np.concatenate([2 * time[:, None] - 1, np.sin(angles), np.cos(angles)], 1)
        z = jnp.asarray(z, self.frequency[...].dtype)
        for layer in self.hidden:
            z = jnp.sin(self.frequency[...][None] * layer(z))
        h = self.last(z)
        return h * jnp.asarray(window, h.dtype)


class LongConv(nnx.Module):
    """Convolve every channel with a kernel as long as the sequence, causally.

    y[t, c] = gate[t, c] * (sum over s <= t of  h[s, c] * x[t - s, c]  +  skip[c] * x[t, c]), as in
    `jconv.ops.long_conv`, where h is an array of parameters, or an `ImplicitKernel`.

    Args:
        features: channels of input and output.
        length: taps of the kernel; of longer sequences each output sees so many inputs.
        kernel: "explicit" for length * features parameters, "implicit" for those of a small network of time.
        use_skip: whether x itself is added, times a parameter per channel.
        width: as in `ImplicitKernel`.
        depth: as in `ImplicitKernel`.
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.
        rngs: Flax's random numbers.

    Raises:
        ValueError: a size below 1, or an unknown word.
        TypeError: a size that is no integer.

    Examples:
        >>> layer = LongConv(4, 100, kernel="implicit", rngs=nnx.Rngs(0))
        >>> layer(jnp.ones((2, 100, 4))).shape
        (2, 100, 4)

    References:
        Poli et al., "Hyena hierarchy: towards larger convolutional language models", arXiv:2302.10866.
    """

    def __init__(
        self,
        features: int,
        length: int,
        *,
        kernel: Literal["explicit", "implicit"] | str = "explicit",
        use_skip: bool = True,
        width: int = 32,
        depth: int = 2,
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
        rngs: nnx.Rngs,
    ):
        one_int("LongConv", "features", features, least=1)
        one_int("LongConv", "length", length, least=1)
        if one_word("LongConv", "kernel", kernel, ("explicit", "implicit")) == "implicit":
            self.kernel = ImplicitKernel(features, length, width=width, depth=depth, param_dtype=param_dtype, rngs=rngs)
        else:
            drawn = nnx.initializers.normal(length**-0.5)(rngs.params(), (length, features), param_dtype)
            self.kernel = nnx.Param(drawn)
        self.skip = nnx.Param(jnp.ones((features,), param_dtype)) if use_skip else None
        self.dtype = dtype

    def __call__(self, inputs: Array, *, gate: Array | None = None) -> Array:
        """The convolution of `inputs`.

        Args:
            inputs: (*batch, length, features), with any number of batch axes.
            gate: multiplies the result; of a shape that broadcasts to that of the inputs. None for 1.

        Returns:
            (*batch, length, features).
        """
        kernel = self.kernel() if isinstance(self.kernel, ImplicitKernel) else self.kernel[...]
        skip = None if self.skip is None else self.skip[...]
        if self.dtype is not None:
            inputs, kernel = inputs.astype(self.dtype), kernel.astype(self.dtype)
            skip, gate = (None if a is None else a.astype(self.dtype) for a in (skip, gate))
        return long_conv(inputs, kernel, skip=skip, gate=gate)


def _uniform(key: Array, shape: tuple[int, ...], dtype: Any, *_: Any) -> Array:
    """Phases of the sines: from -1 to 1."""
    return nnx.initializers.uniform(2.0)(key, shape, dtype) - 1
