"""What the environment says: a word of few, or a warning."""

import os
import warnings
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

YES_AND_NO = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)


def environment_word(variable: str, words: Mapping[str, T], *, default: T) -> T:
    """What a variable of the environment means.

    Args:
        variable: its name.
        words: what each word means, in lower case; the variable's case and blanks do not matter.
        default: what it means where it is not set, or where it is no such word, which is warned of.

    Returns:
        The meaning.
    """
    word = os.environ.get(variable)
    if word is None:
        return default
    if word.strip().lower() in words:
        return words[word.strip().lower()]
    known = ", ".join(repr(word) for word in words if word)
    warnings.warn(f"jconv: {variable}={word!r} is ignored: it is none of {known}.", stacklevel=2)
    return default
