"""Make the tables of README.md and benchmarks/README.md, and the picture of speed, from the results kept here.

python benchmarks/table.py            # rewrite both, and benchmarks/results/speed.png
python benchmarks/table.py --check    # exit 1 if one of them does not say what the results say
"""

import argparse
import json
import math
from collections import Counter, defaultdict
from pathlib import Path

from reported_table import reported, reported_in_short
from speed_picture import picture

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
DIRECTIONS = ("forward", "input gradient", "kernel gradient")


def geometric_mean(values: list[float]) -> float:
    """The mean of ratios."""
    return math.exp(sum(map(math.log, values)) / len(values))


def verification(*results: dict) -> str:
    """The worst error per algorithm and quantity, in units of the bound, over all cases and dtypes."""
    worst: dict[tuple[str, str], float] = {}
    bounds: dict[str, float] = {}
    counts: dict[str, Counter] = defaultdict(Counter)
    quantities: dict[str, None] = {}
    for group in (group for one in results for group in one["groups"]):
        name, key = group["algorithm"], (group["algorithm"], group["quantity"])
        quantities[group["quantity"]] = None
        bounds[name] = group["bound_in_eps"]
        counts[name].update({word: group[word] for word in ("passed", "failed", "unsupported")})
        if group["passed"]:
            worst[key] = max(worst.get(key, 0.0), group["worst_error"] or 0.0)
    lines = [
        "| algorithm | bound | " + " | ".join(quantities) + " | passed | cannot | failed |",
        "|---" + "|---:" * (len(quantities) + 4) + "|",
    ]
    for name, count in counts.items():
        row = " | ".join(_worst(worst.get((name, q))) for q in quantities)
        lines.append(
            f"| `{name}` | {bounds[name]:g} | {row} | {count['passed']} | {count['unsupported']} | {count['failed']} |"
        )
    ran = {
        f"{one['device']}; " + ", ".join(f"{name} {number}" for name, number in one["versions"].items())
        for one in results
    }
    return "\n".join([*lines, "", f"On {'; '.join(sorted(ran))}."])


def _worst(error: float | None) -> str:
    """A cell: nothing where nothing passed."""
    return "" if error is None else f"{error:.2f}" if error else "exact"


def speeds(results: dict) -> list[dict]:
    """Per workload and direction: median milliseconds of jconv, and how many times longer the others take."""
    rows = []
    for key, row in results["rows"].items():
        workload, direction = key.split(", ")
        mine = row["auto"]["quartiles_s"][1]
        rows.append(
            {
                "workload": workload,
                "direction": direction,
                "algorithm": row["auto"]["algorithm"],
                "ms": 1e3 * mine,
                "lax": row["jax.lax"]["quartiles_s"][1] / mine,
                "torch": results["torch"][key][1] / mine if key in results.get("torch", {}) else math.nan,
                "roof": roof(results, row) / mine,
            }
        )
    return rows


def roof(results: dict, row: dict) -> float:
    """Seconds that a row takes at the machine's measured rate of products, of its type, or of copies."""
    problem, half = row["problem"], row["problem"]["equation"]["dtype"] == "bfloat16"
    adds = results["dot_rate_bfloat16"] if half else results["dot_rate"]
    return max(problem["multiply_adds"] / adds, problem["operand_bytes"] / results["copy_rate"])


def speed(results: dict) -> str:
    """One line per workload: three directions, each as ms by algorithm, and times lax's and PyTorch's."""
    rows = speeds(results)
    by_workload: dict[str, dict[str, dict]] = defaultdict(dict)
    for row in rows:
        by_workload[row["workload"]][row["direction"]] = row
    lines = [
        "| workload | " + " | ".join(f"{d}: ms, by, of the roof | lax | PyTorch" for d in DIRECTIONS) + " |",
        "|---|" + "---|---:|---:|" * 3,
    ]
    for workload, directions in by_workload.items():
        cells = []
        for row in (directions[d] for d in DIRECTIONS):
            cells.append(
                f"{row['ms']:.2f} {row['algorithm']} {100 * row['roof']:.0f} % | {row['lax']:.2f} | {row['torch']:.2f}"
            )
        lines.append(f"| {workload} | " + " | ".join(cells) + " |")
    lax = [row["lax"] for row in rows]
    torch = [row["torch"] for row in rows if not math.isnan(row["torch"])]
    summary = (
        f"Geometric mean over {len(lax)} entries: {geometric_mean(lax):.2f} times as fast as `jax.lax`, "
        f"{geometric_mean(torch):.2f} times as fast as PyTorch {results['torch_version']}. "
        f"Least: {min(lax):.2f} and {min(torch):.2f}; slower than `jax.lax` by more than 5 %: "
        f"{sum(ratio < 1 / 1.05 for ratio in lax)}; more than 1.5 times PyTorch's time: "
        f"{sum(ratio < 1 / 1.5 for ratio in torch)}. {regret_of_workloads(results)}"
        f"{passes(results)}; PyTorch in a process of its own. "
        f"{results['machine']}, commit {results['commit']}, {results['date']}."
    )
    return "\n".join([*lines, "", summary])


