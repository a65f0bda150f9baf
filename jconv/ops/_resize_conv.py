"""Upsampling without checkerboards: resize, then convolve."""

from collections.abc import Sequence
from typing import Any, Literal

import jax

from jconv._algorithms import Algorithm
from jconv._typing import Array, ArrayLike, IntOrInts, Ints, Padding, PaddingMode, PrecisionLike
from jconv._verbs.arguments import as_array, axis_ints, one_word
from jconv._verbs.conv import conv
from jconv._verbs.shapes import check_ranks

ResizeMethod = Literal["nearest", "linear", "cubic", "lanczos3", "lanczos5"]
METHODS = ("nearest", "linear", "cubic", "lanczos3", "lanczos5")


def resize_conv(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    scale: IntOrInts | None = None,
    size: Sequence[int] | None = None,
    method: ResizeMethod | str = "nearest",
    stride: IntOrInts = 1,
    padding: Padding = "SAME",
    dilation: IntOrInts = 1,
    groups: int = 1,
    padding_mode: PaddingMode | tuple[PaddingMode, ...] = "zeros",
    precision: PrecisionLike = None,
    preferred_element_type: Any = None,
    algorithm: str | Algorithm = "auto",
) -> Array:
    """Resize the spatial axes, then convolve: a decoder's upsampling in which every output sees as many inputs.

    y = conv(resize(x, size), kernel), where `resize` is `jax.image.resize`: position o of the new axis lies at
    (o + 1/2) * I / O - 1/2 of the old one (PyTorch's align_corners=False). A transposed convolution whose stride does
    not divide its window gives some outputs more terms than others, and draws a checkerboard.

    Args:
        x: (*batch, *spatial, c_in), with any number of batch axes, also none.
        kernel: (*window, c_in // groups, c_out), as in `jconv.conv`.
        scale: how many times larger, an int or one per spatial axis; or give `size`.
        size: the sizes to convolve at, one per spatial axis.
        method: "nearest", "linear", "cubic", "lanczos3" or "lanczos5", as in `jax.image.resize`.
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`.
        dilation: as in `jconv.conv`.
        groups: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`.
        precision: as in `jconv.conv`.
        preferred_element_type: as in `jconv.conv`.
        algorithm: as in `jconv.conv`.

    Returns:
        (*batch, *outputs, c_out).

    Raises:
        ValueError: shapes, sizes or words that do not fit together; neither scale nor size, or both.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution.

    Examples:
        >>> import jax.numpy as jnp
        >>> x, kernel = jnp.array([1.0, 2.0])[:, None], jnp.ones((3, 1, 1))
        >>> resize_conv(x, kernel, scale=2).ravel()
        Array([2., 4., 5., 4.], dtype=float32)

    References:
        Odena, Dumoulin and Olah, "Deconvolution and checkerboard artifacts", Distill 2016.
    """
    verb = "resize_conv"
    x, kernel = as_array(verb, "x", x), as_array(verb, "kernel", kernel)
    rank = check_ranks(verb, "x", x.shape, kernel.shape)
    method = one_word(verb, "method", method, METHODS)
    sizes = _new_sizes(x.shape[x.ndim - rank - 1 : -1], scale, size)
    resized = jax.image.resize(x, (*x.shape[: x.ndim - rank - 1], *sizes, x.shape[-1]), method)
    return conv(
        resized,
        kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        padding_mode=padding_mode,
        precision=precision,
        preferred_element_type=preferred_element_type,
        algorithm=algorithm,
    )


def _new_sizes(sizes: Ints, scale: IntOrInts | None, size: Sequence[int] | None) -> Ints:
    """The sizes to convolve at."""
    if (scale is None) == (size is None):
        raise ValueError(f"resize_conv: give scale or size, not both or neither (scale={scale!r}, size={size!r}).")
    if size is not None:
        return axis_ints("resize_conv", "size", size, len(sizes), least=1)
    scales = axis_ints("resize_conv", "scale", scale, len(sizes), least=1)
    return tuple(n * times for n, times in zip(sizes, scales, strict=True))
