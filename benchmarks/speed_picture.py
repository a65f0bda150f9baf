"""The picture of speed: a dot for each workload and direction, beside jax.lax and beside PyTorch."""

from pathlib import Path

from matplotlib.figure import Figure

# Told apart by the colour-blind too.
COLOURS = {"forward": "#0072b2", "input gradient": "#d55e00", "kernel gradient": "#009e73"}


def picture(rows: list[dict], machine: str, path: Path) -> None:
    """Draw speed relative to lax and to PyTorch, per workload and direction.

    Args:
        rows: as `speeds` in speed_table.py gives them.
        machine: what the times belong to.
        path: a PNG, written whole or not at all.
    """
    figure = Figure(figsize=(11, 9), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    names = list(dict.fromkeys(row["workload"] for row in rows))
    for ax, peer, title in zip(axes, ("lax", "torch"), ("jax.lax", "PyTorch"), strict=True):
        for number, (direction, colour) in enumerate(COLOURS.items()):
            mine = [row for row in rows if row["direction"] == direction]
            offset = 0.25 * (number - 1)
            ax.plot(
                [row[peer] for row in mine],
                [names.index(row["workload"]) + offset for row in mine],
                "o", color=colour, markersize=5, label=direction,
            )  # fmt: skip
        ax.axvline(1, color="black", linewidth=0.8)
        ax.set_xscale("log")
        ax.set_title(f"times as fast as {title}")
        ax.grid(axis="both", alpha=0.25)
    axes[0].set_yticks(range(len(names)), names)
    axes[0].invert_yaxis()
    axes[0].legend(loc="upper right")
    figure.suptitle(machine, fontsize=9)
    temporary = path.with_suffix(".tmp.png")
    figure.savefig(temporary, dpi=110)
    temporary.replace(path)
