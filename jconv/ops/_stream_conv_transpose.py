"""StreamConvTranspose: a transposed convolution, chunk by chunk."""

from fractions import Fraction

from jconv._equation.geometry import dilated_size
from jconv._typing import Array
from jconv._verbs.transpose import conv_transpose
from jconv.ops._stream_causal import Causal


class StreamConvTranspose(Causal):
    """A transposed convolution in a stream: y[p] = bias + sum over s*i + d*k = p of x[i, m] * kernel[k, c, m].

    It is `jconv.conv_transpose` without its tail: stride * time outputs, where output p has seen the inputs up to
    p / stride. It keeps d * (K - 1) // stride inputs: what overlap-add would add later is computed when it is due,
    so that sums keep their order.

    Args:
        kernel: (*window, c_out // groups, c_in), the kernel of the conv whose adjoint this is; its first axis is time.
        bias: (c_out,), added to the result.
        stride: outputs per input, in time first.
        padding: of the axes after time, as in `jconv.conv_transpose`.
        dilation: distance between neighbouring taps, in time first.
        groups: as in `jconv.conv`.
        padding_mode: as in `jconv.conv_transpose`; in time, which comes first, "zeros" alone.
        precision: as in `jconv.conv`.
        preferred_element_type: as in `jconv.conv`.
        algorithm: as in `jconv.conv`; with `jconv.ops.in_order` a stream is the whole to the bit.

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind.

    Examples:
        >>> import jax.numpy as jnp
        >>> layer = StreamConvTranspose(jnp.array([1.0, 10.0, 100.0])[:, None, None], stride=2)
        >>> state, y = layer.step(layer.init(jnp.zeros((1, 1))), jnp.array([[1.0]]))
        >>> y.ravel(), layer.step(state, jnp.array([[2.0]]))[1].ravel()
        (Array([ 1., 10.], dtype=float32), Array([102.,  20.], dtype=float32))

    References:
        Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.
    """

    made = -2

    @property
    def rate(self) -> Fraction:
        """Outputs in time per input."""
        return Fraction(self.strides[0])

    @property
    def multiple(self) -> int:
        """Chunks may have any length."""
        return 1

    @property
    def kept(self) -> int:
        return (self.span - 1) // self.strides[0]

    def _conv(self, x: Array, after: int) -> Array:
        """The outputs of the inputs after so many, which are the past."""
        sizes = x.shape[x.ndim - self.rank : -1]
        strides, dilations = self.strides[1:], self.dilations[1:]
        pairs = self.other_pairs(tuple(s * o for s, o in zip(strides, sizes, strict=True)))
        extra = [0] * len(sizes)
        if isinstance(self.padding, str) and self.padding.upper() not in ("VALID", "FULL"):
            spans = map(dilated_size, self.array.shape[1:-2], dilations)
            extra = [s - span + lo + hi for s, span, (lo, hi) in zip(strides, spans, pairs, strict=True)]
        s = self.strides[0]
        options = self.options(((s * after, self.span - s), *pairs))
        return self.with_bias(conv_transpose(x, self.array, output_padding=(0, *extra), **options))

    def step(self, state: Array, chunk: Array) -> tuple[Array, Array]:
        """The next state and the outputs of a chunk.

        Args:
            state: of `init`, or of the step before.
            chunk: (*batch, length, *spatial, c_in).

        Returns:
            The next state, and (*batch, stride * length, *outputs, c_out).
        """
        state, joined = self.joined(state, chunk)
        return state, self._conv(joined, self.kept)

    def whole(self, x: Array) -> Array:
        """The output for all of the input at once.

        Args:
            x: (*batch, time, *spatial, c_in).

        Returns:
            (*batch, stride * time, *outputs, c_out).
        """
        return self._conv(x, 0)
