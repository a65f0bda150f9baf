"""The table of what TPU's compiler estimates."""

from collections.abc import Iterable
from math import prod

KEYS = ("generation", "direction", "workload", "dtype")
STOCK = "jax.lax"
GENERATIONS = ("v5e", "v5p", "v6e")
DIRECTIONS = ("kernel gradient", "forward", "input gradient")


def tpu(results: dict) -> str:
    """Thousands of cycles by algorithm, the generations and directions one after the other."""
    asked = [row for row in results["rows"] if any(_candidates(row))]
    rows = sorted(asked, key=lambda row: (GENERATIONS.index(row["generation"]), _direction(row)))
    names = list(dict.fromkeys(name for row in rows for name in _candidates(row)))
    names.sort(key=lambda name: -sum(name in row for row in rows))
    head = " | ".join(f"`{name}`" if name.islower() else name for name in names)
    lines = [
        f"| TPU | direction | workload | dtype | `auto` takes | {head} |",
        "|---" * 5 + "|---:" * len(names) + "|",
    ]
    for row in rows:
        cells = " | ".join(_cell(row.get(name)) for name in names)
        lines.append(f"| {' | '.join(row[key] for key in KEYS)} | {row['auto']} | {cells} |")
    return "\n".join([*lines, "", _summary(rows, results)])


def _direction(row: dict) -> int:
    """The place of a row's direction in the table."""
    return DIRECTIONS.index(row["direction"])


def _candidates(row: dict) -> Iterable[str]:
    """The names of what was compiled for a row."""
    return (name for name, record in row.items() if isinstance(record, dict))


def _cell(record: dict | None) -> str:
    """Thousands of cycles; else why there are none; empty where it was not asked."""
    if record is None:
        return ""
    if "cycles" in record:
        few = record["cycles"] < 10_000
        temporary = f" ({record['temporary_bytes'] / 1e6:,.0f} MB)" if record["temporary_bytes"] >= 1e6 else ""
        more = "+" if record.get("unknown_loops") or record.get("without_estimate") else ""
        return f"{record['cycles'] / 1e3:,.{1 if few else 0}f}{more}{temporary}"
    if "timeout_s" in record:
        return f"over {record['timeout_s']:.0f} s"
    return "cannot" if "unsupported" in record else "fails"


def _summary(rows: list[dict], results: dict) -> str:
    """How what `auto` takes compares with JAX's own, and what compiled."""
    ratios = {}
    for row in rows:
        mine, stock = row.get(row["auto"], {}), row.get(STOCK, {})
        if "cycles" in mine and "cycles" in stock:
            ratios[tuple(row[key] for key in KEYS)] = mine["cycles"] / stock["cycles"]
    worst = max(ratios, key=ratios.__getitem__)
    dearer = sum(ratio > 1.05 for ratio in ratios.values())
    mean = prod(ratios.values()) ** (1 / len(ratios))
    return (
        f"Over {len(ratios)} entries with both, what `auto` takes is estimated at {mean:.2f} times the cycles of "
        f"`jax.lax` in the geometric mean, at most {ratios[worst]:.2f} ({', '.join(worst)}); dearer by more than 5 %: "
        f"{dearer}. libtpu {results['libtpu']}, jax {results['jax']}, commit {results['commit']}, {results['date']}."
    )
