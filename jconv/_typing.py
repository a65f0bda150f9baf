"""Every alias and every word that jconv accepts, in one place."""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import jax
import jax.typing
import numpy as np

Array: TypeAlias = jax.Array
ArrayLike: TypeAlias = jax.typing.ArrayLike
DTypeLike: TypeAlias = Any  # what NumPy takes for a dtype
DType: TypeAlias = np.dtype[Any]

Ints: TypeAlias = tuple[int, ...]
Pairs: TypeAlias = tuple[tuple[int, int], ...]
IntOrInts: TypeAlias = int | Sequence[int]

# The last two are Flax's, and imply a padding mode.
PaddingWord: TypeAlias = Literal["VALID", "SAME", "SAME_LOWER", "FULL", "CAUSAL", "CIRCULAR", "REFLECT"]
Padding: TypeAlias = PaddingWord | int | Sequence[int] | Sequence[tuple[int, int]]
# The last three are PyTorch's and NumPy's words for "wrap", "edge" and "zeros".
PaddingMode: TypeAlias = Literal["zeros", "reflect", "symmetric", "edge", "wrap", "circular", "replicate", "constant"]
Numerics: TypeAlias = Literal["auto", "direct"]

# A pair of enumeration values, or a dot algorithm; None leaves it to the platform.
Precision: TypeAlias = (
    jax.lax.Precision | tuple[jax.lax.Precision, jax.lax.Precision] | jax.lax.DotAlgorithmPreset | None
)
PrecisionLike: TypeAlias = Any  # what jax.lax accepts as `precision`: also strings
