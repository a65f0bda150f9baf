"""Training steps of four networks: stock Flax and optax, the same with `jconv.install()`, and PyTorch.

    python benchmarks/training.py --json training.json

Each step is timed alone ("outside") and as a step of a loop ("inside" `lax.scan`, per step); PyTorch, which
has no such loop, alone. Each library has a block of its own: all networks in stock JAX, then all with jconv,
then PyTorch, whose threads so disturb nothing. All start from the same parameters, and before anything is
timed the first steps are compared: their losses, and how far they move each parameter.

Where PyTorch is not installed beside JAX, its block can run in another interpreter, right before or after:

    python3.11 benchmarks/training.py --libraries torch --json torch.json
    python3.13 benchmarks/training.py --libraries stock,installed --torch-json torch.json
"""

import argparse
import json
import math
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("JCONV_TUNED", "")  # the choice as it is out of the box

import jax
import models_flax
import numpy as np
from run import commit
from timing import Timing, machine

from jconv import install, uninstall
from jconv._files import write_files

LIBRARIES = ("stock", "installed", "torch")
FORMS = ("outside", "inside")
LENGTH = 3  # steps in the loop
LEAST = 3  # rounds: stock JAX inside a loop can need seconds for one
TOLERANCE = 1e-2  # of what the first steps do, relative: where rounding moves a value past a kink, more than eps


def compile_jitted(function: Callable[..., Any], args: tuple, times: int) -> tuple[Callable[..., Any], float]:
    """Trace, lower and compile anew, `times` times; the executable, and the median of the seconds."""
    seconds = []
    for _ in range(times):
        jax.clear_caches()
        start = time.perf_counter()
        compiled = jax.jit(lambda *args: function(*args)).lower(*args).compile()
        seconds.append(time.perf_counter() - start)
    return compiled, statistics.median(seconds)


def sample(calls: dict[str, tuple[Callable[[], Any], int]], seconds: float) -> dict[str, list[float]]:
    """Seconds of the calls, in rounds: what disturbs the machine disturbs all of them.

    Args:
        calls: by name, what to call and how often in one round.
        seconds: for how long; there are at least `LEAST` rounds, after one to warm up.
    """

    def run_round() -> dict[str, list[float]]:
        taken: dict[str, list[float]] = {name: [] for name in calls}
        for name, (call, times) in calls.items():
            for _ in range(times):
                start = time.perf_counter()
                call()
                taken[name].append(time.perf_counter() - start)
        return taken

    run_round()
    rounds: list[dict[str, list[float]]] = []
    end = time.perf_counter() + seconds
    while len(rounds) < LEAST or time.perf_counter() < end:
        rounds.append(run_round())
    return {name: [s for taken in rounds for s in taken[name]] for name in calls}


def summary(samples: list[float], compile_seconds: float = 0.0, steps: int = 1) -> dict[str, float]:
    """Compile time, and quartiles per step."""
    return Timing(compile_seconds, *(s / steps for s in statistics.quantiles(samples, n=4)))._asdict()


def check(model: str, what: str, values: list[float], expected: list[float] | None) -> None:
    """Refuse to time what computes something else; where nothing is expected, what is not finite."""
    expected = expected or values
    if not np.allclose(values, expected, rtol=TOLERANCE, atol=TOLERANCE * statistics.median(expected)):
        raise SystemExit(f"{model}, {what}: losses and changes {values}, expected {expected}")


def jax_record(library: str, model: str, options: argparse.Namespace, expected: list[float] | None) -> dict:
    """Compile, check and time one network's step in JAX, as convolutions are lowered now."""
    training = models_flax.training(model, LENGTH)
    args = (training.state, *map(jax.numpy.asarray, models_flax.batch(model)))
    compiled = {
        form: compile_jitted(function, args, options.compiles)
        for form, function in zip(FORMS, (training.step, training.steps), strict=True)
    }
    step, loop = (compiled[form][0] for form in FORMS)
    state, losses = args[0], []
    for _ in range(LENGTH):
        state, loss = step(state, *args[1:])
        losses.append(float(loss))
    values = losses + training.changes(state)
    check(model, f"{library} outside", values, expected)
    state, losses = loop(*args)
    inside = np.asarray(losses).tolist() + training.changes(state)
    check(model, f"{library} inside", inside, expected or values)
    samples = sample(
        {
            "outside": (lambda: jax.block_until_ready(step(*args)), LENGTH),
            "inside": (lambda: jax.block_until_ready(loop(*args)), 1),
        },
        options.seconds,
    )
    return {
        "model": model,
        "library": library,
        "parameters": sum(p.size for p in training.parameters.values()),
        "values": values,
        "outside": summary(samples["outside"], compiled["outside"][1]),
        "inside": summary(samples["inside"], compiled["inside"][1], LENGTH),
    }


