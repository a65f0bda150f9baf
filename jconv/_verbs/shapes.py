"""The shapes of x and kernel, checked, with errors in the user's words."""

from typing import Any

from jconv._equation.geometry import dilated_size
from jconv._typing import Ints, Pairs
from jconv._verbs.arguments import one_int


def check_groups(verb: str, groups: Any, c_in: int, x_shape: Ints, kernel_shape: Ints) -> int:
    """`groups`, checked against the channels of x and of the kernel."""
    groups = one_int(verb, "groups", groups, least=1)
    *_, per_group, c_out = kernel_shape
    if c_in % groups:
        raise ValueError(f"{verb}: groups={groups} must divide c_in={c_in} (x has shape {x_shape}).")
    if c_out % groups:
        hint = _axes_hint(kernel_shape[1] * groups == c_in and kernel_shape[0] % groups == 0)
        raise ValueError(f"{verb}: groups={groups} must divide c_out={c_out} (kernel has shape {kernel_shape}).{hint}")
    if per_group * groups != c_in:
        raise ValueError(
            f"{verb}: the kernel takes c_in // groups = {per_group} channels, but x has c_in={c_in} with "
            f"groups={groups} (x has shape {x_shape}, kernel has shape {kernel_shape})."
            f"{_groups_hint(x_shape, kernel_shape, groups)}"
        )
    return groups


def _groups_hint(x_shape: Ints, kernel_shape: Ints, groups: int) -> str:
    """What the user may have meant where channels do not fit: remedies, each a sentence."""
    c_in, (*window, per_group, c_out) = x_shape[-1], kernel_shape
    first, hints = -len(window) - 1, []
    if per_group > 0 and c_in % per_group == 0 and c_out % (c_in // per_group) == 0:
        hints.append(f" With groups={c_in // per_group} they would fit.")
    if x_shape[first] == per_group:
        hints.append(f" If x has its channels first, move them: jnp.moveaxis(x, {first}, -1).")
    if per_group == 1:
        hints.append(" If x has no channel axis, add one: x[..., None].")
    hints.append(_axes_hint(kernel_shape[1] * groups == c_in and kernel_shape[0] % groups == 0))
    return "".join(hints) + rank_hint(x_shape, kernel_shape)


def _axes_hint(fits: bool) -> str:
    """How to bring PyTorch's axes of a kernel into order, where its first two are as the channels should be."""
    if not fits:
        return ""
    return " If the kernel is (c_out, c_in // groups, *window), move its axes: jnp.moveaxis(kernel, (1, 0), (-2, -1))."


def rank_hint(x_shape: Ints, kernel_shape: Ints) -> str:
    """What may be wrong where x has axes left for two batch axes or more: the kernel has too few."""
    if len(x_shape) <= len(kernel_shape):
        return ""
    return f" If the kernel lacks a window axis, give it one; rank={len(kernel_shape) - 1} asserts their number."


def check_made(verb: str, y_shape: Ints, kernel_shape: Ints) -> None:
    """The channels of y must be those that the kernel makes."""
    if y_shape[-1] != kernel_shape[-1]:
        hint = _axes_hint(kernel_shape[0] == y_shape[-1]) or " The kernel is the one of the conv whose adjoint this is."
        raise ValueError(
            f"{verb}: y has {y_shape[-1]} channels and the kernel makes c_out={kernel_shape[-1]}; they must be equal "
            f"(y has shape {y_shape}, kernel has shape {kernel_shape}).{hint}{rank_hint(y_shape, kernel_shape)}"
        )


def check_ranks(verb: str, noun: str, x_shape: Ints, kernel_shape: Ints, asserted: Any = None) -> int:
    """The number of spatial axes, from the kernel (*window, c_in // groups, c_out); it must be `asserted`, if given."""
    rank = len(kernel_shape) - 2
    if rank < 1:
        raise ValueError(
            f"{verb}: kernel must be (*window, c_in // groups, c_out) with one window axis or more; it has shape "
            f"{kernel_shape}. If it has no channel axes, add them: kernel[..., None, None]."
        )
    if asserted is not None and one_int(verb, "rank", asserted, least=1) != rank:
        raise ValueError(
            f"{verb}: rank={asserted} asserts {_axes(asserted, 'window')}, and the kernel has {rank}: it must be "
            f"(*window, c_in // groups, c_out), and it has shape {kernel_shape}."
        )
    if 0 in kernel_shape[:rank]:
        raise ValueError(
            f"{verb}: the kernel's window {kernel_shape[:rank]} must be at least 1 on every axis (kernel has "
            f"shape {kernel_shape})."
        )
    if len(x_shape) < rank + 1:
        seen = f"it has shape {x_shape}. It lacks {rank + 1 - len(x_shape)} axes."
        if len(x_shape) == rank:
            seen = f"it has shape {x_shape}. If it has no channel axis, add one: {noun}[..., None]."
        if not x_shape:
            fill = f"jnp.full((*spatial, channels), {noun})"
            seen = f"it is a scalar. Where every position is to hold it, fill an array: {fill}."
        raise ValueError(
            f"{verb}: {noun} must be (*batch, *spatial, channels) with {_axes(rank, 'spatial')}, as many as the kernel "
            f"of shape {kernel_shape} has; {seen}"
        )
    return rank


def _axes(count: int, kind: str) -> str:
    """A number of axes in words."""
    return f"{count} {kind} {'axis' if count == 1 else 'axes'}"


def check_window(verb: str, sizes: Ints, pairs: Pairs, window: Ints, dilation: Ints, hint: str) -> None:
    """Every axis must hold one window at least; else `hint` ends the message."""
    padded = tuple(n + lo + hi for n, (lo, hi) in zip(sizes, pairs, strict=True))
    spans = tuple(map(dilated_size, window, dilation))
    if any(span > size for span, size in zip(spans, padded, strict=True)):
        raise ValueError(
            f"{verb}: the kernel's window {window} spans {spans} with dilation={dilation}, which does not fit in "
            f"the padded input {padded} (input {sizes}, padding {pairs}). Pad more, or use a smaller kernel."
            f"{hint}"
        )
