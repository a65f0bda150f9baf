"""The dtypes of SciPy's results, what sums are kept in, and SciPy's way from one to the other."""

import warnings
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jconv._typing import Array, ArrayLike, DType


def as_numbers(verb: str, input: ArrayLike, *, complex_too: bool = True) -> Array:
    """The input as an array of JAX's."""
    x = jnp.asarray(input)
    if not complex_too and jnp.iscomplexobj(x):
        raise TypeError(f"{verb}: Complex type not supported (the input is {x.dtype}): complex numbers have no order.")
    return x


def output_dtype(verb: str, output: Any, dtype: DType, *, complex_result: bool = False) -> DType:
    """The dtype of the result: the one asked for by `output`, or the input's."""
    if output is None:
        wanted = np.promote_types(_real_or_complex(dtype), np.complex64) if complex_result else np.dtype(dtype)
    elif isinstance(output, type | np.dtype | str):
        wanted = np.dtype(output)
    else:
        raise TypeError(
            f"{verb}: output must be a dtype, not an array: arrays of JAX cannot be written into. Give "
            f"output=array.dtype, and use what is returned."
        )
    if complex_result and not jnp.issubdtype(wanted, jnp.complexfloating):
        if isinstance(output, str):
            raise ValueError(f"{verb}: output={output!r}: output must have complex dtype, as the result is complex.")
        warnings.warn(f"{verb}: promoting specified output dtype to complex", UserWarning, stacklevel=4)
        wanted = np.promote_types(_real_or_complex(wanted), np.complex64)
    return np.dtype(jax.dtypes.canonicalize_dtype(wanted))


def _real_or_complex(dtype: DType) -> DType:
    """Itself, or float32 for bfloat16, which NumPy does not know how to promote."""
    return np.dtype(np.float32) if dtype == jnp.bfloat16 else np.dtype(dtype)


def whole(value: Array) -> bool:
    """Whether numbers are known to be integers, of 32 bits at most."""
    if jnp.iscomplexobj(value):
        return False
    try:
        known = np.asarray(value)
    except jax.errors.TracerArrayConversionError:
        return not jnp.issubdtype(value.dtype, jnp.inexact)
    return bool(np.all((known == np.trunc(known)) & (np.abs(known) < 2**31)))


def check_cval(verb: str, cval: ArrayLike, x: Array, *, used: bool) -> tuple[Array, ...]:
    """The value beyond the border as an array; and once more if it is used and not known to be an integer."""
    value = jnp.asarray(cval)
    if not used:
        return (jnp.zeros((), value.dtype),)
    if jnp.iscomplexobj(value) and not jnp.iscomplexobj(x):
        raise ValueError(f"{verb}: cval={cval!r}: Cannot provide a complex-valued cval when the input is real.")
    return (value,) if whole(value) else (value, value)


def accumulator(x: DType, result: DType, *others: Any) -> DType:
    """What sums are kept in: integers where x, the result and all `others` are; else floats no narrower than these.

    Of `others`, those that are known to be whole numbers are left out by the caller. SciPy keeps all sums in
    float64. Here floats of 32 bits and fewer are summed in float32 unless the result is float64; integers beside a
    fraction are summed in the widest float there is.
    """
    others = tuple(jnp.result_type(other) for other in others)
    if all(jnp.issubdtype(dtype, jnp.integer) or jnp.issubdtype(dtype, jnp.bool_) for dtype in (x, result, *others)):
        wide = max(np.dtype(dtype).itemsize for dtype in (x, result, *others)) > 2
        return np.dtype(jax.dtypes.canonicalize_dtype(np.int64)) if wide else np.dtype(np.int32)
    floats = [dtype if jnp.issubdtype(dtype, jnp.inexact) else np.dtype(np.float64) for dtype in (x, result)]
    wide = jnp.promote_types(jnp.promote_types(*floats), jnp.float32)
    is_complex = any(jnp.issubdtype(dtype, jnp.complexfloating) for dtype in others)
    wide = jnp.promote_types(wide, jnp.complex64) if is_complex else wide
    return np.dtype(jax.dtypes.canonicalize_dtype(wide))


def cast(y: Array, dtype: DType) -> Array:
    """To `dtype` as in C: the fraction is cut off, and what an integer cannot hold is taken modulo 2**bits."""
    if jnp.issubdtype(y.dtype, jnp.floating) and not jnp.issubdtype(dtype, jnp.inexact):
        wide = jax.dtypes.canonicalize_dtype(np.uint64)
        size = jnp.abs(y).astype(wide)
        y = jnp.where(y < 0, jnp.zeros_like(size) - size, size)
    return y.astype(dtype)


def comparable(x: DType, fraction: Sequence[Array], *, outside: bool) -> DType:
    """What values are compared in: the input's dtype, unless a value from outside may not be one of these."""
    half = jnp.issubdtype(x, jnp.floating) and np.dtype(x).itemsize < 4
    return accumulator(x, x, *fraction) if outside or half else np.dtype(x)
