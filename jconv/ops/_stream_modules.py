"""Layers of Flax as layers of a stream, known by what they have: nothing of Flax is imported."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import jax

from jconv._typing import Ints
from jconv.ops._stream_branches import StreamBranches
from jconv.ops._stream_conv import StreamConv
from jconv.ops._stream_layer import StreamLayer

# What layers have that look at several positions.
WINDOWED = ("kernel_size", "window_shape", "window")


def layers_of(network: Any) -> Iterator[Any]:
    """The layers of a network: layers of a stream, functions, and sequences of these."""
    if isinstance(network, StreamLayer | StreamBranches):
        yield network
    elif isinstance(network, Sequence) and not isinstance(network, str):
        for part in network:
            inner = list(layers_of(part))
            yield inner[0] if len(inner) == 1 else inner
    elif isinstance(getattr(network, "layers", None), Sequence):
        yield from layers_of(list(network.layers))
    elif hasattr(network, "kernel_size") and hasattr(network, "kernel"):
        yield from _convolution(network)
    elif not callable(network):
        raise TypeError(f"stream: {type(network).__name__} is no layer: it must be a StreamLayer or a function.")
    elif any(_windowed(network, seen=set())):
        raise TypeError(
            f"stream: {type(network).__name__} holds layers that look at several positions, and how it calls them "
            f"cannot be seen. Give its layers in order, as a list; for branches there is StreamBranches."
        )
    else:
        yield network


def _windowed(value: Any, seen: set[int]) -> Iterator[bool]:
    """Whether an object is, or holds, a layer that looks at several positions."""
    if id(value) in seen or isinstance(value, type | jax.Array):
        return
    seen.add(id(value))
    if isinstance(value, list | tuple):
        inside = list(value)
    elif isinstance(value, dict):
        inside = list(value.values())
    elif isinstance(value, StreamLayer) or not hasattr(value, "__dict__") or hasattr(value, "__code__"):
        return
    else:
        yield any(name in vars(value) for name in WINDOWED)
        inside = list(vars(value).values())
    for part in inside:
        yield from _windowed(part, seen)


def _convolution(layer: Any) -> Iterator[Any]:
    """The parts that a causal convolution layer is: a cast, if it has a dtype of its own, and the convolution."""
    name, rank = type(layer).__name__, len(layer.kernel_size)
    if hasattr(layer, "transpose_kernel"):
        raise NotImplementedError(
            f"stream: {name} has no stream, for its outputs may depend on the future. Use StreamConvTranspose(kernel) "
            f"with the kernel of the conv whose adjoint it is: (*window, c_out, c_in), the window of {name}'s flipped."
        )
    streamed = _streamed(type(layer))
    if streamed is None:
        raise TypeError(
            f"stream: {name} is called in a way of its own, which cannot be seen from its kernel. Give StreamConv with "
            f"the kernel that it convolves with, or a StreamLayer of your own."
        )
    strides, dilation = _per_axis(layer.strides, rank), _per_axis(layer.kernel_dilation, rank)
    if any(e != 1 for e in _per_axis(layer.input_dilation, rank)):
        raise NotImplementedError(
            f"stream: {name} has input_dilation={layer.input_dilation!r}: use StreamConvTranspose."
        )
    causal = streamed == "causal"
    word = layer.padding.upper() if isinstance(layer.padding, str) else None
    # One tap in time sees the present alone, whatever the padding; from the pairs of all axes time must be taken out.
    alone = layer.kernel_size[0] == 1 and strides[0] == 1 and word in ("SAME", "VALID", "SAME_LOWER")
    if not (causal or alone or (word == "CAUSAL" and rank == 1)):
        raise ValueError(
            f"stream: {name} with kernel_size={tuple(layer.kernel_size)} and padding={layer.padding!r} is not causal "
            f"in time: use jconv.nn.CausalConv, or padding='CAUSAL' with one spatial axis."
        )
    kernel, bias, dtype = layer.kernel[...], layer.bias, layer.dtype
    kernel = kernel if layer.mask is None else kernel * layer.mask
    bias = None if bias is None else bias[...]
    if dtype is not None:
        yield lambda x: x.astype(dtype)
        kernel, bias = kernel.astype(dtype), None if bias is None else bias.astype(dtype)
    yield StreamConv(
        kernel,
        bias=bias,
        stride=strides,
        padding=cast(Any, layer.padding if causal or rank > 1 else "SAME"),
        dilation=dilation,
        groups=layer.feature_group_count,
        padding_mode=getattr(layer, "padding_mode", "zeros") if causal or rank > 1 else "zeros",
        precision=layer.precision,
        preferred_element_type=getattr(layer, "preferred_element_type", None),
        algorithm=getattr(layer, "algorithm", "auto"),
    )


def _streamed(kind: type) -> str | None:
    """What the class whose `__call__` a layer has says that it computes: "padded", "causal", or nothing."""
    called = next((vars(base) for base in kind.__mro__ if "__call__" in vars(base)), {})
    return called.get("streamed", "padded" if called.get("__module__", "").startswith("flax.") else None)


def _per_axis(value: Any, rank: int) -> Ints:
    """One int per axis; None means 1, as in Flax."""
    value = 1 if value is None else value
    return (value,) * rank if isinstance(value, int) else tuple(value)
