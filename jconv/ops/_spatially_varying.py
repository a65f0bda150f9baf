"""Convolution with a kernel that changes from place to place, as a mix of a few: blur by a varying point spread."""

from typing import Literal

import jax.numpy as jnp

from jconv._algorithms import Algorithm
from jconv._typing import Array, ArrayLike, IntOrInts, Padding, PaddingMode, PrecisionLike
from jconv._verbs.arguments import as_array, common_dtype, one_word
from jconv._verbs.conv import conv
from jconv._verbs.shapes import check_groups, check_ranks


def spatially_varying_conv(
    x: ArrayLike,
    kernels: ArrayLike,
    weights: ArrayLike,
    *,
    weigh: Literal["inputs", "outputs"] | str = "inputs",
    stride: IntOrInts = 1,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    groups: int = 1,
    padding_mode: PaddingMode | str | tuple[str, ...] = "zeros",
    precision: PrecisionLike = None,
    algorithm: str | Algorithm = "auto",
) -> Array:
    """Convolve with a few kernels, and weigh at every position how much each of them counts.

    With weigh="inputs", y = sum over b of conv(weights[..., b] * x, kernels[b]): every point of x is spread by its own
    mix of kernels, as a lens blurs light that comes from there. With weigh="outputs",
    y = sum over b of weights[..., b] * conv(x, kernels[b]): every point of y gathers by its own mix, as an adaptive
    filter does. Each is one convolution, of as many channels more as there are kernels. The adjoint of either is the
    other on `jconv.conv_transpose`. Kernels and weights may come from a singular value decomposition of measured
    point spread functions.

    Args:
        x: (*batch, *spatial, c_in), with any number of batch axes, also none.
        kernels: (b, *window, c_in // groups, c_out), each as in `jconv.conv`: not flipped. Of a point spread function
            it is the mirror image.
        weights: (*spatial, b), or (*outputs, b) if outputs are weighed.
        weigh: "inputs" or "outputs".
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`.
        dilation: as in `jconv.conv`.
        groups: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`; weighed inputs are what is extended.
        precision: as in `jconv.conv`.
        algorithm: as in `jconv.conv`.

    Returns:
        (*batch, *outputs, c_out), in the dtype that all are promoted to.

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution.

    Examples:
        >>> import jax.numpy as jnp
        >>> points = jnp.array([1.0, 0.0, 0.0, 0.0, 1.0])[:, None]
        >>> sharp, blurred = jnp.array([0.0, 1.0, 0.0]), jnp.array([0.25, 0.5, 0.25])
        >>> kernels, right = jnp.stack([sharp, blurred])[..., None, None], jnp.linspace(0, 1, 5)
        >>> weights = jnp.stack([1 - right, right], axis=-1)
        >>> spatially_varying_conv(points, kernels, weights, padding="SAME").ravel()
        Array([1.  , 0.  , 0.  , 0.25, 0.5 ], dtype=float32)

    References:
        Flicker and Rigaut, "Anisoplanatic deconvolution of adaptive optics images", JOSA A 22, 2005.
        Hirsch, Sra, Schoelkopf and Harmeling, "Efficient filter flow for space-variant multiframe blind
        deconvolution", CVPR 2010.
    """
    verb = "spatially_varying_conv"
    x, kernels, weights = (as_array(verb, n, a) for n, a in (("x", x), ("kernels", kernels), ("weights", weights)))
    inputs = one_word(verb, "weigh", weigh, ("inputs", "outputs")) == "inputs"
    if kernels.ndim < 4:
        raise ValueError(
            f"{verb}: kernels must be (b, *window, c_in // groups, c_out); they have shape {kernels.shape}. "
            f"One kernel becomes a mix of one by kernel[None]."
        )
    rank = check_ranks(verb, "x", x.shape, kernels.shape[1:])
    groups = check_groups(verb, groups, x.shape[-1], x.shape, kernels.shape[1:])
    dtype = jnp.promote_types(common_dtype(verb, "x", x, kernels), common_dtype(verb, "weights", weights, kernels))
    x, kernels, weights = (a.astype(dtype) for a in (x, kernels, weights))
    count, (*window, each, c_out) = kernels.shape[0], kernels.shape[1:]
    if inputs:  # channel c becomes the channels c*b, ...: those of a group stay together
        _check_weights(verb, weights, x.shape[x.ndim - rank - 1 : -1], count, weigh)
        x = (x[..., None] * _before_channels(weights, x.ndim)).reshape(*x.shape[:-1], x.shape[-1] * count)
        kernel = jnp.moveaxis(kernels, 0, -2).reshape(*window, each * count, c_out)
    else:
        kernel = jnp.moveaxis(kernels, 0, -1).reshape(*window, each, c_out * count)
    y = conv(
        x,
        kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        padding_mode=padding_mode,  # pyrefly: ignore[bad-argument-type]
        precision=precision,
        algorithm=algorithm,
    )
    if inputs:
        return y
    _check_weights(verb, weights, y.shape[y.ndim - rank - 1 : -1], count, weigh)
    return (y.reshape(*y.shape[:-1], c_out, count) * _before_channels(weights, y.ndim)).sum(-1, dtype=dtype)


def _check_weights(verb: str, weights: Array, sizes: tuple[int, ...], count: int, weigh: str) -> None:
    """A weight per position and kernel."""
    if weights.shape != (*sizes, count):
        raise ValueError(
            f"{verb}: weights must be {(*sizes, count)}, a number per position of the {weigh} and per kernel; they "
            f"have shape {weights.shape}."
        )


def _before_channels(weights: Array, ndim: int) -> Array:
    """(*sizes, b) to (*ones, *sizes, 1, b), for x (*batch, *sizes, c, b) with ndim + 1 axes."""
    return weights.reshape((1,) * (ndim - weights.ndim) + (*weights.shape[:-1], 1, weights.shape[-1]))
