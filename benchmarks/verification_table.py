"""The table of verification: the worst error of each algorithm in each quantity."""

from collections import Counter, defaultdict


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
