"""Fit the cost model's constants to measured times, and report the regret of its choices.

    cd benchmarks/results; python ../fit_rates.py --laws workloads.json layers.json networks.json

Takes files of run.py and of regret.py. Prints the table for jconv/_choice/seconds.py: per algorithm the seconds per
multiply-add, byte, byte of temporaries and call, with which the regret is least: the chosen
algorithm's time over the best one's. What such rates are worth elsewhere is estimated on layers left out of the fit.
With --laws also the other table there: how much slower XLA's convolutions are by code path.
"""

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize

from jconv import ConvProblem, Cost
from jconv._algorithms import ALGORITHMS, lax, planar
from jconv._choice.limits import why_not_auto
from jconv._choice.seconds import COMPILE_SECONDS, LAWS, Law, charged, logarithms
from jconv._equation.as_json import problem_from_json

jax.config.update("jax_enable_x64", True)

# Seconds per multiply-add, byte, byte of fresh memory and call, where the times do not say otherwise.
USUAL = np.log([8e-12, 2e-11, 4e-10, 3e-6])
# What an error of the predicted times weighs beside the regret, both as logarithms.
ERROR_WEIGHS = 1.0
# What a rate that is unlike the usual ones weighs.
UNUSUAL_WEIGHS = 0.03
# What a power of a law weighs that is unlike none.
POWER_WEIGHS = 0.003
# How often a workload counts, and a layer of another real network; a random one counts once.
WORKLOAD, NETWORK = 6, 3
# The regret, as a logarithm too, of what may be chosen but was not measured: it was predicted to be hopeless.
NOT_MEASURED = np.log(4)
# How unsure the draw is of what is fastest: of times that differ by less than such a factor, as a logarithm.
SPREADS = (0.5, 0.3, 0.2, 0.1, 0.05)


# The regret that is aimed at.
MOST_REGRET = 1.5

# The algorithms that are XLA's convolutions: what they give it.
FORMS = {"lax": lax.xla_conv, "planar": planar.xla_conv}


class Sample(NamedTuple):
    """One problem: its name, and for each algorithm that auto may take, what it costs and took.

    The costs of XLA's convolutions have no slowdown in them; its code path and exponents are in `forms`.
    """

    name: str
    costs: dict[str, np.ndarray]
    seconds: dict[str, float]
    forms: dict[str, tuple[int, tuple[float, ...]]]


class Fitted(NamedTuple):
    """Rates by algorithm; and the logarithms of the laws, a row each."""

    rates: dict[str, np.ndarray]
    laws: np.ndarray

    def seconds(self, sample: Sample, name: str) -> float:
        """What an algorithm is predicted to take, compilation included as in the choice."""
        counts = sample.costs[name].copy()
        if name in sample.forms:
            path, exponents = sample.forms[name]
            counts[0] *= np.exp(max(0.0, self.laws[path] @ exponents))
        return counts @ np.append(self.rates[name], COMPILE_SECONDS)


def samples_of(results: dict) -> list[Sample]:
    """The samples of a file of run.py or regret.py, with the costs as the code has them now."""
    if isinstance(results["rows"], dict):
        rows = {name: (row["problem"]["equation"], medians(row)) for name, row in results["rows"].items()}
    else:
        rows = {f"{r['layer']}, {r['direction']}": (r["problem"], r["seconds"]) for r in results["rows"]}
    samples = []
    for name, (equation, seconds) in rows.items():
        problem = problem_from_json(equation)
        able = [
            n
            for n, a in ALGORITHMS.items()
            if not a.unsupported(problem, "cpu") and not why_not_auto(problem, "cpu", a)
        ]
        costs = {n: counts(ALGORITHMS[n].cost(problem, "cpu"), problem) for n in able}
        forms = {n: FORMS[n](problem) for n in able if n in FORMS}
        by_path = {n: (list(LAWS).index(form.path), form.exponents) for n, form in forms.items()}
        samples.append(Sample(name, costs, {n: seconds[n] for n in able if n in seconds}, by_path))
    return samples


