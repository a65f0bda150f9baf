"""Time every workload in every direction: jconv's choice, each algorithm, jax's own convolution and PyTorch.

    python benchmarks/run.py --json benchmarks/results/cpu.json

Values are checked before they are timed, PyTorch's too. PyTorch runs first, in a block of its own; on a GPU
it needs CUDA. In an interpreter without PyTorch its figures can come from a run of this script in another,
on the same machine: --torch-json. With --again the file is kept, and PyTorch, `jax.lax`, jconv's choice and
the algorithms that are near the best are timed once more: of the two medians the lesser counts, for what else
runs on a machine only ever slows a computation down. The code must still be the same.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import subprocess
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("JCONV_TUNED", "")  # the choice as it is out of the box

import jax
import jax.numpy as jnp
import numpy as np
from timing import copy_rate, dot_rate, machine, time_compiled
from workloads import DIRECTIONS, WORKLOADS, Workload, directed

import jconv
from jconv._algorithms import ALGORITHMS
from jconv._choice.choose import choose_algorithm
from jconv._equation.as_json import problem_to_json
from jconv._files import write_files
from jconv._programs.trace import own_problems

# What a value may be off by, in units of float32's eps of the largest: FFT and Winograd are allowed this much.
TOLERANCE = 240
# What is added where factors are rounded before they are multiplied, as GPUs (to TF32) and TPUs do by themselves.
ROUNDED_FACTORS = 2**-7
# The chapters of jconv on which a figure depends.
COMPUTES = ("_equation", "_rewrites", "_algorithms", "_primitive", "_verbs")
# What took less than so many times the least is timed again.
NEAR = 1.8


def cotangent_of(workload: Workload, x, kernel):
    """Normal numbers of the shape of y."""
    y = jax.eval_shape(workload.convolve(jax.lax.conv_general_dilated), x, kernel)
    return jnp.asarray(np.random.default_rng(1).normal(size=y.shape), y.dtype)


def true_value(workload: Workload, direction: str, *operands) -> np.ndarray:
    """What `jax.lax` gives of the same numbers in float32, with whole products."""
    convolve = workload.convolve(partial(jax.lax.conv_general_dilated, precision="highest"))
    wide = (operand.astype("float32") for operand in operands)
    return np.asarray(jax.jit(directed(convolve, direction))(*wide), np.float64)


def check(value, truth: np.ndarray, whose: str) -> None:
    """Stop if a value is not what the truth is, within what its type and the device's products allow."""
    tolerance = TOLERANCE * float(jnp.finfo("float32").eps) + 2 * float(jnp.finfo(value.dtype).eps)
    if jax.default_backend() != "cpu":
        tolerance += ROUNDED_FACTORS
    if value.shape != truth.shape:
        raise AssertionError(f"{whose}: shape {value.shape} where {truth.shape} is due")
    error = np.abs(np.asarray(value, np.float64) - truth).max() / np.abs(truth).max()
    if not error <= tolerance:
        raise AssertionError(f"{whose}: off by {error:.2g} of the largest value, where {tolerance:.2g} is allowed")


def candidates(only_auto: bool, before: dict):
    """Name -> function of lax's arguments; where there are figures already, those that are near the best."""
    names = ["auto"] if only_auto else ["auto", *ALGORITHMS]
    if before:
        medians = {n: before[n]["quartiles_s"][1] for n in names if "quartiles_s" in before.get(n, {})}
        names = ["auto", *(n for n in medians if n != "auto" and medians[n] < NEAR * min(medians.values()))]
    return {"jax.lax": jax.lax.conv_general_dilated} | {
        name: partial(jconv.conv_general_dilated, algorithm=name) for name in names
    }


def time_workload(workload: Workload, direction: str, *, seconds: float, only_auto: bool, before: dict) -> dict:
    """One row: a record per candidate, or the earlier one if it was faster."""
    x, kernel = workload.operands()
    cotangent = cotangent_of(workload, x, kernel)
    chosen = choose_algorithm(problem_of(workload, direction), jax.default_backend()).name
    if before and before["auto"]["algorithm"] != chosen:
        before = {name: record for name, record in before.items() if name != "auto"}
    truth, row = true_value(workload, direction, x, kernel, cotangent), dict(before)
    for name, convolve in candidates(only_auto, before).items():
        function = directed(workload.convolve(convolve), direction)
        try:
            lowered = jax.jit(function).lower(x, kernel, cotangent)
        except NotImplementedError as reason:
            row[name] = {"unsupported": str(reason)}
            continue
        checked = partial(check, truth=truth, whose=f"{workload.name}, {direction}, {name}")
        timing, compiled = time_compiled(lowered, x, kernel, cotangent, seconds=seconds, check=checked)
        found = {
            "compile_s": timing.compile,
            "quartiles_s": [timing.low, timing.median, timing.high],
            "temporary_bytes": compiled.memory_analysis().temp_size_in_bytes,
        }
        if name not in before or timing.median < before[name]["quartiles_s"][1]:
            row[name] = found
    problem = problem_of(workload, direction)
    row["auto"]["algorithm"] = chosen
    row["problem"] = {
        "multiply_adds": problem.multiply_adds,
        "operand_bytes": problem.operand_bytes,
        "equation": problem_to_json(problem),
    }
    return row