def passes(results: dict) -> str:
    """How often everything was timed."""
    mine, peers = results["passes"], results["torch_passes"]
    return "Medians of one run" if mine == peers == 1 else f"Least medians of {mine} runs, of PyTorch {peers}"


def regret_of_workloads(results: dict) -> str:
    """The chosen algorithm's time over the best one's, where all were timed."""
    found = {}
    for key, row in results["rows"].items():
        times = {n: r["quartiles_s"][1] for n, r in row.items() if "quartiles_s" in r and n not in ("auto", "jax.lax")}
        if times:  # the choice and the algorithm chosen are one program: the lesser of its times
            mine = min(times[row["auto"]["algorithm"]], row["auto"]["quartiles_s"][1])
            found[key] = mine / min(mine, *times.values())
    if not found:
        return ""
    worst = max(found, key=lambda key: found[key])
    return (
        f"The chosen algorithm takes {geometric_mean(list(found.values())):.3f} times as long as the best of all "
        f"in the geometric mean, {found[worst]:.2f} times at worst ({worst}). "
    )


def regret(results: dict) -> str:
    """The same on random layers."""
    rows = sorted(results["rows"], key=lambda row: -row["regret"])
    over = ", ".join(
        f"{row['regret']:.2f} ({row['chosen']}, {row['direction']})" for row in rows if row["regret"] > 1.5
    )
    return (
        f"On {len(rows)} random layers that the rates were not fitted to (seed {results['seed']}): "
        f"{results['mean']:.3f} in the geometric mean, {results['worst']:.2f} at worst. Over 1.5: {over or 'none'}. "
        f"{results['machine']}, commit {results['commit']}, {results['date']}."
    )


