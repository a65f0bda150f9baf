"""The regret of the choice: the chosen algorithm's time over the best one's, on random layers not used to fit.

    python benchmarks/regret.py --json benchmarks/results/regret.json
    python benchmarks/regret.py --seed 1 --count 330 --likely --seconds 0.1 --json layers-1.json

Layers are drawn as people size them, by a fixed seed, each in one of its three directions. The second command measures
what fit_rates.py fits to; benchmarks/results/layers.json joins the rows of such runs, whose seeds it names.
"""

import argparse
import os
import random
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("JCONV_TUNED", "")  # the choice as it is out of the box

import jax
import models_flax
import numpy as np
from run import commit, write_json
from timing import machine

from jconv import ConvProblem, choose_algorithm
from jconv._algorithms import ALGORITHMS
from jconv._choice.limits import why_not_auto
from jconv._choice.seconds import compile_seconds, predicted_times
from jconv._equation.as_json import problem_to_json
from jconv._equation.problem import Axis
from jconv._programs.explanation import describe
from jconv._programs.measure import measure
from jconv._programs.trace import traced_problems

DIRECTIONS = {
    "forward": lambda layer: layer,
    "input gradient": ConvProblem.gradient_x,
    "kernel gradient": ConvProblem.gradient_w,
}
# Multiply-adds of a layer: more than a trifle, less than a second.
LEAST_WORK, MOST_WORK = 10**6, 3 * 10**9
# How often those near the best are measured again.
AGAIN = 4
# With --likely, what is predicted to take more than so many times the least is not measured.
LIKELY = 16


def random_layer(draw: random.Random) -> ConvProblem:
    """A layer of a network, SAME padding: dense, grouped, depthwise, strided, dilated or transposed; 1-D to 3-D."""
    while True:
        rank = draw.choice([1, 1, 2, 2, 2, 2, 3])
        size = {1: (256, 8192), 2: (14, 256), 3: (8, 40)}[rank]
        axes: list[Axis] = []
        dilation = draw.choice([1, 1, 1, 1, 2])
        step = draw.choice([1, 1, 1, 2])
        transposed = step > 1 and draw.random() < 0.4
        window = draw.choice({1: [3, 4, 5, 7, 16, 31, 127], 2: [1, 3, 3, 3, 5, 7, 11], 3: [2, 3, 3, 5]}[rank])
        for _ in range(rank):
            i = round(np.exp(draw.uniform(*np.log(size))))
            s, e = (1, step) if transposed else (step, 1)
            o = i * step if transposed else -(-i // step)
            axes.append(Axis(i, window, o, s, e, dilation, low=dilation * (window - 1) // 2))
        groups, c_in, c_out = 1, 2 ** draw.randint(0, 8), 2 ** draw.randint(0, 8)
        kind = draw.random()
        if kind < 0.25:  # depthwise
            groups, c_in, c_out = max(c_in, c_out), 1, 1
        elif kind < 0.4:  # grouped
            groups = draw.choice([2, 4, 8, 32])
            c_in, c_out = max(1, c_in // groups), max(1, c_out // groups)
        columns = zip(*axes, strict=True)
        float32 = np.dtype("float32")
        layer = ConvProblem(draw.choice([1, 2, 4, 8, 16]), groups, c_in, c_out, *columns, float32, float32, float32)
        if LEAST_WORK < layer.multiply_adds < MOST_WORK and layer.operand_bytes < 2**28:
            return layer


def random_layers(arguments: argparse.Namespace) -> Iterator[tuple[dict, str, ConvProblem]]:
    """Each layer described, one of its directions, and the problem which that is."""
    draw = random.Random(arguments.seed)
    for _ in range(arguments.count):
        layer, direction = random_layer(draw), draw.choice(list(DIRECTIONS))
        described = {name: getattr(layer, name) for name in ("batch", "groups", "c_in", "c_out")}
        described["axes"] = [list(axis) for axis in layer.axes]
        yield described, direction, DIRECTIONS[direction](layer)


def network_layers() -> Iterator[tuple[str, str, ConvProblem]]:
    """The same of the training steps of training.py."""
    for name in models_flax.MODELS:
        training = models_flax.training(name, 1)
        args = (training.state, *map(jax.numpy.asarray, models_flax.batch(name)))
        for problem in traced_problems(training.step, *args):
            yield describe(problem), name, problem


def contenders(problem: ConvProblem, platform: str, *, likely: bool) -> list[str]:
    """The algorithms that may be chosen, the chosen one first."""
    chosen = choose_algorithm(problem, platform).name
    times = {
        name: time + compile_seconds(ALGORITHMS[name], problem, platform)
        for name, time in predicted_times(problem, platform).items()
        if not why_not_auto(problem, platform, ALGORITHMS[name])
    }
    tried = (n for n, time in times.items() if not likely or time < LIKELY * min(times.values()))
    return [chosen, *(n for n in tried if n != chosen)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, required=True, help="where the results go")
    parser.add_argument("--networks", action="store_true", help="the layers of training.py's networks instead")
    parser.add_argument("--likely", action="store_true", help="leave out what is predicted to be hopeless")
    parser.add_argument("--count", type=int, default=30, help="how many layers (default: 30)")
    parser.add_argument("--seed", type=int, default=1900, help="for the layers (default: 1900)")
    parser.add_argument("--seconds", type=float, default=0.2, help="time spent on each figure (default: 0.2)")
    arguments = parser.parse_args()
    platform, rows = jax.default_backend(), []
    for described, direction, problem in network_layers() if arguments.networks else random_layers(arguments):
        names = contenders(problem, platform, likely=arguments.likely)
        measured = measure(problem, names, seconds=arguments.seconds, most_bytes=2**33, again=AGAIN)
        chosen, times = names[0], dict(measured.seconds)
        regret = times[chosen] / min(times.values())
        found = {"chosen": chosen, "regret": regret, "seconds": times, "problem": problem_to_json(problem)}
        rows.append({"layer": described, "direction": direction} | found)
        shown = {name: f"{1e3 * seconds:.2f}" for name, seconds in sorted(times.items(), key=lambda item: item[1])}
        print(f"{regret:5.2f}  {chosen:9}  {direction:15}  {described}  {shown}", flush=True)
    regrets = [row["regret"] for row in rows]
    mean, worst = float(np.exp(np.mean(np.log(regrets)))), max(regrets)
    print(f"regret: geometric mean {mean:.3f}, worst {worst:.2f}")
    head = {"machine": machine(), "commit": commit(), "date": str(np.datetime64("today")), "seed": arguments.seed}
    head |= {"networks": arguments.networks, "likely": arguments.likely}
    write_json(arguments.json, head | {"mean": mean, "worst": worst, "rows": rows})


if __name__ == "__main__":
    main()
