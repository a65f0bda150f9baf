"""StreamLayer: what can stand in a stream."""

from fractions import Fraction
from typing import Any, Protocol, runtime_checkable

from jconv._typing import Array


@runtime_checkable
class StreamLayer(Protocol):
    """What can stand in a `stream`: `y[p] = f(x[..., p / rate])`, a causal map whose past is a state.

    `step` over chunks, one after the other from `init`, gives `whole` of all of them. Layers of your own, a running
    mean say, need these members.
    """

    @property
    def rate(self) -> Fraction:
        """Outputs in time per input in time."""
        ...

    @property
    def multiple(self) -> int:
        """What the length of every chunk must be a multiple of."""
        ...

    @property
    def rank(self) -> int | None:
        """How many spatial axes there are, time included; None if it does not say."""
        ...

    def init(self, like: Any) -> Any:
        """The state before the first chunk, for chunks like this one, of any length."""
        ...

    def step(self, state: Any, chunk: Array) -> tuple[Any, Array]:
        """The next state, and what the chunk adds to the output."""
        ...

    def whole(self, x: Array) -> Array:
        """The output for all of the input at once."""
        ...
