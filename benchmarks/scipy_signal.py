"""Signal processing: `jconv.signal` and SciPy on the same numbers, in turn.

    python benchmarks/scipy_signal.py --json benchmarks/results/scipy_signal.json

Both compute in the same dtype on the same processor; jconv is jitted, its compilation is told apart. The two take
turns, so that what else runs on the machine hits both. Values are compared before they are timed.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import scipy
import scipy.signal
from run import commit, write_json
from timing import machine

from jconv import signal


def normal(*shape, dtype="float32"):
    """Normal numbers, the same in every run."""
    return np.random.default_rng(0).normal(size=shape).astype(dtype)


def cases(dtype: str) -> dict:
    """Name -> the function's name, its arrays and options."""
    line, taps, image = normal(10**6, dtype=dtype), normal(1000, dtype=dtype), normal(150, 150, dtype=dtype)
    return {
        "fftconvolve, 1e6 by 1e3": ("fftconvolve", (line, taps), {}),
        "oaconvolve, 1e6 by 1e3": ("oaconvolve", (line, taps), {}),
        "convolve, 1e6 by 1e3": ("convolve", (line, taps), {}),
        "convolve, 150x150 by 150x150": ("convolve", (image, image), {}),
        "convolve same, 150x150 by 150x150": ("convolve", (image, image), {"mode": "same"}),
        "convolve2d symm, 512x512 by 7x7": (
            "convolve2d",
            (normal(512, 512, dtype=dtype), normal(7, 7, dtype=dtype)),
            {"mode": "same", "boundary": "symm"},
        ),
        "sepfir2d, 512x512 by 7 and 7": (
            "sepfir2d",
            (normal(512, 512, dtype=dtype), normal(7, dtype=dtype), normal(7, dtype=dtype)),
            {},
        ),
        "upfirdn 3 / 2, 1e5 by 61": (
            "upfirdn",
            (normal(61, dtype=dtype), normal(10**5, dtype=dtype)),
            {"up": 3, "down": 2},
        ),
        "resample_poly 3 / 2, 1e5": ("resample_poly", (normal(10**5, dtype=dtype),), {"up": 3, "down": 2}),
        "lfilter, 64x10000 by 64": (
            "lfilter",
            (normal(64, dtype=dtype), np.ones(1, dtype), normal(64, 10**4, dtype=dtype)),
            {},
        ),
        "savgol_filter 11, 64x10000": (
            "savgol_filter",
            (normal(64, 10**4, dtype=dtype),),
            {"window_length": 11, "polyorder": 3},
        ),
        "hilbert, 64x10000": ("hilbert", (normal(64, 10**4, dtype=dtype),), {}),
        "stft 256, 16x65536": ("stft", (normal(16, 65536, dtype=dtype),), {}),
        "wiener 5, 512x512": ("wiener", (normal(512, 512, dtype=dtype),), {"mysize": 5}),
    }


def time_both(name: str, arrays: tuple, options: dict, seconds: float) -> dict:
    """Quartiles of both in turn, in seconds, and jconv's compilation."""
    ours, theirs = getattr(signal, name), partial(getattr(scipy.signal, name), *arrays, **options)
    operands = tuple(map(jnp.asarray, arrays))
    start = time.perf_counter()
    compiled = jax.jit(partial(ours, **options)).lower(*operands).compile()
    compile_s = time.perf_counter() - start
    got, want = jax.tree.leaves(compiled(*operands))[-1], jax.tree.leaves(theirs())[-1]
    error = np.abs(np.asarray(got) - want).max() / np.abs(want).max()
    if not error < 1e3 * np.finfo(arrays[0].dtype).eps:
        raise AssertionError(f"{name}: off by {error:.2g} of the largest value")
    took = {"jconv": [], "scipy": []}
    runs = {"jconv": lambda: jax.block_until_ready(compiled(*operands)), "scipy": theirs}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(took["jconv"]) < 5:
        for side, run in runs.items():
            start = time.perf_counter()
            run()
            took[side].append(time.perf_counter() - start)
    quartiles = {side: list(np.quantile(values, (0.25, 0.5, 0.75))) for side, values in took.items()}
    return quartiles | {"compile_s": compile_s, "ratio": quartiles["scipy"][1] / quartiles["jconv"][1]}


def main(
    seconds: float = 2.0, dtypes: tuple[str, ...] = ("float32", "float64"), path: Path | None = None
) -> list[dict]:
    """Print, and write if asked, milliseconds of both and how many times SciPy's are of jconv's; return the rows."""
    jax.config.update("jax_enable_x64", "float64" in dtypes)
    rows = []
    for dtype in dtypes:
        for name, (function, arrays, options) in cases(dtype).items():
            row = {"name": name, "dtype": dtype} | time_both(function, arrays, options, seconds)
            rows.append(row)
            print(
                f"{name:36} {dtype}  jconv {1e3 * row['jconv'][1]:9.3f} ms  SciPy {1e3 * row['scipy'][1]:9.3f} ms  "
                f"ratio {row['ratio']:6.2f}  compile {row['compile_s']:.2f} s",
                flush=True,
            )
    if path:
        about = {"machine": machine(), "commit": commit(), "date": str(np.datetime64("today"))}
        write_json(path, about | {"scipy": scipy.__version__, "rows": rows})
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="time spent on each figure (default: 2)")
    parser.add_argument("--dtypes", nargs="*", default=["float32", "float64"], help="float32, float64 or both")
    parser.add_argument("--json", type=Path, help="where the results go")
    given = parser.parse_args()
    main(given.seconds, tuple(given.dtypes), given.json)