def torch_record(model: str, options: argparse.Namespace, expected: list[float] | None) -> dict:
    """Check and time one network's step in PyTorch, which starts from Flax's parameters."""
    import models_torch

    parameters = models_flax.training(model, LENGTH).parameters
    step, changes, count = models_torch.training(
        model,
        parameters,
        *models_flax.batch(model),
        learning_rate=models_flax.LEARNING_RATE,
        momentum=models_flax.MOMENTUM,
        classes=models_flax.CLASSES,
    )
    values = [float(step()) for _ in range(LENGTH)] + changes()
    check(model, "torch", values, expected)
    samples = sample({"outside": (step, LENGTH)}, options.seconds)["outside"]
    known = {"model": model, "library": "torch", "parameters": count, "values": values}
    return known | {"outside": summary(samples)}


def warm_up() -> None:
    """Compile a small convolution's gradient, so that the first network's compile time has no imports."""
    x, kernel = jax.numpy.ones((1, 4, 8, 8)), jax.numpy.ones((4, 4, 3, 3))

    def loss(kernel: jax.Array) -> jax.Array:
        return jax.lax.conv(x, kernel, (1, 1), "SAME").sum()

    jax.block_until_ready(jax.jit(jax.grad(loss))(kernel))


def run_block(library: str, options: argparse.Namespace, values: dict[str, list[float]]) -> list[dict]:
    """All networks by one library; `values`, by network, are what the first library that ran found."""
    (install if library == "installed" else uninstall)()
    jax.clear_caches()
    if library != "torch":
        warm_up()
    records = []
    for model in options.models:
        timed = torch_record if library == "torch" else partial(jax_record, library)
        record = timed(model, options, values.get(model))
        values.setdefault(model, record["values"])
        records.append(record)
        print(f"  {library} {model}: {1e3 * record['outside']['median']:.1f} ms", flush=True)
    uninstall()
    return records


def read_torch(path: Path, models: list[str], values: dict[str, list[float]]) -> tuple[list[dict], str]:
    """PyTorch's records of an earlier run on this machine, checked, and the line that says whose they are."""
    content = json.loads(path.read_text())
    here, there = (line.split(", Python")[0] for line in (machine(), content["machine"]))
    if here != there:
        raise SystemExit(f"{path}: timed on {there}, this is {here}")
    records = {r["model"]: r for r in content["records"] if r["library"] == "torch"}
    if missing := set(models) - set(records):
        raise SystemExit(f"{path}: nothing of PyTorch's {', '.join(missing)}")
    for model, expected in values.items():
        check(model, f"torch in {path}", records[model]["values"], expected)
    return [records[model] for model in models], f"another process, {content['written']}: {content['torch']}"


def geometric_mean(values: list[float]) -> float:
    """Of positive numbers."""
    return math.exp(statistics.fmean(map(math.log, values)))


def print_times(records: list[dict]) -> None:
    """Median and quartiles of a step in ms, outside and inside, and compile times."""

    def cell(timing: dict[str, float]) -> str:
        low, median, high = (1e3 * timing[name] for name in ("low", "median", "high"))
        return f"{median:.2f} ({low:.2f}-{high:.2f})"

    print(f"\n{'':22} {'outside, ms':>26} {'inside, ms a step':>26} {'in/out':>7} {'compile, s':>14}")
    for r in records:
        line = f"{r['model']:>11} {r['library']:<10} {cell(r['outside']):>26}"
        if "inside" in r:
            compiles = f"{r['outside']['compile']:6.2f} {r['inside']['compile']:6.2f}"
            ratio = r["inside"]["median"] / r["outside"]["median"]
            line += f" {cell(r['inside']):>26} {ratio:7.2f} {compiles:>14}"
        print(line)


