"""What it takes before the first step: to trace, lower and compile a convolution, in three forms.

    python benchmarks/tracing.py --only resnet-56 convnext

For every workload and direction: `jax.lax`'s convolution as it is, the same under `jconv.install()`, and
`jconv.conv_general_dilated`. The last two compile the same algorithm, so they should take the same time. Each figure is
the least of some repetitions in turns, each of a function of its own, with JAX's caches cleared.
"""

import argparse
import os
import time
from contextlib import nullcontext
from pathlib import Path

os.environ.setdefault("JCONV_TUNED", "")  # the choice as it is out of the box

import jax
import numpy as np
from run import commit, cotangent_of, write_json
from timing import machine
from workloads import DIRECTIONS, WORKLOADS, Workload, directed

import jconv

FORMS = ("jax.lax", "installed", "jconv")
STEPS = ("trace", "lower", "compile")


def seconds(form: str, workload: Workload, direction: str, operands: tuple) -> list[float]:
    """Seconds to trace, to lower and to compile one form."""
    jax.clear_caches()
    verb = jconv.conv_general_dilated if form == "jconv" else jax.lax.conv_general_dilated
    with jconv.installed() if form == "installed" else nullcontext():
        clock = [time.perf_counter()]
        traced = jax.jit(directed(workload.convolve(verb), direction)).trace(*operands)
        clock.append(time.perf_counter())
        lowered = traced.lower()
        clock.append(time.perf_counter())
        lowered.compile()
        clock.append(time.perf_counter())
    return list(np.diff(clock))


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="where the results go")
    parser.add_argument("--only", nargs="*", default=[w.name for w in WORKLOADS], help="names of workloads")
    parser.add_argument("--repeat", type=int, default=3, help="how often each is done (default: 3)")
    arguments = parser.parse_args()
    rows = []
    for workload in (w for w in WORKLOADS if w.name in arguments.only):
        x, kernel = workload.operands()
        operands = (x, kernel, cotangent_of(workload, x, kernel))
        for direction in DIRECTIONS:
            found = {form: [] for form in FORMS}
            for _ in range(arguments.repeat):
                for form in FORMS:
                    found[form].append(seconds(form, workload, direction, operands))
            least = {form: np.min(taken, axis=0).tolist() for form, taken in found.items()}
            rows.append({"workload": workload.name, "direction": direction} | least)
            shown = "   ".join(f"{form} " + " ".join(f"{1e3 * s:6.1f}" for s in least[form]) for form in FORMS)
            print(f"{workload.name:12} {direction:16} {shown}   jconv / installed {ratio(least):.2f}", flush=True)
    print(f"jconv / installed, all steps: {np.exp(np.mean(np.log([ratio(row) for row in rows]))):.2f} in the mean")
    for number, step in enumerate(STEPS):
        ratios = [row["jconv"][number] / row["installed"][number] for row in rows]
        print(f"    {step:8} {np.exp(np.mean(np.log(ratios))):.2f} in the mean, {max(ratios):.2f} at most")
    if arguments.json:
        write_json(arguments.json, {"machine": machine(), "commit": commit(), "rows": rows})


def ratio(row: dict[str, list[float]]) -> float:
    """How many times longer jconv's own form takes than JAX's under `install`, all steps together."""
    return sum(row["jconv"]) / sum(row["installed"])


if __name__ == "__main__":
    main()
