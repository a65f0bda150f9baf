"""Fit the cost model's constants to measured times, and report the regret of its choices.

    python benchmarks/regret.py --seed 1 --count 110 --json layers.json
    python benchmarks/regret.py --networks --json networks.json
    python benchmarks/fit_rates.py benchmarks/results/cpu.json layers.json networks.json

Takes files of run.py and of regret.py. Prints the table for jconv/_rates.py: per algorithm the seconds per
multiply-add, byte, byte of temporaries and call, with which the regret is least: the time of the algorithm
chosen over that of the best. What such rates are worth elsewhere is estimated on layers left out of the fit.
"""

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize

from jconv._algorithms import ALGORITHMS
from jconv._choose import COMPILE_SECONDS, set_aside, what_takes_time
from jconv._problem_json import problem_from_json

jax.config.update("jax_enable_x64", True)

# Seconds per multiply-add, byte, byte of fresh memory and call, where the times do not say otherwise.
USUAL = np.log([8e-12, 2e-11, 4e-10, 3e-6])
# What an error of the predicted times weighs beside the regret, both as logarithms.
ERROR_WEIGHS = 1.0
# What a rate that is unlike the usual ones weighs, likewise.
UNUSUAL_WEIGHS = 0.03
# How unsure the draw is of what is fastest: of times that differ by less than such a factor, as a logarithm.
SPREADS = (0.5, 0.3, 0.2, 0.1, 0.05)


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
        costs = {n: np.array(what_takes_time(ALGORITHMS[n].cost(problem, "cpu"), problem), float) for n in able}
        samples.append(Sample(name, costs, {n: seconds[n] for n in able}))
    return samples


def weight_of(results: dict) -> int:
    """The workloads count six times, the layers of other real networks three times."""
    return 6 if isinstance(results["rows"], dict) else 3 if results.get("networks") else 1


def fit(samples: list[Sample], weights: list[int], starts: int = 12) -> dict[str, np.ndarray]:
    """Rates with the least expected regret, if algorithms were drawn the likelier the faster they are predicted to be.

    That is smooth where the regret itself jumps; the draw is sharpened step by step. The error of the
    predicted times, weighed by how near the best they are, and what is usual of a core decide where the
    choice does not. The best of several starts, drawn by a fixed seed.
    """
    names = list(ALGORITHMS)
    costs = np.ones((len(samples), len(names), len(USUAL) + 1))
    seconds = np.full(costs.shape[:2], np.inf)
    for i, sample in enumerate(samples):
        for name, cost in sample.costs.items():
            costs[i, names.index(name)] = cost
            seconds[i, names.index(name)] = sample.seconds[name]
    able = np.isfinite(seconds)
    regret = np.log(np.where(able, seconds / seconds.min(axis=1, keepdims=True), 1))
    known, near = np.log(np.where(able, seconds, 1)), able * np.exp(-regret / 2)
    share = np.array(weights) / sum(weights)

    def loss(logs: jax.Array, spread: float) -> jax.Array:
        called = (costs[..., :-1] * jnp.exp(logs.reshape(len(names), -1))).sum(-1) + 1e-9
        predicted, chosen_by = jnp.log(called), jnp.log(called + COMPILE_SECONDS * costs[..., -1])
        drawn = jax.nn.softmax(jnp.where(able, -chosen_by / spread, -jnp.inf), axis=1)
        expected = (drawn * regret).sum(1)
        error = (jnp.sqrt((predicted - known) ** 2 + 0.01) * near).sum(1) / near.sum(1)
        unusual = ((logs - np.tile(USUAL, len(names))) ** 2).mean()
        return (share * (expected + expected**2 / 2 + ERROR_WEIGHS * error)).sum() + UNUSUAL_WEIGHS * unusual

    gradient = jax.jit(jax.value_and_grad(loss))
    draw, found = np.random.default_rng(0), []
    for start in range(starts):
        logs = np.tile(USUAL, len(names))
        logs = logs + draw.normal(scale=0.7, size=logs.size) * (start > 0)
        for spread in SPREADS:
            result = minimize(lambda x, t=spread: tuple(map(np.asarray, gradient(x, t))), logs, jac=True)
            logs = result.x
        found.append((result.fun, logs))
    rates = np.exp(min(found, key=lambda one: one[0])[1].reshape(len(names), -1))
    return dict(zip(names, rates, strict=True))


def regrets(samples: list[Sample], rates: dict[str, np.ndarray]) -> tuple[np.ndarray, list[str]]:
    """Per sample the regret, and what is chosen."""
    chosen = [min(s.costs, key=lambda n: s.costs[n] @ np.append(rates[n], COMPILE_SECONDS)) for s in samples]
    return np.array([s.seconds[n] / min(s.seconds.values()) for s, n in zip(samples, chosen, strict=True)]), chosen


def left_out(samples: list[Sample], weights: list[int], parts: int = 4) -> float:
    """Mean regret on each part by rates fitted to the others."""
    part, logs = np.random.default_rng(1).permutation(len(samples)) % parts, []
    for held in range(parts):
        rest = np.flatnonzero(part != held)
        rates = fit([samples[i] for i in rest], [weights[i] for i in rest], starts=4)
        logs.append(np.log(regrets([samples[i] for i in np.flatnonzero(part == held)], rates)[0]))
    return float(np.exp(np.concatenate(logs).mean()))


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
    samples = [sample for mine in by_file.values() for sample in mine]
    weights = [weight_of(files[path]) for path, mine in by_file.items() for _ in mine]
    print(f"left out of the fit, a quarter at a time: {left_out(samples, weights):.3f} in the geometric mean")
    rates = fit(samples, weights)
    first = files[paths[0]]
    print(f"# Fitted by `python benchmarks/fit_rates.py` on {first['date']}: {first['machine']}.")
    for name, values in rates.items():
        print(f'    "{name}": Rates({", ".join(f"{value:.3g}" for value in values)}),')
    for path, mine in by_file.items():
        report(str(path), mine, rates)


if __name__ == "__main__":
    main()