def problem_of(workload: Workload, direction: str) -> jconv.ConvProblem:
    """The problem that the direction poses, which is the last convolution traced."""
    x, kernel = workload.operands()
    cotangent = cotangent_of(workload, x, kernel)
    function = directed(workload.convolve(jconv.conv_general_dilated), direction)
    return own_problems(jax.make_jaxpr(function)(x, kernel, cotangent))[-1]


def torch_rows(seconds: float, names: set[str]) -> dict:
    """PyTorch's quartiles, for every workload and direction."""
    from torch_peer import as_jax, time_torch, torch_directed, torch_operands

    rows, device = {}, "cpu" if jax.default_backend() == "cpu" else "cuda"
    for workload in (w for w in WORKLOADS if w.name in names):
        x, kernel = workload.operands()
        cotangent = cotangent_of(workload, x, kernel)
        operands = torch_operands(workload, x, kernel, cotangent, device)
        for direction in DIRECTIONS:
            function = torch_directed(workload, direction)
            value = jnp.asarray(as_jax(workload, direction, function(*operands)), workload.dtype)
            truth = true_value(workload, direction, x, kernel, cotangent)
            check(value, truth, f"{workload.name}, {direction}, PyTorch")
            quartiles = time_torch(function, *operands, seconds=seconds)
            rows[f"{workload.name}, {direction}"] = quartiles
            print(f"PyTorch  {workload.name:12} {direction:16} {1e3 * quartiles[1]:9.2f} ms", flush=True)
    return rows


def commit() -> str:
    """The commit that was measured."""
    shown = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return shown.stdout.strip() or "unknown"


def code() -> str:
    """A digest of what computes in jconv, not of what chooses: figures of different code are not mixed."""
    folder = Path(jconv.__file__).parent
    files = sorted(path for name in COMPUTES for path in (folder / name).rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def write_json(path: Path, content: dict) -> None:
    """Write all at once, or not at all; a list of rows with a line for each."""
    text = json.dumps(content, indent=1)
    if isinstance(content.get("rows"), list):
        lines = ",\n  ".join(json.dumps(row) for row in content["rows"])
        text = json.dumps(content | {"rows": []}, indent=1).replace('"rows": []', f'"rows": [\n  {lines}\n ]')
    write_files(path.absolute().parent, {path.name: f"{text}\n".encode()})


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, required=True, help="where the results go")
    parser.add_argument("--seconds", type=float, default=0.5, help="time spent on each figure (default: 0.5)")
    parser.add_argument("--only", nargs="*", default=[w.name for w in WORKLOADS], help="names of workloads")
    parser.add_argument("--only-auto", action="store_true", help="leave out the single algorithms")
    parser.add_argument("--again", action="store_true", help="time once more what the file has")
    parser.add_argument("--torch-json", type=Path, help="take PyTorch's figures from this file")
    arguments = parser.parse_args()
    names = set(arguments.only)
    content = {"machine": machine(), "commit": commit(), "code": code(), "date": str(np.datetime64("today"))}
    earlier = json.loads(arguments.json.read_text()) if arguments.again else {"rows": {}}
    if arguments.again and earlier["machine"] != content["machine"]:
        parser.error(f"{arguments.json} was timed on {earlier['machine']}, this is {content['machine']}")
    if arguments.again and earlier.get("code") != content["code"]:
        parser.error(f"{arguments.json} was timed with other code: run once without --again")
    if arguments.torch_json:
        there = json.loads(arguments.torch_json.read_text())
        content |= {name: there[name] for name in ("torch", "torch_version", "torch_passes")}
    elif importlib.util.find_spec("torch"):
        rows = torch_rows(arguments.seconds, names)
        for name, quartiles in earlier.get("torch", {}).items():
            rows[name] = min(quartiles, rows.get(name, quartiles), key=lambda q: q[1])
        content |= {"torch": rows, "torch_version": torch_version(), "torch_passes": earlier.get("passes", 0) + 1}
    content["passes"] = earlier.get("passes", 0) + 1
    rates = {"dot_rate": dot_rate(), "dot_rate_bfloat16": dot_rate("bfloat16"), "copy_rate": copy_rate()}
    content |= {name: max(rate, earlier.get(name, 0)) for name, rate in rates.items()}
    content["rows"] = earlier["rows"]
    for workload in (w for w in WORKLOADS if w.name in names):
        for direction in DIRECTIONS:
            name = f"{workload.name}, {direction}"
            row = time_workload(
                workload,
                direction,
                seconds=arguments.seconds,
                only_auto=arguments.only_auto,
                before=earlier["rows"].get(name, {}),
            )
            content["rows"][name] = row
            shown = {n: f"{1e3 * r['quartiles_s'][1]:.2f}" for n, r in row.items() if "quartiles_s" in r}
            print(f"{workload.name:12} {direction:16} {row['auto']['algorithm']:9} {shown}", flush=True)
            write_json(arguments.json, content)


def torch_version() -> str:
    """PyTorch's version."""
    import torch

    return torch.__version__


if __name__ == "__main__":
    main()
