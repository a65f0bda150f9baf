"""SciPy's output modes as numbers: which part of a full convolution is asked for."""

from typing import Any

from jconv._typing import Ints, Pairs
from jconv._verbs.arguments import one_int, one_word

MODES = ("full", "valid", "same")


def check_mode(verb: str, mode: Any, words: tuple[str, ...] = MODES, name: str = "mode") -> str:
    """The word, if it is one of `words`."""
    if not isinstance(mode, str):
        raise ValueError(f"{verb}: {name}={mode!r} must be one of {', '.join(map(repr, words))}.")
    return one_word(verb, name, mode, words)


def crops(mode: str, sizes1: Ints, sizes2: Ints) -> Pairs:
    """(first, size) of the wanted positions in the full convolution of `sizes1` with `sizes2`, per axis.

    >>> crops("full", (5,), (2,)), crops("same", (5,), (4,)), crops("valid", (5,), (2,))
    (((0, 6),), ((1, 5),), ((1, 4),))
    """
    pairs = zip(sizes1, sizes2, strict=True)
    if mode == "full":
        return tuple((0, n + k - 1) for n, k in pairs)
    if mode == "same":
        return tuple(((k - 1) // 2, n) for n, k in pairs)
    return tuple((min(n, k) - 1, abs(n - k) + 1) for n, k in pairs)


def must_swap(verb: str, mode: str, shape1: Ints, shape2: Ints, axes: Ints) -> bool:
    """Whether "valid" slides in1 over in2 because that is the larger; neither may be it on one axis only."""
    if mode != "valid":
        return False
    if all(shape1[a] >= shape2[a] for a in axes):
        return False
    if all(shape2[a] >= shape1[a] for a in axes):
        return True
    raise ValueError(
        f"{verb}: For 'valid' mode, one must be at least as large as the other in every dimension (in1 has shape "
        f"{shape1}, in2 has shape {shape2})."
    )


def check_axis(verb: str, axis: Any, ndim: int, name: str = "axis") -> int:
    """One axis, counted from the front."""
    number = one_int(verb, name, axis)
    if not -ndim <= number < ndim:
        raise ValueError(f"{verb}: {name}={axis!r} is out of range for an array with {ndim} axes.")
    return number % ndim
