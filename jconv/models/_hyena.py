"""Hyena: sequences, mixed by gated convolutions as long as they are."""

from typing import Any, Literal

import jax.numpy as jnp
from flax import nnx

from jconv._typing import Array
from jconv.models._hyena_mixer import HyenaBlock
from jconv.nn._conv import Conv


class Hyena(nnx.Module):
    """Classify sequences, or each of their positions, by long convolutions.

    x = W s, then `depth` times  x = x + mixer(norm(x)), x = x + mlp(norm(x));  y = head(norm(mean over time of x)).

    Work grows as length * log(length), parameters hardly with it (kernel "implicit"). No position sees later ones.
    With the defaults it has 21,258 parameters. With `taps=8` and all else as it was it sees but 18 earlier positions,
    and is a peer of equal size with short kernels.

    Args:
        classes: numbers that come out.
        channels: numbers per position that go in.
        length: positions that are expected, and taps of the kernels.
        width: features.
        depth: blocks.
        order: long convolutions per block; the paper's models have 2.
        kernel: "implicit" or "explicit", as in `jconv.nn.LongConv`.
        taps: of the kernels, if not `length`.
        pool: whether there is one answer per sequence, from the mean over time, or one per position.
        dtype: what is computed in; None promotes input and parameters.
        param_dtype: dtype of the parameters.
        rngs: Flax's random numbers.

    Raises:
        ValueError: a size below 1, or an unknown word.
        TypeError: a size that is no integer.

    Examples:
        >>> nnx.eval_shape(lambda: Hyena(rngs=nnx.Rngs(0))(jnp.ones((2, 784, 1)))).shape
        (2, 10)

    References:
        Poli et al., "Hyena hierarchy: towards larger convolutional language models", arXiv:2302.10866.
    """

    def __init__(
        self,
        *,
        classes: int = 10,
        channels: int = 1,
        length: int = 784,
        width: int = 32,
        depth: int = 2,
        order: int = 1,
        kernel: Literal["explicit", "implicit"] | str = "implicit",
        taps: int | None = None,
        pool: bool = True,
        dtype: Any = None,
        param_dtype: Any = jnp.float32,
        rngs: nnx.Rngs,
    ):
        options: dict[str, Any] = dict(dtype=dtype, param_dtype=param_dtype, rngs=rngs)
        taps = length if taps is None else taps
        self.pool, self.embed = pool, Conv(channels, width, 1, **options)
        blocks = [HyenaBlock(width, taps, order=order, kernel=kernel, **options) for _ in range(depth)]
        self.blocks = nnx.List(blocks)
        self.norm, self.head = nnx.LayerNorm(width, **options), nnx.Linear(width, classes, **options)

    def __call__(self, x: Array, *, lengths: Array | None = None) -> Array:
        """Classify sequences.

        Args:
            x: (batch, length, channels).
            lengths: (batch,) integers, 1 or more: the mean is over so many first positions, so that what fills a
                sequence up behind its end changes nothing; None: over all. Without `pool` no position needs it.

        Returns:
            (batch, classes) logits; without `pool`, (batch, length, classes).
        """
        x = self.embed(x)
        for block in self.blocks:
            x = block(x)
        if self.pool:
            kept = None if lengths is None else jnp.arange(x.shape[-2])[None] < lengths[:, None]
            x = x.mean(-2, where=None if kept is None else kept[..., None])
        return self.head(self.norm(x))
