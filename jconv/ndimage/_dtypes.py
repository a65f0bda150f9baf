"""The dtypes of SciPy's results, what sums are kept in, and SciPy's way from one to the other."""

import warnings
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
        wanted = _complexified(dtype) if complex_result else np.dtype(dtype)
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
        wanted = _complexified(wanted)
    return np.dtype(jax.dtypes.canonicalize_dtype(wanted))


def _complexified(dtype: DType) -> DType:
    """The complex dtype that holds a dtype's numbers, as NumPy promotes them."""
    return np.dtype(np.complex64) if dtype == jnp.bfloat16 else np.promote_types(dtype, np.complex64)


def known(value: ArrayLike) -> np.ndarray | Array:
    """An array of NumPy's, unless the value is traced: what is known may decide how sums are kept."""
    try:
        return np.asarray(value)
    except jax.errors.TracerArrayConversionError:
        return jnp.asarray(value)


def fractions(*values: np.ndarray | Array) -> list[np.ndarray | Array]:
    """Those that are not known to be whole numbers of 32 bits at most."""
    return [value for value in values if not _whole(value)]


def _whole(value: np.ndarray | Array) -> bool:
    if isinstance(value, jax.Array) or np.iscomplexobj(value):
        return not jnp.issubdtype(value.dtype, jnp.inexact)
    return bool(np.all((value == np.trunc(value)) & (np.abs(value) < 2**31)))


def check_cval(verb: str, cval: ArrayLike, x: Array, *, used: bool) -> np.ndarray | Array:
    """The value beyond the border; 0 if it is not used."""
    value = known(cval) if used else np.zeros((), int)
    if jnp.iscomplexobj(value) and not jnp.iscomplexobj(x):
        raise ValueError(f"{verb}: cval={cval!r}: Cannot provide a complex-valued cval when the input is real.")
    return value


def accumulator(x: DType, result: DType, *others: Any) -> DType:
    """What sums are kept in: integers where x, the result and all `others` are; else floats no narrower than these.

    `others` are what the `fractions` are of weights and the like. SciPy keeps all sums in float64. Here floats of 32
    bits and fewer are summed in float32 unless the result is float64; integers beside a fraction are summed in the
    widest float there is.
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


def comparable(x: DType, cval: np.ndarray | Array, *, outside: bool) -> DType:
    """What values are compared in: the input's dtype, unless a value from outside may not be one of these."""
    half = jnp.issubdtype(x, jnp.floating) and np.dtype(x).itemsize < 4
    return accumulator(x, x, *fractions(cval)) if outside or half else np.dtype(x)
