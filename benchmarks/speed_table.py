"""The tables of layers: milliseconds of jconv, and how many times longer `jax.lax` and PyTorch take."""

import math
from collections import defaultdict
from statistics import geometric_mean

DIRECTIONS = ("forward", "input gradient", "kernel gradient")


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
        f"The chosen algorithm takes {geometric_mean(found.values()):.3f} times as long as the best of all "
        f"in the geometric mean, {found[worst]:.2f} times at worst ({worst}). "
    )


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
