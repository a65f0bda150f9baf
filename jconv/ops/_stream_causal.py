"""What the causal convolutions of a stream share: arguments, and the past that they keep."""

from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any, ClassVar

import jax.numpy as jnp
from jax import lax

from jconv._algorithms import Algorithm
from jconv._equation.geometry import dilated_size
from jconv._typing import Array, ArrayLike, IntOrInts, Ints, Padding, PaddingMode, Pairs, PrecisionLike
from jconv._verbs.arguments import as_array, axis_ints
from jconv._verbs.padding import padding_modes, padding_pairs
from jconv._verbs.shapes import check_ranks


@dataclass(frozen=True, eq=False)
class Causal:
    """What both convolutions have: the arguments, as integers."""

    kernel: ArrayLike
    _: KW_ONLY
    bias: ArrayLike | None = None
    stride: IntOrInts = 1
    padding: Padding = "SAME"
    dilation: IntOrInts = 1
    groups: int = 1
    padding_mode: PaddingMode | tuple[PaddingMode, ...] = "zeros"
    precision: PrecisionLike = None
    preferred_element_type: Any = None
    algorithm: str | Algorithm = "auto"
    made: ClassVar[int] = -1  # the kernel's axis of what is made

    def __post_init__(self):
        name, made = type(self).__name__, self.array.shape[self.made]
        modes = padding_modes(name, self.padding_mode, None, self.rank)
        if modes[0] != "zeros":
            raise ValueError(
                f"{name}: padding_mode={self.padding_mode!r} asks for {modes[0]!r} before the first input in time, "
                f"which is not known when a stream begins: 'zeros' alone may stand there. Give a word per axis."
            )
        features = made if self.made == -1 else made * self.groups
        if self.bias is not None and jnp.shape(self.bias) != (features,):
            raise ValueError(
                f"{name}: bias must be ({features},), as many as the kernel of shape {self.array.shape} makes; it "
                f"has shape {jnp.shape(self.bias)}."
            )
        assert self.strides and self.dilations  # checked when they are made

    @cached_property
    def array(self) -> Array:
        return as_array(type(self).__name__, "kernel", self.kernel)

    @cached_property
    def rank(self) -> int:
        """Window axes, time included."""
        return check_ranks(type(self).__name__, "x", self.array.shape[:-1], self.array.shape)

    @cached_property
    def strides(self) -> Ints:
        return axis_ints(type(self).__name__, "stride", self.stride, self.rank, least=1)

    @cached_property
    def dilations(self) -> Ints:
        return axis_ints(type(self).__name__, "dilation", self.dilation, self.rank, least=1)

    @property
    def span(self) -> int:
        """Inputs in time from the first tap to the last."""
        return dilated_size(self.array.shape[0], self.dilations[0])

    @property
    def kept(self) -> int:
        """Inputs in time that later outputs need."""
        raise NotImplementedError

    def other_pairs(self, sizes: Ints) -> Pairs:
        """The padding of the axes after time, of a convolution over so many positions."""
        if self.rank == 1:
            return ()
        window, strides, dilations = (a[1:] for a in (self.array.shape[:-2], self.strides, self.dilations))
        pairs, implied = padding_pairs(type(self).__name__, self.padding, sizes, window, strides, dilations)
        if implied is not None:
            raise ValueError(
                f"{type(self).__name__}: for padding={self.padding!r} write padding='SAME' and a padding_mode for each "
                f"axis, ('zeros', {implied!r}) say."
            )
        return pairs

    def _modes(self, pairs: Pairs) -> Any:
        """A mode per axis, where there is something to fill."""
        modes = padding_modes(type(self).__name__, self.padding_mode, None, self.rank)
        return tuple(mode if any(pair) else "zeros" for mode, pair in zip(modes, pairs, strict=True))

    def options(self, pairs: Pairs) -> dict[str, Any]:
        """The keywords of `conv` and of `conv_transpose`."""
        return dict(
            stride=self.strides,
            padding=pairs,
            dilation=self.dilations,
            groups=self.groups,
            padding_mode=self._modes(pairs),
            precision=self.precision,
            preferred_element_type=self.preferred_element_type,
            algorithm=self.algorithm,
        )

    def with_bias(self, y: Array) -> Array:
        if self.bias is None:
            return y
        return y + jnp.asarray(self.bias).reshape((1,) * (y.ndim - 1) + (-1,))

    def _check(self, state: Array, chunk: Array) -> int:
        """The axis of time, where a chunk continues what the state was made for."""
        name, time = type(self).__name__, chunk.ndim - self.rank - 1
        wanted = (*state.shape[:time], *chunk.shape[time : time + 1], *state.shape[time + 1 :])
        if time < 0 or state.ndim != chunk.ndim or chunk.shape != wanted:
            raise ValueError(
                f"{name}: a chunk of shape {chunk.shape} does not continue a stream whose state has shape "
                f"{state.shape}: all axes but time must agree. Make the state by init of such a chunk."
            )
        if state.dtype != chunk.dtype:
            raise TypeError(
                f"{name}: a chunk of dtype {chunk.dtype} does not continue a stream of dtype {state.dtype}: cast it "
                f"with .astype, or make the state by init of such a chunk."
            )
        return time

    def init(self, like: Any) -> Array:
        """Zeros: what stands before the first input.

        Args:
            like: a chunk, or a `jax.ShapeDtypeStruct` of one; its length does not matter.

        Returns:
            (*batch, positions kept, *spatial, channels).
        """
        check_ranks(type(self).__name__, "x", like.shape, self.array.shape)
        time = len(like.shape) - self.rank - 1
        return jnp.zeros((*like.shape[:time], self.kept, *like.shape[time + 1 :]), like.dtype)

    def joined(self, state: Array, chunk: Array) -> tuple[Array, Array]:
        """The next state, and the past with the chunk behind it."""
        time = self._check(state, chunk)
        joined = lax.concatenate([state, chunk], time)
        length = joined.shape[time]
        return lax.slice_in_dim(joined, length - self.kept, length, axis=time), joined
