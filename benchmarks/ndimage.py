"""Filters of images, jconv's and SciPy's, timed in one run on the same images.

    python benchmarks/ndimage.py --json benchmarks/results/ndimage.json

Values are compared before anything is timed. Each figure is the median of repeated calls; SciPy's and jconv's
turns alternate, so that both meet the same machine. jconv's compile time stands apart. `least` is how many times
SciPy's speed is asked for on two CPU cores; on a GPU the same command times jconv there and SciPy on the host.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.ndimage
from run import commit, write_json
from timing import machine

from jconv import ndimage


class Filter(NamedTuple):
    """One row: a filter's name, the image's side, its arguments, and the speed asked for in units of SciPy's."""

    name: str
    side: int
    arguments: dict[str, Any]
    least: float | None = None


FILTERS = (
    Filter("gaussian_filter", 1024, {"sigma": 2.0}, 3.0),
    Filter("uniform_filter", 1024, {"size": 3}, 1.0),
    Filter("uniform_filter", 1024, {"size": 25}, 1.0),
    Filter("sobel", 1024, {}, 1.0),
    Filter("maximum_filter", 1024, {"size": 3}, 1.0),
    Filter("maximum_filter", 1024, {"size": 25}, 1.0),
    Filter("median_filter", 512, {"size": 5}, 1.0),
    Filter("median_filter", 512, {"size": 9}),
    Filter("percentile_filter", 512, {"percentile": 20, "size": 5}),
    Filter("correlate", 1024, {"weights": np.ones((5, 5)) / 25}),
    Filter("gaussian_laplace", 1024, {"sigma": 2.0}),
    Filter("grey_dilation", 512, {"footprint": np.hypot(*np.mgrid[-5:6, -5:6]) <= 5}),
)


def seconds_of(call: Callable[[], Any]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    jax.block_until_ready(call())
    return time.perf_counter() - start


def time_filter(row: Filter, seconds: float) -> dict:
    """Quartiles of both sides, in seconds."""
    image = np.random.default_rng(0).normal(size=(row.side, row.side)).astype(np.float32)
    device_image = jnp.asarray(image)
    start = time.perf_counter()
    compiled = jax.jit(partial(getattr(ndimage, row.name), **row.arguments)).lower(device_image).compile()
    compile_seconds = time.perf_counter() - start
    sides = {
        "jconv": lambda: compiled(device_image),
        "scipy": lambda: getattr(scipy.ndimage, row.name)(image, **row.arguments),
    }
    truth = sides["scipy"]()
    error = np.abs(np.asarray(sides["jconv"]()) - truth).max() / np.abs(truth).max()
    if not error < 1e-5:
        raise AssertionError(f"{row.name}: off by {error:.2g} of the largest value")
    samples: dict[str, list[float]] = {name: [] for name in sides}
    while len(samples["jconv"]) < 5 or sum(samples["jconv"]) + sum(samples["scipy"]) < seconds:
        for name, call in sides.items():
            call()  # what the other side left in the caches is not timed
            samples[name].append(seconds_of(call))
    quartiles = {name: statistics.quantiles(times, n=4) for name, times in samples.items()}
    return {
        "name": row.name,
        "image": [row.side, row.side],
        "arguments": {key: np.asarray(value).tolist() for key, value in row.arguments.items()},
        "jconv_s": quartiles["jconv"],
        "scipy_s": quartiles["scipy"],
        "compile_s": compile_seconds,
        "ratio": quartiles["scipy"][1] / quartiles["jconv"][1],
        "least": row.least,
    }


def main(seconds: float = 2.0, path: Path | None = None, only: list[str] | None = None) -> list[dict]:
    """Print, and write if asked, both sides' medians and their ratio; return the rows."""
    rows = []
    print(f"{'filter':30} {'image':>6} {'jconv ms':>9} {'SciPy ms':>9} {'ratio':>7} {'least':>5} {'compile s':>9}")
    for chosen in FILTERS:
        if only and chosen.name not in only:
            continue
        row = time_filter(chosen, seconds)
        rows.append(row)
        size = next((f" {key}={value}" for key, value in chosen.arguments.items() if np.ndim(value) == 0), "")
        figures = f"{1e3 * row['jconv_s'][1]:9.2f} {1e3 * row['scipy_s'][1]:9.2f} {row['ratio']:7.1f}"
        least = "" if chosen.least is None else f"{chosen.least:g}"
        print(f"{chosen.name + size:30} {chosen.side:6} {figures} {least:>5} {row['compile_s']:9.2f}", flush=True)
    if path:
        about = {"machine": machine(), "commit": commit(), "date": str(np.datetime64("today"))}
        write_json(path, about | {"scipy": scipy.__version__, "rows": rows})
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="where the results go")
    parser.add_argument("--seconds", type=float, default=2.0, help="time spent on each filter (default: 2)")
    parser.add_argument("--only", nargs="*", help="names of filters")
    arguments = parser.parse_args()
    main(arguments.seconds, arguments.json, arguments.only)