def counts(cost: Cost, problem: ConvProblem) -> np.ndarray:
    """What the rates, and the seconds of compilation, are multiplied with."""
    return np.array([*charged(cost._replace(convolution=None), problem), cost.compiled], float)


def medians(row: dict) -> dict[str, float]:
    """The times of a row of run.py; the choice and the algorithm chosen are one program: the lesser of its times."""
    seconds = {name: record["quartiles_s"][1] for name, record in row.items() if "quartiles_s" in record}
    chosen = row["auto"]["algorithm"]
    return seconds | {chosen: min(seconds["auto"], seconds.get(chosen, np.inf))}


def weight_of(results: dict) -> int:
    """How often a layer counts."""
    return WORKLOAD if isinstance(results["rows"], dict) else NETWORK if results.get("networks") else 1


def fit(samples: list[Sample], weights: list[int], *, starts: int = 8, laws: bool) -> Fitted:
    """Rates, and if asked laws, with the least expected regret.

    It is expected of a draw in which an algorithm is the likelier the faster it is predicted to be.
    That is smooth where the regret itself jumps; the draw is sharpened step by step. The error of the
    predicted times, weighed by how near the best they are, and what is usual of a core decide where the
    choice does not. The best of several starts, drawn by a fixed seed.
    """
    names = list(ALGORITHMS)
    costs = np.ones((len(samples), len(names), len(USUAL) + 1))
    seconds, able = np.full(costs.shape[:2], np.inf), np.zeros(costs.shape[:2], bool)
    for i, sample in enumerate(samples):
        for name, cost in sample.costs.items():
            costs[i, names.index(name)], able[i, names.index(name)] = cost, True
            seconds[i, names.index(name)] = sample.seconds.get(name, np.inf)
    known_laws = np.array([logarithms(law) for law in LAWS.values()])
    path, exponents = np.zeros(seconds.shape, int), np.zeros((*seconds.shape, known_laws.shape[1]))
    for i, sample in enumerate(samples):
        for name, form in sample.forms.items():
            path[i, names.index(name)], exponents[i, names.index(name)] = form
    measured = np.isfinite(seconds)
    # Compilation is charged as in the choice, else the rates would make up for it; not to the workloads, whose regret
    # is of their times alone.
    charged = seconds + COMPILE_SECONDS * costs[..., -1] * (np.array(weights) < WORKLOAD)[:, None]
    regret = np.where(measured, np.log(charged / charged.min(axis=1, keepdims=True)), NOT_MEASURED * able)
    known, near = np.log(np.where(measured, seconds, 1)), measured * np.exp(-regret / 2)
    share = np.array(weights) / sum(weights)

    def loss(both: jax.Array, spread: float) -> jax.Array:
        logs, found = both[: -known_laws.size], both[-known_laws.size :].reshape(known_laws.shape)
        found = found if laws else known_laws
        slow = jnp.exp(jax.nn.relu((exponents * found[path]).sum(-1)))
        counts = jnp.concatenate([costs[..., :1] * slow[..., None], costs[..., 1:-1]], -1)
        called = (counts * jnp.exp(logs.reshape(len(names), -1))).sum(-1) + 1e-9
        predicted, chosen_by = jnp.log(called), jnp.log(called + COMPILE_SECONDS * costs[..., -1])
        drawn = jax.nn.softmax(jnp.where(able, -chosen_by / spread, -jnp.inf), axis=1)
        expected = (drawn * regret).sum(1)
        error = (jnp.sqrt((predicted - known) ** 2 + 0.01) * near).sum(1) / near.sum(1)
        unusual = ((logs - np.tile(USUAL, len(names))) ** 2).mean()
        prior = UNUSUAL_WEIGHS * unusual + POWER_WEIGHS * (found[:, 1:] ** 2).mean()
        return (share * (expected + expected**2 / 2 + ERROR_WEIGHS * error)).sum() + prior

    gradient = jax.jit(jax.value_and_grad(loss))
    draw, found = np.random.default_rng(0), []
    for start in range(starts):
        logs = np.tile(USUAL, len(names))
        if start > 0:
            logs = logs + draw.normal(scale=0.7, size=logs.size)
        logs = np.concatenate([logs, known_laws.ravel()])
        for spread in SPREADS:
            result = minimize(lambda x, t=spread: tuple(map(np.asarray, gradient(x, t))), logs, jac=True)
            logs = result.x
        found.append((result.fun, logs))
    best = min((one for one in found if np.isfinite(one[0])), key=lambda one: one[0])[1]
    rates = np.exp(best[: -known_laws.size].reshape(len(names), -1))
    laws_found = best[-known_laws.size :].reshape(known_laws.shape) if laws else known_laws
    return Fitted(dict(zip(names, rates, strict=True)), laws_found)


