"""Convolutions that turn with their input: over the group of quarter turns, and of quarter turns and mirror images."""

from typing import Any, Literal

import jax.numpy as jnp
import numpy as np

from jconv._algorithms import Algorithm
from jconv._equation.geometry import dilated_size
from jconv._typing import Array, ArrayLike, Padding, PaddingMode, PrecisionLike
from jconv._verbs.arguments import as_array, one_int, one_word
from jconv._verbs.conv import conv
from jconv._verbs.padding import padding_pairs
from jconv._verbs.shapes import check_ranks

GroupName = Literal["p4", "p4m"]
# How many elements a group has: number 4 m + r mirrors left and right if m is 1, and then makes r quarter turns.
ORDERS = {"p4": 4, "p4m": 8}


def lift_conv(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    group: GroupName = "p4",
    stride: int = 1,
    padding: Padding = "SAME",
    dilation: int = 1,
    padding_mode: PaddingMode = "zeros",
    precision: PrecisionLike = None,
    algorithm: str | Algorithm = "auto",
) -> Array:
    """Convolve a picture by a kernel in every position of a group: the first layer of a group-equivariant network.

    y[o, g, m] = sum over k, c of  x[s*o + d*k - lo, c] * (T_g kernel)[k, c, m], where T_g is number g of the group
    (see `group_action`). A picture that is turned gives the same, turned: lift_conv(T_u x) = group_action(lift_conv(x),
    u), up to the order of sums. Padding and strides that would break this are refused.

    Args:
        x: (*batch, height, width, c_in), with any number of batch axes, also none.
        kernel: (k, k, c_in, c_out).
        group: "p4", the 4 quarter turns, or "p4m", with the mirror images of these.
        stride: steps between neighbouring outputs, on both axes.
        padding: as in `jconv.conv`.
        dilation: distance between neighbouring taps, on both axes.
        padding_mode: as in `jconv.conv`, one for both axes.
        precision: as in `jconv.conv`.
        algorithm: as in `jconv.conv`.

    Returns:
        (*batch, *outputs, 4 or 8, c_out).

    Raises:
        ValueError: shapes, sizes or words that do not fit together; a padding or stride that does not turn.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution.

    Examples:
        >>> import jax.numpy as jnp
        >>> x, kernel = jnp.arange(9.0).reshape(3, 3, 1), jnp.arange(9.0).reshape(3, 3, 1, 1)
        >>> y = lift_conv(x, kernel)
        >>> bool((lift_conv(jnp.rot90(x), kernel) == group_action(y, 1, group="p4")).all())
        True

    References:
        Cohen and Welling, "Group equivariant convolutional networks", arXiv:1602.07576.
    """
    verb = "lift_conv"
    x, kernel = as_array(verb, "x", x), as_array(verb, "kernel", kernel)
    order = ORDERS[one_word(verb, "group", group, tuple(ORDERS))]
    if kernel.ndim != 4 or kernel.shape[0] != kernel.shape[1]:
        raise ValueError(f"{verb}: kernel must be (k, k, c_in, c_out); it has shape {kernel.shape}.")
    turned = jnp.stack([_moved(kernel, g, 0) for g in range(order)], -2)  # [k, k, C, |G|, M]
    whole = turned.reshape(*kernel.shape[:3], -1)
    options = dict(padding_mode=padding_mode, precision=precision, algorithm=algorithm)
    y = _conv(verb, x, whole, stride, padding, dilation, options)
    return y.reshape(*y.shape[:-1], order, kernel.shape[-1])


def group_conv(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    group: GroupName = "p4",
    stride: int = 1,
    padding: Padding = "SAME",
    dilation: int = 1,
    padding_mode: PaddingMode = "zeros",
    precision: PrecisionLike = None,
    algorithm: str | Algorithm = "auto",
) -> Array:
    """Convolve features over a group, as `lift_conv` makes them, by a kernel over the group.

    y[o, g, m] = sum over h, k, c of  x[s*o + d*k - lo, h, c] * (T_g kernel)[k, g^-1 h, c, m]. What turns goes in
    and out alike: group_conv(group_action(x, u)) = group_action(group_conv(x), u), up to the order of sums.

    Args:
        x: (*batch, height, width, 4 or 8, c_in), with any number of batch axes, also none.
        kernel: (k, k, 4 or 8, c_in, c_out).
        group: "p4", the 4 quarter turns, or "p4m", with the mirror images of these.
        stride: steps between neighbouring outputs, on both axes.
        padding: as in `jconv.conv`.
        dilation: distance between neighbouring taps, on both axes.
        padding_mode: as in `jconv.conv`, one for both axes.
        precision: as in `jconv.conv`.
        algorithm: as in `jconv.conv`.

    Returns:
        (*batch, *outputs, 4 or 8, c_out).

    Raises:
        ValueError: shapes, sizes or words that do not fit together; a padding or stride that does not turn.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution.

    Examples:
        >>> import jax.numpy as jnp
        >>> x = lift_conv(jnp.arange(9.0).reshape(3, 3, 1), jnp.ones((1, 1, 1, 2)))
        >>> group_conv(x, jnp.ones((3, 3, 4, 2, 5))).shape
        (3, 3, 4, 5)

    References:
        Cohen and Welling, "Group equivariant convolutional networks", arXiv:1602.07576.
    """
    verb = "group_conv"
    x, kernel = as_array(verb, "x", x), as_array(verb, "kernel", kernel)
    order = ORDERS[one_word(verb, "group", group, tuple(ORDERS))]
    if kernel.ndim != 5 or kernel.shape[0] != kernel.shape[1] or kernel.shape[2] != order:
        raise ValueError(f"{verb}: kernel must be (k, k, {order}, c_in, c_out) for {group}; it has {kernel.shape}.")
    _check_features(verb, x, order, group)
    k, _, _, c, m = kernel.shape
    # T_g moves the window and the group axis, in which g^-1 h stands at h.
    turned = jnp.stack([_acted(kernel, g, order, 0) for g in range(order)], -2)  # [k, k, |G|, C, |G|, M]
    options = dict(padding_mode=padding_mode, precision=precision, algorithm=algorithm)
    flat = x.reshape(*x.shape[:-2], -1)
    y = _conv(verb, flat, turned.reshape(k, k, order * c, order * m), stride, padding, dilation, options)
    return y.reshape(*y.shape[:-1], order, m)


