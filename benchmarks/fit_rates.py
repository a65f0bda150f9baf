"""Fit the cost model's constants to measured times, and report the regret of its choices.

    python benchmarks/fit_rates.py benchmarks/results/cpu.json

Prints the table for jconv/_rates.py: per algorithm the seconds per multiply-add, byte and call, not negative,
that fit its times best in relative terms. Regret is the time of the chosen algorithm over that of the best.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.optimize import nnls


def measured(results: dict) -> dict[str, list[tuple[list[float], float]]]:
    """Per algorithm: (multiply-adds, bytes, calls) and seconds of every row it was timed in."""
    samples: dict[str, list] = {}
    for row in results["rows"].values():
        for name, (adds, moved, _, calls) in row["problem"]["costs"].items():
            if "quartiles_s" in row.get(name, {}):
                samples.setdefault(name, []).append(([adds, moved, calls], row[name]["quartiles_s"][1]))
    return samples


def fit(samples: list[tuple[list[float], float]]) -> np.ndarray:
    """Rates that minimise the squared relative errors; large ones, of cases not chosen anyway, count less."""
    costs, seconds = np.array([c for c, _ in samples], float), np.array([s for _, s in samples])
    weights = np.ones(len(seconds))
    rates = np.zeros(3)
    for _ in range(50):  # reweighted towards the least absolute relative error
        rates, _ = nnls(costs * (weights / seconds)[:, None], weights)
        weights = 1 / np.sqrt(np.maximum(np.abs(costs @ rates / seconds - 1), 0.05))
    return rates


def regrets(results: dict) -> dict[str, float]:
    """Per row, the time of auto's algorithm over the least time of any."""
    found = {}
    for key, row in results["rows"].items():
        times = {n: r["quartiles_s"][1] for n, r in row.items() if "quartiles_s" in r and n not in ("jax.lax", "auto")}
        found[key] = times[row["auto"]["algorithm"]] / min(times.values())
    return found


def main() -> None:
    """Print the rates and the regret."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="+")
    paths = parser.parse_args().results
    every = [json.loads(path.read_text()) for path in paths]
    samples: dict[str, list] = {}
    for results in every:
        for name, mine in measured(results).items():
            samples.setdefault(name, []).extend(mine)
    rates = {name: fit(mine) for name, mine in samples.items()}
    print(f"# Fitted by `python benchmarks/fit_rates.py` on {every[0]['date']}: {every[0]['machine']}.")
    for name, (add, byte, call) in rates.items():
        print(f'        "{name}": Rates({add:.3g}, {byte:.3g}, {call:.3g}),')
    for results in every:
        found = regrets(results)
        worst = sorted(found, key=lambda key: -found[key])[:12]
        mean = np.exp(np.mean(np.log(list(found.values()))))
        print(f"regret as run: geometric mean {mean:.3f}, worst {found[worst[0]]:.2f}")
        for key in worst:
            print(f"    {found[key]:.2f}  {key}  ({results['rows'][key]['auto']['algorithm']})")


if __name__ == "__main__":
    main()
