"""StreamConv: a causal convolution, chunk by chunk."""

from fractions import Fraction

from jconv._typing import Array
from jconv._verbs.conv import conv
from jconv.ops._stream_causal import Causal


class StreamConv(Causal):
    """A causal convolution in a stream: y[t, o, m] = bias[m] + `jconv.ops.causal_conv` of x.

    It keeps d * (K - 1) inputs. The arguments are those of `jconv.ops.causal_conv`; its oracle is that of it.

    Args:
        kernel: (*window, c_in // groups, c_out); its first axis is time.
        bias: (c_out,), added to the result.
        stride: steps between neighbouring outputs, in time first. Chunks are as long as a multiple of it.
        padding: of the axes after time.
        dilation: distance between neighbouring taps, in time first.
        groups: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`; in time, which comes first, "zeros" alone.
        precision: as in `jconv.conv`.
        preferred_element_type: as in `jconv.conv`.
        algorithm: as in `jconv.conv`; with `jconv.ops.in_order` a stream is the whole to the bit.

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> layer = StreamConv(jnp.array([10.0, 1.0])[:, None, None])
        >>> state, y = layer.step(layer.init(jnp.zeros((2, 1))), jnp.array([[1.0], [2.0]]))
        >>> y.ravel(), layer.step(state, jnp.array([[3.0]]))[1].ravel()
        (Array([ 1., 12.], dtype=float32), Array([23.], dtype=float32))

    References:
        van den Oord et al., "WaveNet: a generative model for raw audio", arXiv:1609.03499.
    """

    @property
    def rate(self) -> Fraction:
        """Outputs in time per input."""
        return Fraction(1, self.strides[0])

    @property
    def multiple(self) -> int:
        """Chunks begin where an output does."""
        return self.strides[0]

    @property
    def kept(self) -> int:
        return self.span - 1

    def _conv(self, x: Array, before: int) -> Array:
        pairs = ((before, 0), *self.other_pairs(x.shape[x.ndim - self.rank : -1]))
        return self.with_bias(conv(x, self.array, **self.options(pairs)))

    def step(self, state: Array, chunk: Array) -> tuple[Array, Array]:
        """The next state and the outputs of a chunk.

        Args:
            state: of `init`, or of the step before.
            chunk: (*batch, length, *spatial, c_in), the length a multiple of the stride.

        Returns:
            The next state, and (*batch, length / stride, *outputs, c_out).
        """
        state, joined = self.joined(state, chunk)
        return state, self._conv(joined, 0)

    def whole(self, x: Array) -> Array:
        """The output for all of the input at once.

        Args:
            x: (*batch, time, *spatial, c_in).

        Returns:
            (*batch, ceil(time / stride), *outputs, c_out).
        """
        return self._conv(x, self.kept)