def group_pool(x: ArrayLike, *, how: Literal["max", "mean"] = "max") -> Array:
    """Reduce features over a group to features that turn as a picture does: y[o, m] = max over g of x[o, g, m].

    Args:
        x: (*batch, height, width, elements, c), as `group_conv` makes them.
        how: "max", or "mean" over the group.

    Returns:
        (*batch, height, width, c).

    Raises:
        ValueError: too few axes, or another word.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> group_pool(jnp.arange(8.0).reshape(1, 1, 4, 2)).ravel()
        Array([6., 7.], dtype=float32)

    References:
        Cohen and Welling, "Group equivariant convolutional networks", arXiv:1602.07576.
    """
    x = as_array("group_pool", "x", x)
    if x.ndim < 4:
        raise ValueError(f"group_pool: x must be (*batch, height, width, elements, c); it has shape {x.shape}.")
    return x.max(-2) if one_word("group_pool", "how", how, ("max", "mean")) == "max" else x.mean(-2)


def group_action(x: ArrayLike, element: int, *, group: GroupName) -> Array:
    """Turn features over a group as they are when the picture is: y[., g, c] = T_u x[., u^-1 g, c], T_u the turn.

    Element u = 4 m + r mirrors left and right if m = 1, and then makes r quarter turns as `jnp.rot90` does, from the
    vertical axis towards the horizontal one.

    Args:
        x: (*batch, height, width, 4 or 8, c).
        element: u, from 0 to 3, or to 7 with "p4m".
        group: "p4" or "p4m".

    Returns:
        The features turned; height and width are exchanged by an odd number of turns.

    Raises:
        ValueError: shapes or numbers that do not fit together.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> group_action(jnp.arange(4.0).reshape(1, 1, 4, 1), 1, group="p4").ravel()
        Array([3., 0., 1., 2.], dtype=float32)

    References:
        Cohen and Welling, "Group equivariant convolutional networks", arXiv:1602.07576.
    """
    verb = "group_action"
    x, order = as_array(verb, "x", x), ORDERS[one_word(verb, "group", group, tuple(ORDERS))]
    _check_features(verb, x, order, group)
    if not 0 <= one_int(verb, "element", element) < order:
        raise ValueError(f"{verb}: element={element} must be from 0 to {order - 1} in {group}.")
    return _acted(x, element, order, x.ndim - 4)


def _check_features(verb: str, x: Array, order: int, group: str) -> None:
    if x.ndim < 4 or x.shape[-2] != order:
        raise ValueError(
            f"{verb}: x must be (*batch, height, width, {order}, c) for group={group!r}; it has shape {x.shape}. A "
            f"picture becomes such features by lift_conv."
        )


def _moved(a: Array, element: int, first: int) -> Array:
    """T_u of a picture, whose height is axis `first`."""
    if element >= 4:
        a = jnp.flip(a, first + 1)
    return jnp.rot90(a, element % 4, (first, first + 1))


def _acted(a: Array, element: int, order: int, first: int) -> Array:
    """T_u of features, whose group axis is the third from `first`."""
    return jnp.take(_moved(a, element, first), _sources(element, order), axis=first + 2)


def _sources(u: int, order: int) -> np.ndarray:
    """u^-1 g for every g. A mirror image turns the other way: (m, r)(m', r') = (m + m', r + (-1)**m r')."""
    m, r = divmod(u, 4)
    inverse = (m, r if m else -r % 4)
    mirrors, turns = np.divmod(np.arange(order), 4)
    sign = -1 if inverse[0] else 1
    return 4 * ((inverse[0] + mirrors) % 2) + (inverse[1] + sign * turns) % 4


def _conv(verb: str, x: Array, kernel: Array, stride, padding, dilation, options: dict[str, Any]) -> Array:
    """`conv`, if it gives the same to a picture that is turned."""
    check_ranks(verb, "x", x.shape, kernel.shape)
    strides, dilations = (
        (one_int(verb, "stride", stride, least=1),) * 2,
        (one_int(verb, "dilation", dilation, least=1),) * 2,
    )
    sizes, window = x.shape[-3:-1], kernel.shape[:2]
    pairs, _ = padding_pairs(verb, padding, sizes, window, strides, dilations)
    span = dilated_size(window[0], dilations[0])
    left = [(n + lo + hi - span) % strides[0] for n, (lo, hi) in zip(sizes, pairs, strict=True)]
    if any(lo != hi for lo, hi in pairs) or pairs[0][0] != pairs[1][0] or any(left):
        raise ValueError(
            f"{verb}: padding={padding!r} and stride={stride} do not turn: with sizes {sizes} and a window that spans "
            f"{span} the padding is {pairs}, and {tuple(left)} positions are left over on the high side. All amounts "
            f"must agree and nothing be left over: with a stride of 2, an odd window goes with odd sizes, an even one "
            f"with even sizes."
        )
    return conv(x, kernel, stride=strides, padding=padding, dilation=dilations, **options)
