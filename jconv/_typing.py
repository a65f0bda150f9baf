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

PaddingWord: TypeAlias = Literal["VALID", "SAME", "SAME_LOWER", "FULL", "CAUSAL"]
Padding: TypeAlias = PaddingWord | int | Sequence[int] | Sequence[tuple[int, int]]
PaddingMode: TypeAlias = Literal["zeros", "reflect", "symmetric", "edge", "wrap"]

# A pair of enumeration values, or a dot algorithm; None leaves it to the platform.
Precision: TypeAlias = (
    jax.lax.Precision | tuple[jax.lax.Precision, jax.lax.Precision] | jax.lax.DotAlgorithmPreset | None
)
PrecisionLike: TypeAlias = Any  # what jax.lax accepts as `precision`: also strings
