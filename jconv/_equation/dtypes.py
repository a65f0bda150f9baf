"""The dtypes that jconv computes in, and the wider of two."""

import numpy as np

from jconv._typing import DType


def wider(first: DType, second: DType) -> DType:
    """The dtype to compute in, float32 for two different half types.

    NumPy's promotion knows no pair of half types, and makes of int32 and float32 a float64 that JAX may not have.
    """
    halves = [dtype.itemsize == 2 and dtype.kind not in "iu" for dtype in (first, second)]
    if first != second and all(halves):
        return np.dtype(np.float32)
    kinds = {"u": 0, "i": 0, "c": 2}  # any other is real: bfloat16's kind is "V"
    return max(second, first, key=lambda dtype: (kinds.get(dtype.kind, 1), dtype.itemsize))


# lax convolves booleans and 4- and 8-bit floats too; the canonical form accumulates none of these rightly.
DTYPES = frozenset(
    ["float16", "bfloat16", "float32", "float64", "complex64", "complex128"]
    + [f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)]
)
