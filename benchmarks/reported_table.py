"""The tables of what users reported, from the results kept here: all rows, and five of them for README."""

from statistics import geometric_mean

SHORT = ("scipy-300", "loop", "nnx-depthwise-2d", "depthwise-stack", "equinox-transposed")


def gain(row: dict) -> float:
    """How many times as long stock JAX takes."""
    return row["stock"]["quartiles_s"][1] / row["install"]["quartiles_s"][1]


def digits(value: float) -> str:
    """Three significant digits, or whole numbers above."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def milliseconds(row: dict, side: str) -> str:
    """The median."""
    return digits(1e3 * row[side]["quartiles_s"][1])


def summary(results: dict) -> str:
    """The geometric mean, its worst entry, and how many entries lose."""
    gains = {row["name"]: gain(row) for row in results["rows"]}
    worst, rows = min(gains, key=lambda name: gains[name]), f"{len(gains)} row{'s' * (len(gains) > 1)}"
    return (
        f"Geometric mean over {rows}: {geometric_mean(gains.values()):.2f} times as fast; least: "
        f"{gains[worst]:.2f} ({worst}); below 1: {sum(g < 1 for g in gains.values())}."
    )


def where(results: dict) -> str:
    """The machine, the versions, the commit and the day."""
    versions = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    return f"{results['machine']}, {versions}, commit {results['commit']}, {results['date']}."


def reported(results: dict) -> str:
    """All rows."""
    lines = [
        "| thread | name | what | directions | size | stock, ms | `install()`, ms | by | times | compile: stock, s "
        "| `install()`, s |",
        "|---|---|---|---|---|---:|---:|---|---:|---:|---:|",
    ]
    for row in results["rows"]:
        compiles = (f"{row[side]['compile_s']:.2f}" for side in ("stock", "install"))
        words = row["thread"], row["name"], row["what"], row["directions"], row["size"]
        times = milliseconds(row, "stock"), milliseconds(row, "install"), ", ".join(row["algorithms"]) or "lax"
        lines.append(f"| {' | '.join((*words, *times, digits(gain(row)), *compiles))} |")
    off = max(row["difference"] / row["tolerance"] for row in results["rows"])
    checked = f"Values were compared before anything was timed; the worst used {off:.2f} of its tolerance."
    return "\n".join([*lines, "", f"{summary(results)} {checked} {where(results)}"])


def reported_in_short(results: dict) -> str:
    """Five rows, with the mean and the worst of all."""
    lines = ["| reported in | what | stock JAX, ms | `install()`, ms | times |", "|---|---|---:|---:|---:|"]
    rows = {row["name"]: row for row in results["rows"]}
    for row in (rows[name] for name in SHORT if name in rows):
        what = row["what"] if row["directions"] == "forward" else f"{row['what']}; {row['directions']}"
        times = milliseconds(row, "stock"), milliseconds(row, "install"), digits(gain(row))
        lines.append(f"| {row['thread']} | {what} | {' | '.join(times)} |")
    return "\n".join([*lines, "", f"{summary(results)} {where(results)}"])
