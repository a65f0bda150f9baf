"""Fit the cost model's constants to measured times, and report the regret of its choices.

    python benchmarks/regret.py --seed 1 --count 110 --json layers.json
    python benchmarks/fit_rates.py benchmarks/results/cpu.json layers.json

Takes files of run.py and of regret.py. Prints the table for jconv/_rates.py: per algorithm the seconds per
multiply-add, byte, byte of temporaries and call. They are fitted to the times first, and then varied for as
long as that lowers the regret: the time of the algorithm chosen over that of the best.
"""

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from jconv._algorithms import ALGORITHMS
from jconv._choose import set_aside, what_takes_time
from jconv._problem_json import problem_from_json

# Seconds per multiply-add, byte, byte of fresh memory and call, where the times do not say otherwise.
USUAL = np.log([8e-12, 2e-11, 4e-10, 3e-6])
# How much the worst regrets weigh beside the mean: the sum of their squared logarithms is added to the mean's.
WORST_WEIGHS = 0.5


class Sample(NamedTuple):
    """One problem: its name, and for each algorithm that auto may take, what it costs and took."""

    name: str
    costs: dict[str, np.ndarray]
    seconds: dict[str, float]


def samples_of(results: dict) -> list[Sample]:
    """The samples of a file of run.py or regret.py, with the costs as the code has them now."""
    if isinstance(results["rows"], dict):
        rows = {
            name: (row["problem"]["equation"], {n: r["quartiles_s"][1] for n, r in row.items() if "quartiles_s" in r})
            for name, row in results["rows"].items()
        }
    else:
        rows = {f"{r['layer']}, {r['direction']}": (r["problem"], r["seconds"]) for r in results["rows"]}
    samples = []
    for name, (equation, seconds) in rows.items():
        problem = problem_from_json(equation)
        able = [
            n for n, a in ALGORITHMS.items()
            if n in seconds and not a.unsupported(problem) and not set_aside(problem, "cpu", a)
        ]  # fmt: skip
        costs = {n: np.array(what_takes_time(ALGORITHMS[n].cost(problem, "cpu")), float) for n in able}
        samples.append(Sample(name, costs, {n: seconds[n] for n in able}))
    return samples


def weight_of(results: dict) -> int:
    """Layers of real networks count three times."""
    return 3 if isinstance(results["rows"], dict) else 1


def fit(samples: list[Sample], name: str) -> np.ndarray:
    """Rates with the least error of the times' logarithms, held softly to what is usual of a core.

    The slower than the best an algorithm is, the less that case counts.
    """
    mine = [s for s in samples if name in s.costs]
    costs, seconds = np.array([s.costs[name] for s in mine]), np.array([s.seconds[name] for s in mine])
    matters = np.array([min(s.seconds.values()) / s.seconds[name] for s in mine]) ** 0.5

    def loss(logs: np.ndarray) -> float:
        error = np.log((costs @ np.exp(logs) + 1e-9) / seconds)
        return (matters * np.sqrt(error**2 + 0.01)).sum() / matters.sum() + 0.003 * ((logs - USUAL) ** 2).sum()

    return np.exp(minimize(loss, USUAL, method="Powell").x)


def regrets(samples: list[Sample], rates: dict[str, np.ndarray]) -> tuple[np.ndarray, list[str]]:
    """Per sample the regret, and what is chosen."""
    chosen = [min(s.costs, key=lambda n: s.costs[n] @ rates[n]) for s in samples]
    return np.array([s.seconds[n] / min(s.seconds.values()) for s, n in zip(samples, chosen, strict=True)]), chosen


def polish(samples: list[Sample], rates: dict[str, np.ndarray], rounds: int = 15) -> dict[str, np.ndarray]:
    """Vary one rate after another by factors, and keep what lowers the regret."""

    def loss(rates: dict[str, np.ndarray]) -> float:
        logs = np.log(regrets(samples, rates)[0])
        return logs.mean() + WORST_WEIGHS * (logs**2).mean()

    rates, least = {n: r.copy() for n, r in rates.items()}, loss(rates)
    for step in np.geomspace(2.0, 1.05, rounds):
        for name in rates:
            for which in [*([i] for i in range(4)), [0, 1, 2, 3]]:
                for factor in (step, 1 / step):
                    tried = {**rates, name: rates[name].copy()}
                    tried[name][which] *= factor
                    if (now := loss(tried)) < least - 1e-6:
                        rates, least = tried, now
    return rates


def report(title: str, samples: list[Sample], rates: dict[str, np.ndarray]) -> None:
    """Mean and worst regret of what these rates choose."""
    found, chosen = regrets(samples, rates)
    worst = np.argsort(-found)[:10]
    print(f"{title}: regret {np.exp(np.log(found).mean()):.3f} in the geometric mean, {found.max():.2f} at worst")
    for i in worst:
        if found[i] > 1.2:
            best = min(samples[i].seconds, key=lambda n: samples[i].seconds[n])
            print(f"    {found[i]:.2f}  {samples[i].name}: {chosen[i]}, where {best} is best")


def main() -> None:
    """Print the rates and the regret."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="+")
    paths = parser.parse_args().results
    files = {path: json.loads(path.read_text()) for path in paths}
    by_file = {path: samples_of(results) for path, results in files.items()}
    samples = [sample for path, mine in by_file.items() for sample in mine * weight_of(files[path])]
    rates = {name: fit(samples, name) for name in ALGORITHMS}
    report("fitted to the times", samples, rates)
    rates = polish(samples, rates)
    first = files[paths[0]]
    print(f"# Fitted by `python benchmarks/fit_rates.py` on {first['date']}: {first['machine']}.")
    for name, values in rates.items():
        print(f'    "{name}": Rates({", ".join(f"{value:.3g}" for value in values)}),')
    for path, mine in by_file.items():
        report(str(path), mine, rates)


if __name__ == "__main__":
    main()
