"""Convolution of features at two resolutions, which exchange what they know."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from jconv._algorithms import Algorithm
from jconv._typing import Array, ArrayLike, IntOrInts, Padding, PaddingMode, PrecisionLike
from jconv._verbs.arguments import as_array, one_int
from jconv._verbs.conv import conv
from jconv._verbs.shapes import check_ranks
from jconv.ops._avg_pool import avg_pool

VERB = "octave_conv"


def octave_conv(
    x: tuple[ArrayLike | None, ArrayLike | None],
    kernel: ArrayLike,
    *,
    low_out: int,
    padding: Padding = "SAME",
    dilation: IntOrInts = 1,
    padding_mode: PaddingMode | tuple[PaddingMode, ...] = "zeros",
    precision: PrecisionLike = None,
    algorithm: str | Algorithm = "auto",
) -> tuple[Array | None, Array | None]:
    """Convolve high features and low ones, which are at half the resolution, each into both.

    high = conv(x_high, K_hh) + up(conv(x_low, K_lh)),  low = conv(x_low, K_ll) + conv(pool(x_high), K_hl), where pool
    is the mean of 2 positions per axis, up repeats each position twice, and K_hl is the part of the kernel from high
    channels to low features: in both, the high ones come first.

    Args:
        x: (high, low): (*batch, *spatial, c_high) and (*batch, *spatial / 2, c_low). Either may be None, as in a first
            layer, which is given no low features.
        kernel: (*window, c_high + c_low, c_out).
        low_out: how many of the c_out features are low; 0 in a last layer.
        padding: as in `jconv.conv`; the sizes of both results must fit as those of x do.
        dilation: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`.
        precision: as in `jconv.conv`.
        algorithm: as in `jconv.conv`.

    Returns:
        (high, low): (*batch, *outputs, c_out - low_out) and (*batch, *outputs / 2, low_out); None for no features.

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution.

    Examples:
        >>> import jax.numpy as jnp
        >>> high, low = octave_conv((jnp.ones((8, 8, 3)), None), jnp.ones((3, 3, 3, 4)), low_out=1)
        >>> high.shape, low.shape
        ((8, 8, 3), (4, 4, 1))

    References:
        Chen et al., "Drop an octave: reducing spatial redundancy in convolutional neural networks with octave
        convolution", arXiv:1904.05049.
    """
    kernel = as_array(VERB, "kernel", kernel)
    high, low = _parts(x, kernel)
    low_out = one_int(VERB, "low_out", low_out, least=0)
    if low_out > kernel.shape[-1]:
        raise ValueError(f"{VERB}: low_out={low_out} must be at most c_out={kernel.shape[-1]}.")
    c_high, high_out = 0 if high is None else high.shape[-1], kernel.shape[-1] - low_out
    options = dict(padding=padding, dilation=dilation, padding_mode=padding_mode, precision=precision)
    rank = kernel.ndim - 2

    def convolved(a: Array, from_low: bool, to_low: bool) -> Array:
        taken = slice(c_high, None) if from_low else slice(None, c_high)
        made = slice(high_out, None) if to_low else slice(None, high_out)
        return conv(a, kernel[..., taken, made], algorithm=algorithm, **options)

    to_high, to_low = [], []
    if high is not None:
        to_high += [convolved(high, False, False)] if high_out else []
        to_low += [convolved(avg_pool(high, (2,) * rank), False, True)] if low_out else []
    if low is not None:
        to_high += [_repeated(convolved(low, True, False), rank)] if high_out else []
        to_low += [convolved(low, True, True)] if low_out else []
    return _sum(to_high, padding), _sum(to_low, padding)


def _parts(x: Any, kernel: Array) -> tuple[Array | None, Array | None]:
    """High and low features, whose shapes fit each other and the kernel."""
    if not isinstance(x, tuple | list) or len(x) != 2 or all(a is None for a in x):
        raise TypeError(f"{VERB}: x must be a pair (high, low) of arrays, one of which may be None.")
    parts = [None if a is None else as_array(VERB, name, a) for a, name in zip(x, ("high", "low"), strict=True)]
    given = [a for a in parts if a is not None]
    rank = check_ranks(VERB, "x", given[0].shape, kernel.shape)
    c_in = sum(a.shape[-1] for a in given)
    shapes = ", ".join(
        f"{name} has shape {a.shape}" for a, name in zip(parts, ("high", "low"), strict=True) if a is not None
    )
    if kernel.shape[-2] != c_in:
        raise ValueError(
            f"{VERB}: the kernel takes {kernel.shape[-2]} channels, and x has {c_in} ({shapes}, kernel has shape "
            f"{kernel.shape})."
        )
    high, low = parts
    if high is not None:
        first = high.ndim - rank - 1
        halves = (*high.shape[:first], *(n // 2 for n in high.shape[first:-1]))
        odd = any(n % 2 for n in high.shape[first:-1])
        if odd or (low is not None and low.shape[:-1] != halves):
            raise ValueError(
                f"{VERB}: the sizes of the high features must be even, and twice those of the low ones on every "
                f"spatial axis; all other axes must agree ({shapes})."
            )
    return high, low


def _repeated(a: Array, rank: int) -> Array:
    """Every position twice along every spatial axis."""
    for axis in range(a.ndim - rank - 1, a.ndim - 1):
        a = jnp.repeat(a, np.int32(2), axis=axis, total_repeat_length=2 * a.shape[axis])
    return a


def _sum(terms: list[Array], padding: Any) -> Array | None:
    """What comes from high and from low features."""
    if len({a.shape for a in terms}) > 1:
        raise ValueError(
            f"{VERB}: padding={padding!r} makes results of shapes {terms[0].shape} from the high features and "
            f"{terms[1].shape} from the low ones; they must agree. Use padding='SAME'."
        )
    return sum(terms[1:], start=terms[0]) if terms else None
