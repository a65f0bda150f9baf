"""From what users write to integers: every argument is checked here, once, with errors in their words."""

import difflib
import operator
import warnings
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms import ALGORITHMS, Algorithm
from jconv._choice.choose import CHOICES
from jconv._equation.dtypes import DTYPES
from jconv._typing import Array, DType, Ints, Precision, PrecisionLike


def one_int(verb: str, name: str, value: Any, *, least: int | None = None, rule: str = "an int") -> int:
    """An integer argument, at least `least`."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:  # also of what is traced
        if isinstance(value, jax.core.Tracer):
            raise TypeError(
                f"{verb}: {name} is traced, and it must be a number known while tracing, for shapes depend on it: name "
                f"it in static_argnames of jax.jit, or close over it."
            ) from None
        raise TypeError(f"{verb}: {name}={value!r} must be {rule}, not {type(value).__name__}.") from None
    if least is not None and number < least:
        raise ValueError(f"{verb}: {name}={value!r} must be at least {least}.")
    return number


def as_array(verb: str, name: str, value: Any) -> Array:
    """An argument as an array; what is none is named in the error."""
    try:
        if value is None:
            raise TypeError
        return jnp.asarray(value)
    except TypeError:
        kind = type(value).__name__
        if isinstance(value, np.ndarray):
            raise TypeError(f"{verb}: {name} must be an array of numbers, not {kind} of dtype {value.dtype}.") from None
        raise TypeError(f"{verb}: {name} must be an array, not {kind}.") from None
    except ValueError:  # rows of several lengths, say
        raise TypeError(f"{verb}: {name} must be an array, and this {type(value).__name__} makes none.") from None


def axis_ints(
    verb: str, name: str, value: Any, rank: int, *, least: int | None = None, rule: str | None = None
) -> Ints:
    """One integer per spatial axis; a single one is spread to all."""
    rule = rule or f"an int, or an int per spatial axis (here {rank})"
    if isinstance(value, jax.core.Tracer) and value.ndim:
        raise TypeError(
            f"{verb}: {name} is traced, and it must be numbers known while tracing, for shapes depend on them: name "
            f"it in static_argnames of jax.jit, or close over it."
        )
    if not is_sequence(value):
        return (one_int(verb, name, value, least=least, rule=rule),) * rank
    if len(value) != rank:
        values = "1 value" if len(value) == 1 else f"{len(value)} values"
        numbers = tuple(one_int(verb, f"{name}[{i}]", v) for i, v in enumerate(value))
        if least is not None and min(numbers, default=least) < least:
            rule += f", each at least {least}"
        raise ValueError(f"{verb}: {name}={value!r} has {values}; it must be {rule}.")
    return tuple(one_int(verb, f"{name}[{i}]", v, least=least) for i, v in enumerate(value))


def is_sequence(value: Any) -> bool:
    """Whether a value has one entry per axis: a list, a tuple, an array with axes; no word."""
    if isinstance(value, np.ndarray | jax.Array):
        return value.ndim > 0
    return isinstance(value, Sequence) and not isinstance(value, str)


def one_word(verb: str, name: str, value: str, words: Sequence[str]) -> str:
    """The one of `words` that `value` is, in any case; an unknown one is answered with the nearest."""
    known = {word.lower(): word for word in words}
    if value.lower() in known:
        return known[value.lower()]
    near = difflib.get_close_matches(value.lower(), known, n=1, cutoff=0.6)
    hint = "".join(f" Did you mean {known[word]!r}?" for word in near)
    raise ValueError(f"{verb}: {name}={value!r} is not one of {', '.join(map(repr, words))}.{hint}")


def common_dtype(verb: str, noun: str, x: Array, kernel: Array) -> DType:
    """The dtype both operands are promoted to."""
    try:
        dtype = jnp.promote_types(x.dtype, kernel.dtype)
    except jax.dtypes.TypePromotionError:
        raise TypeError(
            f"{verb}: {noun} is {x.dtype} and the kernel is {kernel.dtype}, which strict promotion "
            f"(jax_numpy_dtype_promotion) forbids to mix: cast one with .astype."
        ) from None
    return check_dtype(verb, f"{noun} and kernel", dtype)


def check_dtype(verb: str, nouns: str, dtype: DType) -> DType:
    """Numbers only: booleans would be multiplied, not added; and none of 8 bits with a fraction or of fewer."""
    if not jnp.issubdtype(dtype, jnp.number):
        raise TypeError(f"{verb}: {nouns} have dtype {dtype}, which is not a number type: cast with .astype.")
    if np.dtype(dtype).name not in DTYPES:
        wider = "int8" if jnp.issubdtype(dtype, jnp.integer) else "bfloat16"
        raise TypeError(
            f"{verb}: {nouns} have dtype {dtype}, in which sums cannot be kept: cast with .astype, to {wider} say."
        )
    return np.dtype(dtype)


def result_dtype(verb: str, dtype: DType, preferred: Any, *, stacklevel: int = 4) -> DType:
    """The dtype of the result: `preferred_element_type`, or the operands'.

    A warning points at the line that called the verb: `stacklevel` counts the calls from there, those of
    `helpful_keywords` included.
    """
    if preferred is None:
        return dtype
    try:
        asked = np.dtype(preferred)
    except TypeError:
        raise TypeError(f"{verb}: preferred_element_type={preferred!r} is not a dtype.") from None
    wanted = np.dtype(jax.dtypes.canonicalize_dtype(asked))
    if wanted != asked:
        message = f"{verb}: preferred_element_type={asked} needs jax_enable_x64; the result is {wanted}."
        warnings.warn(message, UserWarning, stacklevel=stacklevel)
    # As in lax. From real to complex, the gradient would have to forget the imaginary part.
    is_complex = [jnp.issubdtype(d, jnp.complexfloating) for d in (dtype, wanted)]
    loses = jnp.issubdtype(dtype, jnp.inexact) and not jnp.issubdtype(wanted, jnp.inexact)
    if is_complex[0] != is_complex[1] or loses or wanted.name not in DTYPES:
        raise TypeError(f"{verb}: preferred_element_type={wanted} cannot be the result's dtype for {dtype} operands.")
    return wanted


def canonical_precision(verb: str, precision: PrecisionLike) -> Precision:
    """None, a pair of `jax.lax.Precision`, or a dot algorithm; None asks `jax.default_matmul_precision`."""
    if precision is None:
        precision = jax.config.jax_default_matmul_precision  # pyrefly: ignore[missing-attribute]
    if precision is None or isinstance(precision, lax.DotAlgorithmPreset):
        return precision
    if isinstance(precision, str) and precision in lax.DotAlgorithmPreset.__members__:
        return lax.DotAlgorithmPreset[precision]
    pair = (precision, precision) if isinstance(precision, str | lax.Precision) else precision
    try:
        one, other = pair
        return lax.Precision(one), lax.Precision(other)
    except (TypeError, ValueError):
        raise ValueError(
            f"{verb}: precision={precision!r} must be None, a jax.lax.Precision or its name ('default', 'high', "
            f"'highest'), a pair of these, or a jax.lax.DotAlgorithmPreset or its name."
        ) from None


def check_algorithm(verb: str, algorithm: Any) -> str | Algorithm:
    """An `Algorithm`, the name of one, "auto" or "direct"."""
    if isinstance(algorithm, Algorithm):
        return algorithm
    if not isinstance(algorithm, str):
        raise TypeError(
            f"{verb}: algorithm={algorithm!r} must be a name or a jconv.Algorithm, not {type(algorithm).__name__}."
        )
    return one_word(verb, "algorithm", algorithm, (*CHOICES, *ALGORITHMS))
