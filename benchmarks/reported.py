"""Time what users of JAX, Flax, Keras and Equinox posted as slow: stock JAX, and the same under `jconv.install()`.

    python benchmarks/reported.py --json benchmarks/results/reported.json
    python benchmarks/reported.py --json benchmarks/results/reported.json --table    # print it; time nothing

Each program is compiled twice, tracing and lowering included. The two values are compared first; then the two take
turns, in blocks, and the medians count. A call that is longer than `--limit` is made once only, the one that was
compared. The programs and their sizes are in reported_cases.py.
"""

import argparse
import importlib.metadata
import json
import os
import re
import statistics
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("JCONV_TUNED", "")  # the choice as it is out of the box

import jax
import jax.numpy as jnp
import numpy as np
from reported_cases import REPORTS, Report
from reported_table import SHORT, gain, reported, reported_in_short
from run import commit, write_json
from timing import machine

import jconv

SIDES = {"stock": nullcontext, "install": jconv.installed}
BLOCKS = 3
# What a value may be off by, relative to the largest of its array: both sides round, and FFT and Winograd are allowed
# what run.py allows them. The halves are a few units of their own eps, for chains of layers round once in each.
TOLERANCE = {"float64": 1e-12, "float32": 3e-5, "bfloat16": 3e-2, "float16": 4e-3}


def draw(shapes: Any) -> Any:
    """Normal numbers for every shape of a tree."""
    generator = np.random.default_rng(0)
    return jax.tree.map(lambda s: jnp.asarray(generator.standard_normal(s.shape, np.float32), s.dtype), shapes)


def compiled(function: Any, args: tuple, side: str) -> tuple[jax.stages.Compiled, float]:
    """The executable, and the seconds to trace, lower and compile it."""
    jax.clear_caches()
    start = time.perf_counter()
    with SIDES[side]():
        executable = jax.jit(lambda *args: function(*args)).lower(*args).compile()
    return executable, time.perf_counter() - start


def difference(value: Any, stock: Any) -> tuple[float, float]:
    """The worst array's largest difference, relative to its largest number, and the tolerance of its type.

    Raises:
        AssertionError: it is over the tolerance, or the values are of different kinds.
    """
    assert jax.tree.structure(value) == jax.tree.structure(stock)
    found = []
    for mine, theirs in zip(jax.tree.leaves(value), jax.tree.leaves(stock), strict=True):
        assert (mine.shape, mine.dtype) == (theirs.shape, theirs.dtype)
        allowed, theirs = TOLERANCE[str(mine.dtype)], np.asarray(theirs, np.float64)
        off = float(np.abs(np.asarray(mine, np.float64) - theirs).max() / np.abs(theirs).max())
        if not off <= allowed:
            raise AssertionError(f"off by {off:.2g} of the largest value, where {allowed:.2g} is allowed")
        found.append((off, allowed))
    return max(found, key=lambda pair: pair[0] / pair[1])


def once(executable: jax.stages.Compiled, args: tuple) -> tuple[Any, float]:
    """The value, and the seconds of the call."""
    start = time.perf_counter()
    value = jax.block_until_ready(executable(*args))
    return value, time.perf_counter() - start


def samples(executables: dict[str, jax.stages.Compiled], args: tuple, seconds: float) -> dict[str, list[float]]:
    """Seconds of single calls: each side has `BLOCKS` blocks, which alternate, `seconds` in all or a call a block."""
    taken: dict[str, list[float]] = {side: [] for side in executables}
    for _ in range(BLOCKS):
        for side, executable in executables.items():
            start = time.perf_counter()
            while True:
                taken[side].append(once(executable, args)[1])
                if time.perf_counter() - start >= seconds / BLOCKS:
                    break
    return taken


def record(report: Report, sizes: dict[str, int], seconds: float, limit: float) -> dict[str, Any]:
    """One row: both sides compiled, compared and timed."""
    with jax.enable_x64(report.x64):
        function, shapes = report.build(**sizes)
        args = draw(shapes)
        built = {side: compiled(function, args, side) for side in SIDES}
        first = {side: once(executable, args) for side, (executable, _) in built.items()}
        off, allowed = difference(first["install"][0], first["stock"][0])
        quick = {side: built[side][0] for side in SIDES if first[side][1] <= limit}
        taken = {side: [first[side][1]] for side in SIDES} | samples(quick, args, seconds)
    row: dict[str, Any] = {name: getattr(report, name) for name in ("thread", "name", "what", "directions", "size")}
    row |= {"difference": off, "tolerance": allowed}
    row["algorithms"] = sorted(set(re.findall(r"jconv\.(\w+)", built["install"][0].as_text())))
    for side, times in taken.items():
        quartiles = statistics.quantiles(times, n=4) if len(times) > 1 else times * 3
        row[side] = {"compile_s": built[side][1], "quartiles_s": quartiles, "calls": len(times)}
    return row


def versions() -> dict[str, str]:
    """The versions of whose layers are run, and jconv's."""
    return {name: importlib.metadata.version(name) for name in ("flax", "equinox", "jconv")}


def main() -> None:
    """Time and write, or print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, required=True, help="where the results go, or are")
    parser.add_argument("--table", action="store_true", help="print the tables of the file, and time nothing")
    parser.add_argument("--only", nargs="*", default=[r.name for r in REPORTS], help="names of rows")
    parser.add_argument("--seconds", type=float, default=1.5, help="for each side of a row (default: 1.5)")
    parser.add_argument("--limit", type=float, default=4.0, help="a longer call, in s, is made once (default: 4)")
    arguments = parser.parse_args()
    if arguments.table:
        results = json.loads(arguments.json.read_text())
        print(reported(results), reported_in_short(results), sep="\n\n")
        return
    content: dict[str, Any] = {"machine": machine(), "versions": versions(), "commit": commit()}
    content |= {"date": str(np.datetime64("today")), "rows": []}
    for report in (r for r in REPORTS if r.name in arguments.only):
        row = record(report, report.posted, arguments.seconds, arguments.limit)
        content["rows"].append(row)
        stock, mine = (1e3 * row[side]["quartiles_s"][1] for side in SIDES)
        print(f"{report.thread:12} {report.name:19} {stock:9.2f} ms, {mine:8.2f} ms: {gain(row):8.2f}", flush=True)
        write_json(arguments.json, content)
    print("", reported(content), sep="\n")
    if set(SHORT) <= {row["name"] for row in content["rows"]}:
        print("", reported_in_short(content), sep="\n")


if __name__ == "__main__":
    main()