def regrets(samples: list[Sample], fitted: Fitted) -> tuple[np.ndarray, list[str]]:
    """Per sample the regret, and what is chosen; infinite where that was not measured."""
    chosen = [min(s.costs, key=lambda n, s=s: fitted.seconds(s, n)) for s in samples]
    found = [s.seconds.get(n, np.inf) / min(s.seconds.values()) for s, n in zip(samples, chosen, strict=True)]
    return np.array(found), chosen


def left_out(samples: list[Sample], weights: list[int], *, laws: bool, parts: int = 4) -> np.ndarray:
    """The regrets of each part by what is fitted to the others."""
    part, found = np.random.default_rng(1).permutation(len(samples)) % parts, []
    for held in range(parts):
        rest = np.flatnonzero(part != held)
        fitted = fit([samples[i] for i in rest], [weights[i] for i in rest], starts=4, laws=laws)
        found.append(regrets([samples[i] for i in np.flatnonzero(part == held)], fitted)[0])
    return np.concatenate(found)


def in_words(found: np.ndarray) -> str:
    """Mean and worst of some regrets, how many are over the aim, and how many are not known."""
    unknown, found = np.isinf(found).sum(), found[np.isfinite(found)]
    mean, over = np.exp(np.log(found).mean()), (found > MOST_REGRET).mean()
    words = f"regret {mean:.3f} in the geometric mean, {found.max():.2f} at worst, {over:.1%} over {MOST_REGRET}"
    return f"{words}; {unknown} chosen but not measured" if unknown else words


def report(title: str, samples: list[Sample], fitted: Fitted) -> None:
    """The regret of what these constants choose."""
    found, chosen = regrets(samples, fitted)
    worst = np.argsort(-found)[:10]
    print(f"{title}: {in_words(found)}")
    for i in worst:
        if found[i] > 1.2:
            best = min(samples[i].seconds, key=lambda n: samples[i].seconds[n])
            print(f"    {found[i]:.2f}  {samples[i].name}: {chosen[i]}, where {best} is best")


def main() -> None:
    """Print the constants and the regret."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="+")
    parser.add_argument("--laws", action="store_true", help="also fit how much slower XLA is by code path")
    arguments = parser.parse_args()
    files = {path: json.loads(path.read_text()) for path in arguments.results}
    by_file = {path: samples_of(results) for path, results in files.items()}
    samples = [sample for mine in by_file.values() for sample in mine]
    weights = [weight_of(files[path]) for path, mine in by_file.items() for _ in mine]
    apart = left_out(samples, weights, laws=arguments.laws)
    print(f"left out of the fit, a quarter at a time: {in_words(apart)}")
    fitted = fit(samples, weights, laws=arguments.laws)
    first = files[arguments.results[0]]
    print(f"# Fitted by `python benchmarks/fit_rates.py` on {first['date']}: {first['machine']}.")
    for name, values in fitted.rates.items():
        print(f'    "{name}": Rates({", ".join(f"{value:.3g}" for value in values)}),')
    for name, (factor, *powers, dilated, line, deep) in zip(LAWS, fitted.laws, strict=True):
        law = Law(np.exp(factor), *powers, *np.exp([dilated, line, deep]))
        print(f'    "{name}": Law({", ".join(f"{round(value, 2):.4g}" for value in law)}),')
    for path, mine in by_file.items():
        report(str(path), mine, fitted)


if __name__ == "__main__":
    main()
