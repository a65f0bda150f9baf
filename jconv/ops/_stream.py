"""stream: a causal network, chunk by chunk, equal to what it gives for all of its input at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm
from typing import Any, cast

import jax

from jconv._algorithms import Algorithm
from jconv._typing import Array
from jconv._verbs.arguments import check_algorithm
from jconv.ops._stream_branches import StreamBranches
from jconv.ops._stream_causal import Causal
from jconv.ops._stream_layer import StreamLayer
from jconv.ops._stream_modules import layers_of


@dataclass(frozen=True, eq=False)
class Stream:
    """A stack of causal layers, made by `stream`; itself a `StreamLayer`.

    Args:
        layers: the layers, in order.
    """

    layers: tuple[StreamLayer, ...]

    @cached_property
    def rate(self) -> Fraction:
        """Outputs in time per input."""
        rate = Fraction(1)
        for layer in self.layers:
            rate *= layer.rate
        return rate

    @cached_property
    def multiple(self) -> int:
        """What the length of every chunk must be a multiple of: then every layer sees whole strides."""
        rate, multiple = Fraction(1), 1
        for layer in self.layers:
            # length * rate must be a multiple of the layer's own.
            needed = layer.multiple * rate.denominator
            multiple, rate = lcm(multiple, needed // gcd(needed, rate.numerator)), rate * layer.rate
        return multiple

    @cached_property
    def rank(self) -> int | None:
        """Spatial axes, time included, as the first convolution has them; None if there is none."""
        return next((layer.rank for layer in self.layers if layer.rank is not None), None)

    def init(self, like: Any) -> tuple[Any, ...]:
        """The state before the first chunk.

        Args:
            like: a chunk, or a `jax.ShapeDtypeStruct` of one: (*batch, length, *spatial, c_in).

        Returns:
            A pytree of arrays: what each layer keeps of the past, zeros.
        """
        like, states = jax.ShapeDtypeStruct(like.shape, like.dtype), []
        for layer in self.layers:
            states.append(layer.init(like))
            like = jax.eval_shape(layer.whole, like)
        return tuple(states)

    def step(self, state: tuple[Any, ...], chunk: Array) -> tuple[tuple[Any, ...], Array]:
        """The next state and the outputs of a chunk, as `jax.lax.scan` takes them.

        Args:
            state: of `init`, or of the step before.
            chunk: (*batch, length, *spatial, c_in), the length a multiple of `multiple`.

        Returns:
            The next state, and (*batch, length * rate, *outputs, c_out).
        """
        if self.rank is not None:
            length = chunk.shape[chunk.ndim - self.rank - 1] if chunk.ndim > self.rank else 0
            if length == 0 or length % self.multiple:
                raise ValueError(
                    f"stream: the chunk has length={length} in time (it has shape {chunk.shape}), which must be a "
                    f"multiple of {self.multiple}, so that every layer sees whole strides: keep what is over for the "
                    f"next chunk."
                )
        states = []
        for layer, of_layer in zip(self.layers, state, strict=True):
            of_layer, chunk = layer.step(of_layer, chunk)
            states.append(of_layer)
        return tuple(states), chunk

    def whole(self, x: Array) -> Array:
        """The output for all of the input at once: what the steps give, end to end.

        Args:
            x: (*batch, time, *spatial, c_in).

        Returns:
            (*batch, time * rate, *outputs, c_out).
        """
        for layer in self.layers:
            x = layer.whole(x)
        return x


def stream(network: Any, *, algorithm: str | Algorithm | None = None) -> Stream:
    """Make a causal network ready to be run chunk by chunk.

    concatenate of step(chunk 0), step(chunk 1), ...  =  whole(concatenate of chunk 0, chunk 1, ...), where the state
    that goes from step to step holds the inputs that each layer still needs, and begins as zeros.

    With `algorithm=in_order` and real numbers the two are equal bit for bit, if the functions between the layers give a
    position the same bits in an array of any length, as `jax.nn.relu` does; XLA's `exp` on CPU, for one, may not. By
    other algorithms, direct ones too, the two differ by rounding: XLA adds the products of a dot in an order that
    depends on the length of the chunk. `in_order` is as fast as they are for short chunks and few channels.

    Args:
        network: a layer or a sequence of layers. A layer is a `StreamConv`, `StreamConvTranspose`, `StreamBranches`,
            `Stream` or other `StreamLayer`; a causal Flax layer, such as `CausalConv` of jconv.nn or
            `nnx.Conv(padding="CAUSAL")`, or a module with `layers`, such as `nnx.Sequential`; or a function that takes
            every position in time by itself, such as `jax.nn.relu` or `nnx.Linear`.
        algorithm: for all convolutions of the network, instead of their own.

    Returns:
        A `Stream`, with `init(like)`, `step(state, chunk)` and `whole(x)`, also for `jax.jit` and `jax.lax.scan`.

    Raises:
        ValueError: a layer that sees the future, or a chunk that ends inside a stride.
        TypeError: what is no layer, or a module whose layers cannot be seen.
        NotImplementedError: a layer that has no stream yet.

    Examples:
        >>> import jax, jax.numpy as jnp
        >>> from jconv.ops import StreamConv, StreamConvTranspose
        >>> kernel = jnp.ones((3, 1, 1))
        >>> net = stream([StreamConv(kernel, stride=2), jax.nn.relu, StreamConvTranspose(kernel, stride=2)])
        >>> x = jnp.arange(8.0)[:, None]
        >>> state, y = jax.lax.scan(net.step, net.init(x), x.reshape(4, 2, 1))
        >>> bool((y.reshape(8, 1) == net.whole(x)).all())
        True

    References:
        van den Oord et al., "WaveNet: a generative model for raw audio", arXiv:1609.03499; Le Paine et al., "Fast
        WaveNet generation algorithm", arXiv:1611.09482.
    """
    chosen = None if algorithm is None else check_algorithm("stream", algorithm)
    return Stream(tuple(_layer(part, chosen) for part in layers_of(network)))


def _layer(part: Any, algorithm: str | Algorithm | None) -> StreamLayer:
    """One part of a network as a layer."""
    if isinstance(part, Causal):
        layer = part if algorithm is None else replace(part, algorithm=algorithm)
        return cast(StreamLayer, layer)
    if isinstance(part, StreamBranches | _Branches):
        branches = tuple(stream(branch, algorithm=algorithm) for branch in part.branches)
        return _Branches(branches, part.merge)
    if isinstance(part, Stream):
        return Stream(tuple(_layer(inner, algorithm) for inner in part.layers))
    if isinstance(part, Sequence):
        return stream(part, algorithm=algorithm)
    return part if isinstance(part, StreamLayer) else _Function(part)


@dataclass(frozen=True, eq=False)
class _Function:
    """A function of every position in time by itself."""

    function: Callable[[Array], Array]
    rate = Fraction(1)
    multiple = 1
    rank = None

    def init(self, like: Any) -> tuple[()]:
        return ()

    def step(self, state: tuple[()], chunk: Array) -> tuple[tuple[()], Array]:
        return state, self.function(chunk)

    def whole(self, x: Array) -> Array:
        return self.function(x)


@dataclass(frozen=True, eq=False)
class _Branches:
    """Streams side by side of one input, and the function of their outputs."""

    branches: tuple[Stream, ...]
    merge: Callable[..., Array]

    def __post_init__(self):
        rates = {branch.rate for branch in self.branches}
        if len(rates) != 1:
            raise ValueError(
                f"stream: the branches make {sorted(map(str, rates))} outputs in time per input; they must make as "
                f"many. Give them the same strides."
            )

    @cached_property
    def rate(self) -> Fraction:
        return self.branches[0].rate

    @cached_property
    def multiple(self) -> int:
        return lcm(*(branch.multiple for branch in self.branches))

    @cached_property
    def rank(self) -> int | None:
        return next((branch.rank for branch in self.branches if branch.rank is not None), None)

    def init(self, like: Any) -> tuple[Any, ...]:
        return tuple(branch.init(like) for branch in self.branches)

    def step(self, state: tuple[Any, ...], chunk: Array) -> tuple[tuple[Any, ...], Array]:
        steps = [branch.step(s, chunk) for branch, s in zip(self.branches, state, strict=True)]
        return tuple(s for s, _ in steps), self.merge(*(y for _, y in steps))

    def whole(self, x: Array) -> Array:
        return self.merge(*(branch.whole(x) for branch in self.branches))
