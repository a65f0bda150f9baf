"""The tables of whole training steps: stock Flax, under `install()`, and PyTorch."""

from statistics import geometric_mean


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
    peer = results["torch"].split(": ")[-1]  # without when it was timed
    return "\n".join([*lines, "", f"{results['machine']}; PyTorch: {peer}; commit {results['commit']}."])
