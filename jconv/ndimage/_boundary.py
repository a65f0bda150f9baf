"""What stands beyond the border, in SciPy's words: every filter of this chapter extends its input here."""

import jax.numpy as jnp

from jconv._typing import Array, Pairs
from jconv._verbs.arguments import one_word
from jconv._verbs.boundary import pad_boundary

# SciPy's words for the modes, and the core's. With 1234 as the input and two positions on either side:
MODES = {
    "reflect": "symmetric",  # 21 1234 43
    "grid-mirror": "symmetric",
    "mirror": "reflect",  # 32 1234 32
    "nearest": "edge",  # 11 1234 44
    "wrap": "wrap",  # 34 1234 12
    "grid-wrap": "wrap",
    "constant": "zeros",  # cc 1234 cc, where c is cval
    "grid-constant": "zeros",
}


def check_mode(verb: str, mode: str) -> str:
    """Return the core's word for a mode of SciPy's."""
    if not isinstance(mode, str):
        raise ValueError(
            f"{verb}: mode={mode!r} must be one word for all axes here: A sequence of modes is taken by filters that "
            f"treat the axes one after another."
        )
    return MODES[one_word(verb, "mode", mode, tuple(MODES))]


def extend(x: Array, pairs: Pairs, mode: str, cval: Array) -> Array:
    """Extend the axes of x by (low, high) positions; `mode` is a word of the core's, `cval` what "zeros" puts there."""
    if mode == "zeros":
        return jnp.pad(x, pairs, constant_values=cval.astype(x.dtype))
    return pad_boundary(x[None, ..., None, None], pairs, (mode,) * x.ndim)[0, ..., 0, 0]
