"""The arguments that stft and istft share: how long segments are, how far apart, and their window."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jconv._typing import Array
from jconv._verbs.arguments import one_int
from jconv.signal._windows import get_window

SCALINGS = ("spectrum", "psd")


def check_scaling(verb: str, scaling: Any) -> None:
    """What a segment's transform is divided by."""
    if scaling not in SCALINGS:
        raise ValueError(f"{verb}: Parameter scaling={scaling!r} not in ['spectrum', 'psd']!")


def check_nperseg(verb: str, nperseg: Any) -> int:
    """The samples of a segment."""
    size = one_int(verb, "nperseg", nperseg)
    if size < 1:
        raise ValueError(f"{verb}: nperseg must be a positive integer, and is {size}.")
    return size


def check_step(verb: str, noverlap: Any, nperseg: int) -> int:
    """The distance between segments; they overlap by half unless `noverlap` says otherwise."""
    overlap = nperseg // 2 if noverlap is None else one_int(verb, "noverlap", noverlap)
    if overlap >= nperseg:
        raise ValueError(f"{verb}: noverlap must be less than nperseg. They are {overlap} and {nperseg}.")
    return nperseg - overlap


def check_nfft(verb: str, nfft: Any, nperseg: int, default: int) -> int:
    """The length of a transform."""
    length = default if nfft is None else one_int(verb, "nfft", nfft)
    if nfft is not None and length < nperseg:
        raise ValueError(f"{verb}: nfft must be greater than or equal to nperseg. They are {length} and {nperseg}.")
    return length


def named(window: Any) -> bool:
    """Whether a window is named, not given."""
    return isinstance(window, str | tuple)


def window_array(verb: str, window: Any, nperseg: int) -> np.ndarray | Array:
    """The window's samples: of NumPy where they are known while tracing."""
    if named(window):
        return get_window(verb, window, nperseg, periodic=True)
    array = np.asarray(window) if isinstance(window, list | np.ndarray) else jnp.asarray(window)
    if array.ndim != 1:
        raise ValueError(f"{verb}: window must be 1-D, and has shape {array.shape}.")
    return array


@partial(jax.jit, static_argnums=1, inline=True)
def amplitude(window: Array, scaling: str, fs: Any) -> Array:
    """What a segment's transform is divided by: the window's sum, or the root of its energy per hertz."""
    if scaling == "spectrum":
        return jnp.abs(window.sum())
    return jnp.sqrt(jnp.asarray(fs).astype(window.dtype) * (window**2).sum())