def floors(results: dict) -> str:
    """The rates of XLA's building blocks, and the entries that are slower than is aimed at, with their floors."""
    lines = ["```", results["machine"], *(f"{name:52} {rate / 1e9:7.1f}" for name, rate in results["rates"].items())]
    lines += [
        "```",
        "",
        "| entry | ms | `jax.lax` | PyTorch | at the machine's rate | as XLA's building block |",
        "|---" + "|---:" * 5 + "|",
    ]
    for row in results["missed"]:
        cells = (f"{1e3 * row[name]:.2f}" for name in ("jconv", "lax", "torch", "roof", "block"))
        lines.append(f"| {row['entry']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def scan(results: dict) -> str:
    """One convolution's training step outside a loop and inside."""
    lines = [
        f"3x3, 64 -> 64 channels, 8 images of 28x28, float32; {results['machine']}",
        f"{'':>12} {'outside, ms':>12} {'inside, ms':>12} {'ratio':>7}",
    ]
    for row in results["rows"]:
        outside, inside = row["outside_ms"], row["inside_ms"]
        lines.append(f"{row['name']:>12} {outside:12.2f} {inside:12.2f} {inside / outside:7.2f}")
    return "\n".join(["```", *lines, "```"])


def training(results: dict) -> str:
    """A line per network: milliseconds of a step alone and in a loop, and what `install()` gains and costs."""
    medians = {
        (r["model"], r["library"], form): 1e3 * r[form]["median"]
        for r in results["records"]
        for form in ("outside", "inside")
        if form in r
    }
    lines = [
        "| network | stock: ms | in scan | `install()`: ms | in scan | PyTorch: ms | times stock | in scan "
        "| times PyTorch | in scan / alone | compile / stock |",
        "|---" + "|---:" * 10 + "|",
    ]
    for model, ratio in results["ratios"].items():
        times = [
            medians[model, library, form]
            for library, form in (
                ("stock", "outside"), ("stock", "inside"), ("installed", "outside"), ("installed", "inside"),
                ("torch", "outside"),
            )
        ]  # fmt: skip
        names = ("vs stock, outside", "vs stock, inside", "vs torch, outside", "inside / outside", "compile, outside")
        cells = [f"{ms:.1f}" for ms in times] + [f"{ratio[name]:.2f}" for name in names]
        lines.append(f"| {model} | " + " | ".join(cells) + " |")
    means = results["means"]
    summary = (
        f"Geometric means: {means['vs stock']:.2f} times as fast as stock JAX, alone and in loops together "
        f"({means['vs stock, outside']:.2f} alone); {means['vs torch, outside']:.2f} times as fast as PyTorch alone "
        f"and {means['vs torch, inside']:.2f} in a loop, which PyTorch has not; "
        f"{means['inside / outside']:.2f} in a loop against alone, "
        f"{means['compile, outside']:.2f} times stock's compile time. "
        f"{results['machine']}; PyTorch: {results['torch']}."
    )
    return "\n".join([*lines, "", summary])


def means(*results: dict) -> str:
    """A line per peer: the geometric mean over all entries, the worst one, and how many are below 1."""
    lines = [
        "| times as fast as | geometric mean | least | entries below 1 | jax |",
        "|---|---:|---|---:|---|",
    ]
    for one in results:
        rows = speeds(one)
        for peer, name in (("lax", "`jax.lax`"), ("torch", f"PyTorch {one.get('torch_version', '')}")):
            timed = [row for row in rows if not math.isnan(row[peer])]
            if timed:
                least = min(timed, key=lambda row: row[peer])
                below = sum(row[peer] < 1 for row in timed)
                jax_version = one["machine"].rpartition("jax ")[2]
                lines.append(
                    f"| {name} | {geometric_mean([row[peer] for row in timed]):.2f} | {least[peer]:.2f} "
                    f"({least['workload']}, {least['direction']}) | {below} of {len(timed)} | {jax_version} |"
                )
    return "\n".join(lines)


def speed_by_direction(results: dict) -> str:
    """A line per direction: geometric means, the worst entry, and how many are below 1."""
    rows = speeds(results)
    lines = [
        "| direction | times `jax.lax` | least | below 1 | times PyTorch | least | below 1 |",
        "|---|---:|---|---:|---:|---|---:|",
    ]
    for direction in DIRECTIONS:
        mine, cells = [row for row in rows if row["direction"] == direction], []
        for peer in ("lax", "torch"):
            least = min(mine, key=lambda row: row[peer])
            mean, below = geometric_mean([row[peer] for row in mine]), sum(row[peer] < 1 for row in mine)
            cells.append(f"{mean:.2f} | {least[peer]:.2f} ({least['workload']}) | {below} of {len(mine)}")
        lines.append(f"| {direction} | " + " | ".join(cells) + " |")
    summary = f"{passes(results)}. {results['machine']}, commit {results['commit']}, {results['date']}."
    return "\n".join([*lines, "", summary])


def training_in_short(results: dict) -> str:
    """A line per network: milliseconds of a training step in stock JAX, under `install()`, and in PyTorch."""
    medians = {(r["model"], r["library"]): 1e3 * r["outside"]["median"] for r in results["records"]}
    lines = [
        "| training step, ms | stock Flax | with `jconv.install()` | PyTorch | times stock | times PyTorch |",
        "|---" + "|---:" * 5 + "|",
    ]
    ratios = {"stock": [], "torch": []}
    for model in results["ratios"]:
        stock, mine, torch = (medians[model, library] for library in ("stock", "installed", "torch"))
        ratios["stock"].append(stock / mine)
        ratios["torch"].append(torch / mine)
        lines.append(f"| {model} | {stock:.0f} | {mine:.0f} | {torch:.0f} | {stock / mine:.2f} | {torch / mine:.2f} |")
    stock, torch = (
        f"{geometric_mean(values):.2f} (least {min(values):.2f}, below 1: {sum(v < 1 for v in values)})"
        for values in ratios.values()
    )
    lines.append(f"| geometric mean | | | | {stock} | {torch} |")
    return "\n".join([*lines, "", f"{results['machine']}; PyTorch: {results['torch']}; commit {results['commit']}."])


SECTIONS = {
    "verification": ("verify*.json", verification),
    "means": ("cpu.json", means),
    "training-in-short": ("training.json", training_in_short),
    "reported": ("reported.json", reported),
    "reported-in-short": ("reported.json", reported_in_short),
    "scan": ("scan.json", scan),
    "speed": ("cpu.json", speed),
    "speed-oldest": ("cpu-oldest.json", speed_by_direction),
    "regret": ("regret.json", regret),
    "floors": ("floors.json", floors),
    "training": ("training.json", training),
    "training-oldest": ("training-oldest.json", training),
}


def rewritten(text: str) -> str:
    """A page with every section between its markers made anew."""
    for name, (file, render) in SECTIONS.items():
        start, end = f"<!-- {name} -->\n", f"<!-- end {name} -->"
        found = [json.loads(path.read_text()) for path in sorted(RESULTS.glob(file))]
        if start in text and found:
            before, rest = text.split(start)
            _, after = rest.split(end)
            text = before + start + "\n" + render(*found) + "\n\n" + end + after
    return text


def main() -> int:
    """Rewrite the pages, or check them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing")
    check = parser.parse_args().check
    pages = {path: path.read_text() for path in (ROOT / "README.md", ROOT / "benchmarks" / "README.md")}
    if check:
        return int(any(rewritten(text) != text for text in pages.values()))
    for path, text in pages.items():
        path.write_text(rewritten(text))
    if (RESULTS / "cpu.json").exists():
        results = json.loads((RESULTS / "cpu.json").read_text())
        picture(speeds(results), results["machine"], RESULTS / "speed.png")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
