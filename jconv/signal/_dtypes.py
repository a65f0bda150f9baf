"""The dtype that a function computes in: the operands' common one, or the default float in place of integers."""

from typing import Any

import jax
import jax.numpy as jnp

from jconv._typing import Array, ArrayLike
from jconv._verbs.arguments import as_array, check_dtype


def common(verb: str, **arrays: ArrayLike) -> list[Array]:
    """The named arrays, in the dtype that JAX promotes them to."""
    operands = {name: as_array(verb, name, array) for name, array in arrays.items()}
    try:
        dtype = jnp.result_type(*operands.values())
    except jax.dtypes.TypePromotionError:
        seen = " and ".join(f"{name} is {array.dtype}" for name, array in operands.items())
        raise TypeError(
            f"{verb}: {seen}, which strict promotion (jax_numpy_dtype_promotion) forbids to mix: cast with .astype."
        ) from None
    if not jnp.issubdtype(dtype, jnp.bool_):
        check_dtype(verb, " and ".join(arrays), dtype)
    return [array.astype(dtype) for array in operands.values()]


def fractional(verb: str, **arrays: ArrayLike) -> list[Array]:
    """The same, in the default float type if all are integers or booleans."""
    operands = common(verb, **arrays)
    return [as_fraction(array) for array in operands]


def as_fraction(array: Array) -> Array:
    """Itself, or in the default float type if it holds integers or booleans."""
    return array if jnp.issubdtype(array.dtype, jnp.inexact) else array.astype(default_float())


def default_float() -> Any:
    """float64 where jax_enable_x64 is on, else float32."""
    return jax.dtypes.canonicalize_dtype(float)


def is_complex(array: Array) -> bool:
    """Whether its dtype is a complex one."""
    return bool(jnp.issubdtype(array.dtype, jnp.complexfloating))


def transformable(verb: str, **array: ArrayLike) -> Array:
    """The one named array as `fractional` gives it, in float32 if it is of a half type: transforms have none."""
    (x,) = fractional(verb, **array)
    return x.astype(jnp.float32) if jnp.finfo(x.dtype).bits < 32 else x