def ratios(records: list[dict]) -> dict[str, dict[str, float]]:
    """By network: how many times faster jconv is, what a loop costs, what compilation costs; where known."""
    found = {(r["library"], r["model"]): r for r in records}
    result: dict[str, dict[str, float]] = {}
    for model in dict.fromkeys(r["model"] for r in records):
        row = result[model] = {}
        stock, jconv, torch = (found.get((library, model)) for library in LIBRARIES)
        if not jconv:
            continue
        row["inside / outside"] = jconv["inside"]["median"] / jconv["outside"]["median"]
        for form in FORMS:
            if stock:
                row[f"vs stock, {form}"] = stock[form]["median"] / jconv[form]["median"]
                row[f"compile, {form}"] = jconv[form]["compile"] / stock[form]["compile"]
            if torch:
                row[f"vs torch, {form}"] = torch["outside"]["median"] / jconv[form]["median"]
    return result


def print_ratios(by_model: dict[str, dict[str, float]]) -> dict[str, float]:
    """The table of ratios, with geometric means, which are returned."""
    rows = {name: [row[name] for row in by_model.values()] for name in next(iter(by_model.values()))}
    means = {name: geometric_mean(values) for name, values in rows.items()}
    if rows:
        print(f"\n{'with install()':<22}", *(f"{model:>10}" for model in by_model), f"{'geo. mean':>10}")
    for name, values in rows.items():
        print(f"{name:<22}", *(f"{value:10.2f}" for value in values), f"{means[name]:10.2f}")
    for peer in ("stock", "torch"):
        if both := [means[name] for name in rows if name.startswith(f"vs {peer}")]:
            means[f"vs {peer}"] = geometric_mean(both)
            print(f"times faster than {peer}, geometric mean of both: {means[f'vs {peer}']:.2f}")
    return means


def main(options: argparse.Namespace) -> None:
    """Run the blocks, print the tables, write the file."""
    content: dict[str, Any] = {"machine": machine(), "commit": commit()}
    content["written"] = time.strftime("%Y-%m-%d %H:%M:%S %z")
    print(f"batch {models_flax.BATCH}, float32, SGD with momentum; {content['machine']}", flush=True)
    values: dict[str, list[float]] = {}
    records: list[dict] = []
    for library in (name for name in LIBRARIES if name in options.libraries):
        records += run_block(library, options, values)
    if "torch" in options.libraries:
        import models_torch

        content["torch"] = models_torch.version()
    elif options.torch_json:
        found, content["torch"] = read_torch(options.torch_json, options.models, values)
        records += found
    print(f"PyTorch: {content.get('torch', 'not timed')}; {LENGTH} steps in the loop")
    for model in options.models:
        counts = {r["library"]: r["parameters"] for r in records if r["model"] == model}
        if len(set(counts.values())) != 1:
            raise SystemExit(f"{model}: the numbers of parameters differ, {counts}")
        print(f"{model}: {next(iter(counts.values())):,} parameters in {', '.join(counts)}")
    records.sort(key=lambda r: options.models.index(r["model"]))
    print_times(records)
    content |= {"records": records, "ratios": ratios(records)}
    content["means"] = print_ratios(content["ratios"])
    if options.json:
        write_files(options.json.parent, {options.json.name: json.dumps(content, indent=1).encode() + b"\n"})


def names(known: tuple[str, ...], text: str) -> list[str]:
    """Some of the known names, with commas between them."""
    if unknown := set(text.split(",")) - set(known):
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not among {', '.join(known)}")
    return text.split(",")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    models = tuple(models_flax.MODELS)
    parser.add_argument("--models", type=partial(names, models), default=models, help="names, with commas")
    parser.add_argument("--libraries", type=partial(names, LIBRARIES), default=LIBRARIES, help="the same")
    parser.add_argument("--seconds", type=float, default=8.0, help="per network and library (default: 8)")
    parser.add_argument("--compiles", type=int, default=3, help="of which the median is (default: 3)")
    parser.add_argument("--json", type=Path, help="file to write")
    parser.add_argument("--torch-json", type=Path, help="file of PyTorch's figures, just now, here")
    given = parser.parse_args()
    if "torch" in given.libraries and not find_spec("torch"):
        parser.error("this interpreter has no PyTorch: --libraries stock,installed, and see --torch-json")
    main(given)
