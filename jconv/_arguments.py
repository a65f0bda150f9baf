"""From what users write to integers: every argument is checked here, once, with errors in their words."""

import difflib
import operator
from collections.abc import Sequence
from typing import Any, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms import ALGORITHMS
from jconv._geometry import dilated_size, word_padding
from jconv._typing import Array, DType, Ints, PaddingMode, PaddingWord, Pairs, Precision, PrecisionLike

# The words of PyTorch and Flax for the same things.
MODE_SYNONYMS = {"circular": "wrap", "replicate": "edge", "constant": "zeros"}
FLAX_PADDING_MODES = {"CIRCULAR": "wrap", "REFLECT": "reflect"}


def one_int(verb: str, name: str, value: Any, *, least: int | None = None) -> int:
    """An integer argument, at least `least`."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{verb}: {name}={value!r} must be an int, not {type(value).__name__}.") from None
    if least is not None and number < least:
        raise ValueError(f"{verb}: {name}={value!r} must be at least {least}.")
    return number


def axis_ints(verb: str, name: str, value: Any, rank: int, *, least: int | None = None) -> Ints:
    """One integer per spatial axis; a single one is spread to all."""
    if isinstance(value, str) or not isinstance(value, Sequence | np.ndarray):
        return (one_int(verb, name, value, least=least),) * rank
    if len(value) != rank:
        raise ValueError(
            f"{verb}: {name}={value!r} has {len(value)} values; it must be one int, or one for each of "
            f"the {rank} spatial axes."
        )
    return tuple(one_int(verb, f"{name}[{i}]", v, least=least) for i, v in enumerate(value))


def one_word(verb: str, name: str, value: str, words: Sequence[str]) -> str:
    """A word out of `words`; an unknown one is answered with the nearest."""
    if value in words:
        return value
    near = difflib.get_close_matches(value.lower(), [w.lower() for w in words], n=1, cutoff=0.4)
    hint = "".join(f" Did you mean {w!r}?" for w in words if near and w.lower() == near[0])
    raise ValueError(f"{verb}: {name}={value!r} is not one of {', '.join(map(repr, words))}.{hint}")


def padding_pairs(
    verb: str, padding: Any, sizes: Ints, window: Ints, stride: Ints, dilation: Ints
) -> tuple[Pairs, str | None]:
    """The (low, high) pairs of `padding`, and the padding mode that Flax's words imply."""
    spans = tuple(map(dilated_size, window, dilation))
    if not isinstance(padding, str):
        return _written_pairs(verb, padding, len(window)), None
    word = padding.upper()
    if word in FLAX_PADDING_MODES:
        return tuple((max(n - 1, 0) // 2, n // 2) for n in spans), FLAX_PADDING_MODES[word]
    word = one_word(verb, "padding", word, get_args(PaddingWord))
    return word_padding(word, sizes, spans, stride), None


def _written_pairs(verb: str, padding: Any, rank: int) -> Pairs:
    if isinstance(padding, Sequence | np.ndarray) and any(isinstance(p, Sequence | np.ndarray) for p in padding):
        if len(padding) != rank or any(np.ndim(p) != 1 or len(p) != 2 for p in padding):
            raise ValueError(
                f"{verb}: padding={padding!r} must be a word, an int, one int per spatial axis, or one "
                f"(low, high) pair for each of the {rank} spatial axes."
            )
        return tuple(
            (one_int(verb, f"padding[{i}][0]", lo), one_int(verb, f"padding[{i}][1]", hi))
            for i, (lo, hi) in enumerate(padding)
        )
    return tuple((p, p) for p in axis_ints(verb, "padding", padding, rank))


def padding_modes(verb: str, padding_mode: Any, implied: str | None, rank: int) -> tuple[str, ...]:
    """One padding mode per spatial axis, in NumPy's words."""
    if isinstance(padding_mode, str):
        modes = [padding_mode] * rank
    elif isinstance(padding_mode, Sequence) and all(isinstance(m, str) for m in padding_mode):
        modes = list(padding_mode)
    else:
        raise TypeError(
            f"{verb}: padding_mode={padding_mode!r} must be a word or one word per spatial axis, not "
            f"{type(padding_mode).__name__}."
        )
    if len(modes) != rank:
        raise ValueError(
            f"{verb}: padding_mode={padding_mode!r} has {len(modes)} words; it must be one, or one for each of "
            f"the {rank} spatial axes."
        )
    words = (*get_args(PaddingMode), *MODE_SYNONYMS)
    known = [one_word(verb, "padding_mode", mode.lower(), words) for mode in modes]
    modes = [MODE_SYNONYMS.get(mode, mode) for mode in known]
    if implied is not None:
        if any(mode not in ("zeros", implied) for mode in modes):
            raise ValueError(
                f"{verb}: padding_mode={padding_mode!r} contradicts the padding word, which means {implied!r}."
            )
        modes = [implied] * rank
    return tuple(modes)


def check_boundary(verb: str, sizes: Ints, pairs: Pairs, modes: tuple[str, ...]) -> None:
    """Nothing can be repeated beyond the border of an empty axis."""
    for size, pair, mode in zip(sizes, pairs, modes, strict=True):
        if size == 0 and mode != "zeros" and max(pair) > 0:
            raise ValueError(f"{verb}: padding_mode={mode!r} cannot extend an empty spatial axis (sizes {sizes}).")


def check_groups(verb: str, groups: Any, c_in: int, x_shape: Ints, kernel_shape: Ints) -> int:
    """`groups`, checked against the channels of x and of the kernel."""
    groups = one_int(verb, "groups", groups, least=1)
    *_, per_group, c_out = kernel_shape
    if c_in % groups:
        raise ValueError(f"{verb}: groups={groups} must divide c_in={c_in} (x has shape {x_shape}).")
    if c_out % groups:
        raise ValueError(f"{verb}: groups={groups} must divide c_out={c_out} (kernel has shape {kernel_shape}).")
    if per_group * groups != c_in:
        hint = " If x has no channel axis, add one: x[..., None]." if per_group * groups == 1 else ""
        raise ValueError(
            f"{verb}: the kernel's c_in // groups = {per_group} must equal {c_in} // {groups} = {c_in // groups} "
            f"(x has shape {x_shape}, kernel has shape {kernel_shape}).{hint}"
        )
    return groups


def check_ranks(verb: str, noun: str, x_shape: Ints, kernel_shape: Ints) -> int:
    """The number of spatial axes, from the kernel (*window, c_in // groups, c_out)."""
    rank = len(kernel_shape) - 2
    if rank < 1:
        raise ValueError(
            f"{verb}: kernel must be (*window, c_in // groups, c_out) with one window axis or more; it has shape "
            f"{kernel_shape}. If it has no channel axes, add them: kernel[..., None, None]."
        )
    if len(x_shape) < rank + 1:
        raise ValueError(
            f"{verb}: {noun} must be (*batch, *spatial, channels) with {rank} spatial axes, as many as the kernel "
            f"of shape {kernel_shape} has; it has shape {x_shape}. If it has no channel axis, add one: "
            f"{noun}[..., None]."
        )
    return rank


def check_window(verb: str, sizes: Ints, pairs: Pairs, window: Ints, dilation: Ints) -> None:
    """Every axis must hold one window at least."""
    padded = tuple(n + lo + hi for n, (lo, hi) in zip(sizes, pairs, strict=True))
    spans = tuple(map(dilated_size, window, dilation))
    if any(span > size for span, size in zip(spans, padded, strict=True)) or 0 in window:
        raise ValueError(
            f"{verb}: the kernel's window {window} spans {spans} with dilation={dilation}, which does not fit in "
            f"the padded input {padded} (input {sizes}, padding {pairs}). Pad more, or use a smaller kernel."
        )


def common_dtype(verb: str, noun: str, x: Array, kernel: Array) -> DType:
    """The dtype both operands are promoted to."""
    try:
        dtype = jnp.promote_types(x.dtype, kernel.dtype)
    except jax.dtypes.TypePromotionError:
        raise TypeError(
            f"{verb}: {noun} is {x.dtype} and the kernel is {kernel.dtype}, which strict promotion "
            f"(jax_numpy_dtype_promotion) forbids to mix: cast one with .astype."
        ) from None
    return check_dtype(verb, noun, dtype)


def check_dtype(verb: str, noun: str, dtype: DType) -> DType:
    """Numbers only: booleans would be multiplied, not added."""
    if not jnp.issubdtype(dtype, jnp.number):
        raise TypeError(f"{verb}: {noun} and kernel have dtype {dtype}, which is not a number type: cast with .astype.")
    return np.dtype(dtype)


def result_dtype(verb: str, dtype: DType, preferred: Any) -> DType:
    """The dtype of the result: `preferred_element_type`, or the operands'."""
    if preferred is None:
        return dtype
    wanted = jax.dtypes.canonicalize_dtype(preferred)
    if jnp.issubdtype(dtype, jnp.complexfloating) and not jnp.issubdtype(wanted, jnp.complexfloating):
        raise TypeError(f"{verb}: preferred_element_type={wanted} cannot hold the result of {dtype} operands.")
    if jnp.issubdtype(dtype, jnp.inexact) and not jnp.issubdtype(wanted, jnp.inexact):
        raise TypeError(f"{verb}: preferred_element_type={wanted} cannot hold the result of {dtype} operands.")
    return np.dtype(wanted)


def canonical_precision(verb: str, precision: PrecisionLike) -> Precision:
    """None, a pair of `jax.lax.Precision`, or a dot algorithm; None asks `jax.default_matmul_precision`."""
    if precision is None:
        precision = jax.config.jax_default_matmul_precision
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


def check_algorithm(verb: str, algorithm: Any) -> str:
    """The name of an algorithm, or "auto"."""
    if not isinstance(algorithm, str):
        raise TypeError(f"{verb}: algorithm={algorithm!r} must be a name, not {type(algorithm).__name__}.")
    return one_word(verb, "algorithm", algorithm, ("auto", *ALGORITHMS))
