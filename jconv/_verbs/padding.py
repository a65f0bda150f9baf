"""Padding as users write it, to (low, high) pairs and modes."""

from collections.abc import Sequence
from typing import Any, get_args

from jconv._equation.geometry import dilated_size, word_padding
from jconv._typing import Ints, PaddingMode, PaddingWord, Pairs
from jconv._verbs.arguments import axis_ints, is_sequence, one_int, one_word

# The words of PyTorch and Flax for the same things.
MODE_SYNONYMS = {"circular": "wrap", "replicate": "edge", "constant": "zeros"}
MODE_WORDS = get_args(PaddingMode)
FLAX_PADDING_MODES = {"CIRCULAR": "wrap", "REFLECT": "reflect"}
PADDING_WORDS = get_args(PaddingWord)


def padding_pairs(
    verb: str,
    padding: Any,
    sizes: Ints,
    window: Ints,
    stride: Ints,
    dilation: Ints,
    *,
    words: tuple[str, ...] = PADDING_WORDS,
) -> tuple[Pairs, str | None]:
    """The (low, high) pairs of `padding`, and the padding mode that Flax's words imply.

    An unknown word is answered with `words`, those that the verb takes.
    """
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
    word = one_word(verb, "padding", padding, words)
    return word_padding(word, sizes, spans, stride), None


def _written_pairs(verb: str, padding: Any, rank: int) -> Pairs:
    """The (low, high) pairs of amounts: one for all, one per axis, or a pair per axis."""
    rule = f"a word, an int, an int per spatial axis, or a (low, high) pair per spatial axis (here {rank})"
    if is_sequence(padding) and any(map(is_sequence, padding)):
        if len(padding) != rank or any(not is_sequence(p) or len(p) != 2 for p in padding):
            raise ValueError(f"{verb}: padding={padding!r} must be {rule}.")
        return tuple(
            (one_int(verb, f"padding[{i}][0]", lo), one_int(verb, f"padding[{i}][1]", hi))
            for i, (lo, hi) in enumerate(padding)
        )
    return tuple((p, p) for p in axis_ints(verb, "padding", padding, rank, rule=rule))


def _pads_nothing(padding: Any, pairs: Pairs, modes: tuple[str, ...]) -> bool:
    """Whether the padding that was written adds no position on the axes of a mode other than zeros, whatever the sizes.

    Such a padding is "VALID", or amounts of 0 or less.
    """
    if isinstance(padding, str):
        return padding.upper() == "VALID"
    return all(max(pair) <= 0 for pair, mode in zip(pairs, modes, strict=True) if mode != "zeros")


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


def check_boundary(verb: str, sizes: Ints, pairs: Pairs, modes: tuple[str, ...], padding: Any) -> None:
    """A padding mode needs positions to fill, and on each axis something to repeat."""
    if any(mode != "zeros" for mode in modes) and _pads_nothing(padding, pairs, modes):
        mode = next(mode for mode in modes if mode != "zeros")
        raise ValueError(
            f"{verb}: padding_mode={mode!r} has nothing to fill, for padding={padding!r} adds no positions there: "
            f"give padding='SAME', 'CAUSAL', 'FULL' or amounts."
        )
    for size, pair, mode in zip(sizes, pairs, modes, strict=True):
        if size == 0 and mode != "zeros" and max(pair) > 0:
            raise ValueError(f"{verb}: padding_mode={mode!r} cannot extend an empty spatial axis (sizes {sizes}).")
