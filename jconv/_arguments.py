"""From what users write to integers: every argument is checked here, once, with errors in their words."""

import difflib
import operator
import warnings
from collections.abc import Sequence
from typing import Any, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms import ALGORITHMS, Algorithm
from jconv._geometry import dilated_size, word_padding
from jconv._layout import DTYPES
from jconv._typing import Array, DType, Ints, PaddingMode, PaddingWord, Pairs, Precision, PrecisionLike

# The words of PyTorch and Flax for the same things.
MODE_SYNONYMS = {"circular": "wrap", "replicate": "edge", "constant": "zeros"}
MODE_WORDS = (*get_args(PaddingMode), *MODE_SYNONYMS)
FLAX_PADDING_MODES = {"CIRCULAR": "wrap", "REFLECT": "reflect"}


def one_int(verb: str, name: str, value: Any, *, least: int | None = None, rule: str = "an int") -> int:
    """An integer argument, at least `least`."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except jax.errors.TracerIntegerConversionError as error:  # its message names the user's function
        error.add_note(f"{verb}: {name} must be known while tracing: name it in static_argnames of jax.jit.")
        raise
    except TypeError:
        raise TypeError(f"{verb}: {name}={value!r} must be {rule}, not {type(value).__name__}.") from None
    if least is not None and number < least:
        raise ValueError(f"{verb}: {name}={value!r} must be at least {least}.")
    return number


def axis_ints(
    verb: str, name: str, value: Any, rank: int, *, least: int | None = None, rule: str | None = None
) -> Ints:
    """One integer per spatial axis; a single one is spread to all."""
    rule = rule or f"an int, or an int per spatial axis (here {rank})"
    if not _is_sequence(value):
        return (one_int(verb, name, value, least=least, rule=rule),) * rank
    if len(value) != rank:
        raise ValueError(f"{verb}: {name}={value!r} has {len(value)} values; it must be {rule}.")
    return tuple(one_int(verb, f"{name}[{i}]", v, least=least) for i, v in enumerate(value))


def _is_sequence(value: Any) -> bool:
    if isinstance(value, np.ndarray):
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


def padding_pairs(
    verb: str, padding: Any, sizes: Ints, window: Ints, stride: Ints, dilation: Ints
) -> tuple[Pairs, str | None]:
    """The (low, high) pairs of `padding`, and the padding mode that Flax's words imply."""
    spans = tuple(map(dilated_size, window, dilation))
    if not isinstance(padding, str):
        return _written_pairs(verb, padding, len(window)), None
    if padding.upper() in FLAX_PADDING_MODES:
        return tuple((max(n - 1, 0) // 2, n // 2) for n in spans), FLAX_PADDING_MODES[padding.upper()]
    if padding.lower() in MODE_WORDS:
        raise ValueError(
            f"{verb}: padding={padding!r} says what stands beyond the border, not how far it reaches: that is "
            f"jconv.conv's padding_mode={padding.lower()!r}, beside padding='SAME' or amounts."
        )
    word = one_word(verb, "padding", padding, get_args(PaddingWord))
    return word_padding(word, sizes, spans, stride), None


def _written_pairs(verb: str, padding: Any, rank: int) -> Pairs:
    rule = f"a word, an int, an int per spatial axis, or a (low, high) pair per spatial axis (here {rank})"
    if _is_sequence(padding) and any(map(_is_sequence, padding)):
        if len(padding) != rank or any(not _is_sequence(p) or len(p) != 2 for p in padding):
            raise ValueError(f"{verb}: padding={padding!r} must be {rule}.")
        return tuple(
            (one_int(verb, f"padding[{i}][0]", lo), one_int(verb, f"padding[{i}][1]", hi))
            for i, (lo, hi) in enumerate(padding)
        )
    return tuple((p, p) for p in axis_ints(verb, "padding", padding, rank, rule=rule))


def padding_modes(verb: str, padding_mode: Any, implied: str | None, rank: int) -> tuple[str, ...]:
    """One padding mode per spatial axis, in NumPy's words."""
    rule = f"a word, or a word per spatial axis (here {rank})"
    if isinstance(padding_mode, str):
        modes = [padding_mode] * rank
    elif isinstance(padding_mode, Sequence) and all(isinstance(m, str) for m in padding_mode):
        modes = list(padding_mode)
    else:
        raise TypeError(f"{verb}: padding_mode={padding_mode!r} must be {rule}, not {type(padding_mode).__name__}.")
    if len(modes) != rank:
        raise ValueError(f"{verb}: padding_mode={padding_mode!r} has {len(modes)} words; it must be {rule}.")
    known = [one_word(verb, "padding_mode", mode, MODE_WORDS) for mode in modes]
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
        raise ValueError(
            f"{verb}: the kernel takes c_in // groups = {per_group} channels, but x has c_in={c_in} with "
            f"groups={groups} (x has shape {x_shape}, kernel has shape {kernel_shape})."
            f"{_groups_hint(x_shape, kernel_shape)}"
        )
    return groups


def _groups_hint(x_shape: Ints, kernel_shape: Ints) -> str:
    c_in, (*window, per_group, c_out) = x_shape[-1], kernel_shape
    first = -len(window) - 1
    fits = per_group > 0 and c_in % per_group == 0 and c_out % (c_in // per_group) == 0
    hints = [f" With groups={c_in // per_group} they would fit."] if fits else []
    hints += [f" If x has its channels first, move them: jnp.moveaxis(x, {first}, -1)."] * (x_shape[first] == per_group)
    hints += [" If x has no channel axis, add one: x[..., None]."] if per_group == 1 else []
    return "".join(hints)


def check_ranks(verb: str, noun: str, x_shape: Ints, kernel_shape: Ints) -> int:
    """The number of spatial axes, from the kernel (*window, c_in // groups, c_out)."""
    rank = len(kernel_shape) - 2
    if rank < 1:
        raise ValueError(
            f"{verb}: kernel must be (*window, c_in // groups, c_out) with one window axis or more; it has shape "
            f"{kernel_shape}. If it has no channel axes, add them: kernel[..., None, None]."
        )
    if 0 in kernel_shape[:rank]:
        raise ValueError(
            f"{verb}: the kernel's window {kernel_shape[:rank]} must be at least 1 on every axis (kernel has "
            f"shape {kernel_shape})."
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
    if any(span > size for span, size in zip(spans, padded, strict=True)):
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


def result_dtype(verb: str, dtype: DType, preferred: Any) -> DType:
    """The dtype of the result: `preferred_element_type`, or the operands'."""
    if preferred is None:
        return dtype
    try:
        asked = np.dtype(preferred)
    except TypeError:
        raise TypeError(f"{verb}: preferred_element_type={preferred!r} is not a dtype.") from None
    wanted = np.dtype(jax.dtypes.canonicalize_dtype(asked))
    if wanted != asked:
        message = f"{verb}: preferred_element_type={asked} needs jax_enable_x64; the result is {wanted}."
        warnings.warn(message, UserWarning, stacklevel=3)
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
    """An `Algorithm`, or the name of one, or "auto"."""
    if isinstance(algorithm, Algorithm):
        return algorithm
    if not isinstance(algorithm, str):
        raise TypeError(
            f"{verb}: algorithm={algorithm!r} must be a name or a jconv.Algorithm, not {type(algorithm).__name__}."
        )
    return one_word(verb, "algorithm", algorithm, ("auto", *ALGORITHMS))
