"""Convolution of each channel by itself, and its product with a mixing of channels."""

from typing import Any

from jconv._algorithms import Algorithm
from jconv._typing import Array, ArrayLike, IntOrInts, Padding, PaddingMode, PrecisionLike
from jconv._verbs.arguments import as_array
from jconv._verbs.conv import conv
from jconv._verbs.shapes import check_ranks


def depthwise_conv(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    stride: IntOrInts = 1,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    padding_mode: PaddingMode | str | tuple[str, ...] = "zeros",
    precision: PrecisionLike = None,
    preferred_element_type: Any = None,
    algorithm: str | Algorithm = "auto",
) -> Array:
    """Convolve each channel by itself, with one kernel or several: `jconv.conv` with as many groups as channels.

    y[o, c*m + j] = sum over k of  x[s*o + d*k - lo, c] * kernel[k, 0, c*m + j],  j < m, where the multiplier m is the
    number of kernels per channel.

    Args:
        x: (*batch, *spatial, c), with any number of batch axes, also none.
        kernel: (*window, 1, c * m).
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`.
        dilation: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`.
        precision: as in `jconv.conv`.
        preferred_element_type: as in `jconv.conv`.
        algorithm: as in `jconv.conv`.

    Returns:
        (*batch, *outputs, c * m).

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution.

    Examples:
        >>> import jax.numpy as jnp
        >>> x = jnp.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])
        >>> difference = jnp.array([-1.0, 1.0])[:, None, None].repeat(2, axis=-1)
        >>> depthwise_conv(x, difference)
        Array([[ 1., 10.],
               [ 2., 20.]], dtype=float32)

    References:
        Sifre and Mallat, "Rigid-motion scattering for texture classification", arXiv:1403.1687.
    """
    return _depthwise(
        "depthwise_conv",
        x,
        kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        padding_mode=padding_mode,
        precision=precision,
        preferred_element_type=preferred_element_type,
        algorithm=algorithm,
    )


def separable_conv(
    x: ArrayLike,
    depthwise_kernel: ArrayLike,
    pointwise_kernel: ArrayLike,
    *,
    stride: IntOrInts = 1,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    padding_mode: PaddingMode | str | tuple[str, ...] = "zeros",
    precision: PrecisionLike = None,
) -> Array:
    """Convolve each channel by itself, then mix the channels of each position.

    y = conv(depthwise_conv(x, depthwise_kernel), pointwise_kernel): the convolution whose kernel is the sum over j of
    depthwise_kernel[k, 0, c*m + j] * pointwise_kernel[0, c*m + j, o], at a fraction of its work.

    Args:
        x: (*batch, *spatial, c), with any number of batch axes, also none.
        depthwise_kernel: (*window, 1, c * m), with m kernels per channel.
        pointwise_kernel: (*ones, c * m, c_out), with a window of one tap per spatial axis.
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`.
        dilation: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`.
        precision: as in `jconv.conv`.

    Returns:
        (*batch, *outputs, c_out).

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.

    Examples:
        >>> import jax.numpy as jnp
        >>> x = jnp.array([[1.0, 10.0], [2.0, 20.0]])
        >>> separable_conv(x, jnp.ones((2, 1, 2)), jnp.ones((1, 2, 1)))
        Array([[33.]], dtype=float32)

    References:
        Chollet, "Xception: deep learning with depthwise separable convolutions", arXiv:1610.02357.
    """
    verb = "separable_conv"
    depthwise = as_array(verb, "depthwise_kernel", depthwise_kernel)
    pointwise = as_array(verb, "pointwise_kernel", pointwise_kernel)
    rank = depthwise.ndim - 2
    if pointwise.ndim != rank + 2 or any(k != 1 for k in pointwise.shape[:-2]):
        raise ValueError(
            f"{verb}: pointwise_kernel must be (*ones, c_mid, c_out) with {rank} axes of length 1, as many as "
            f"the depthwise kernel of shape {depthwise.shape} has window axes; it has shape "
            f"{pointwise.shape}. A matrix becomes one by matrix[(None,) * {rank}]."
        )
    middle = _depthwise(
        verb,
        x,
        depthwise,
        stride=stride,
        padding=padding,
        dilation=dilation,
        padding_mode=padding_mode,
        precision=precision,
    )
    return conv(middle, pointwise, precision=precision)


def _depthwise(verb: str, x: ArrayLike, kernel: ArrayLike, **options: Any) -> Array:
    """`conv` with a group per channel, of a kernel that is made for one channel."""
    x, kernel = as_array(verb, "x", x), as_array(verb, "kernel", kernel)
    check_ranks(verb, "x", x.shape, kernel.shape)
    c = x.shape[-1]
    if kernel.shape[-2] != 1 or c == 0 or kernel.shape[-1] % c:
        raise ValueError(
            f"{verb}: the kernel must be (*window, 1, c * m) for the c={c} channels of x and a multiplier m; it has "
            f"shape {kernel.shape} (x has shape {x.shape})."
        )
    return conv(x, kernel, groups=c, **options)
