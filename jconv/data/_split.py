"""Hold examples out: the same ones always, a share of every class."""

import numpy as np


def split(
    *arrays: np.ndarray, share: float = 0.2, seed: int = 0
) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    """Divide arrays into those to train on and those held out.

    Args:
        *arrays: with a common leading axis; classes are told by the last one where it is a row of integers.
        share: of each class to hold out; at least one of each that has two.
        seed: of the choice.

    Returns:
        The arrays to train on, and the arrays held out.
    """
    rng, count = np.random.default_rng(seed), len(arrays[0])
    labels = arrays[-1]
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        labels = np.zeros(count, int)
    held_out = np.zeros(count, bool)
    for label in np.unique(labels):
        places = rng.permutation(np.flatnonzero(labels == label))
        wanted = max(round(share * len(places)), 1) if len(places) > 1 else 0
        held_out[places[:wanted]] = True
    return tuple(a[~held_out] for a in arrays), tuple(a[held_out] for a in arrays)
