"""Count full windows by a large box filter: how many sums come out exactly, by "auto" and by "direct".

python benchmarks/counting.py

Masks of 0 and 1, 256x256; a 31x31 box; float32. A window is full where its sum is 961. Every sum is a whole number.
"""

import jax
import numpy as np

import jconv

SIZE, WINDOW = 256, 31
STEPS = (97, 89)  # one zero every so many rows and columns; else ones


def masks() -> np.ndarray:
    """Ones, with a few zeros: as `(1, *spatial, 1)`."""
    ones = np.ones((1, SIZE, SIZE, 1), np.float32)
    ones[:, :: STEPS[0], :: STEPS[1]] = 0
    return ones


def true_sums(mask: np.ndarray) -> np.ndarray:
    """Every window's sum in whole numbers, by cumulated sums."""
    sums = np.pad(mask.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    return sums[WINDOW:, WINDOW:] - sums[:-WINDOW, WINDOW:] - sums[WINDOW:, :-WINDOW] + sums[:-WINDOW, :-WINDOW]


def main() -> int:
    """Print a line for each choice."""
    x, box = masks(), np.ones((WINDOW, WINDOW, 1, 1), np.float32)
    truth = true_sums(x[0, ..., 0])
    full = truth == WINDOW**2
    print(f"jax {jax.__version__}, {jax.default_backend()}: of {truth.size:,} windows, {full.sum():,} are full")
    for algorithm in ("auto", "direct"):
        sums = np.asarray(jconv.conv(x, box, algorithm=algorithm))[0, ..., 0]
        chosen = jconv.explain(x, box, algorithm=algorithm).forward.chosen
        print(
            f"{algorithm}, by {chosen}: {(sums[full] == WINDOW**2).sum():,} of the full ones are {WINDOW**2}; "
            f"{(sums == truth).sum():,} sums of all are exact; the largest error is {np.abs(sums - truth).max():.2g}"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
