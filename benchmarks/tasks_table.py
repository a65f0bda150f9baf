"""The tables of `jconv train`: what it reaches by its defaults, and its networks beside Flax's own convolutions."""

from operations_table import times_as_fast, where

ORDER = ("classify", "segment", "detect", "video", "audio", "sequence")


def trained(*results: dict) -> str:
    """A line per task: model, parameters, examples, metric and value, and the model that it is compared with."""
    lines = [
        "| task | model | parameters | trained on | held out | metric | value | whole command, s |",
        "|---" * 2 + "|---:" * 3 + "|---" + "|---:" * 2 + "|",
    ]
    for row in sorted(results, key=lambda row: ORDER.index(row["task"])):
        shared = f"{row['examples']:,} | {row['examples_held_out']:,} | {row['metric']}"
        lines.append(
            f"| {row['task']} | {row['options']['model']} | {row['parameters']:,} | {shared} | {row['value']:.2%} "
            f"| {row['seconds']:.0f} |"
        )
        if row["beside"]:
            value = row["beside"][next(iter(row["scores"]))]
            lines.append(f"| | {row['beside']['model']} | {row['beside']['parameters']:,} | {shared} | {value:.2%} | |")
    newest = max(results, key=lambda row: row["date"])
    versions = ", ".join(f"{name} {version}" for name, version in newest["versions"].items())
    return "\n".join([*lines, "", f"{newest['device']}; {versions}; {newest['date'][:10]}."])


def stepped(results: dict) -> str:
    """A line per task: a step and compilation with Flax's convolutions and with jconv's, and how far losses differ."""
    columns = {
        "flax_alone_ms": ("Flax: ms alone", ".1f"),
        "flax_loop_ms": ("in a loop", ".1f"),
        "jconv_alone_ms": ("jconv: ms alone", ".1f"),
        "jconv_loop_ms": ("in a loop", ".1f"),
        "times": ("times, best by best", ".2f"),
        "times_in_loop": ("times, loop by loop", ".2f"),
        "flax_compile_s": ("Flax: compile, s", ".1f"),
        "jconv_compile_s": ("jconv: compile, s", ".1f"),
        "loss_difference": ("losses differ by", ".0e"),
    }
    heads = " | ".join(head for head, _ in columns.values())
    lines = [f"| task | {heads} |", "|---" + "|---:" * len(columns) + "|"]
    for name, row in results["tasks"].items():
        lines.append(f"| {' | '.join((name, *(format(row[column], spec) for column, (_, spec) in columns.items())))} |")
    times = {key: {name: row[key] for name, row in results["tasks"].items()} for key in ("times", "times_in_loop")}
    best = times_as_fast(times["times"], "with Flax's convolutions", "tasks")
    loop = times_as_fast(times["times_in_loop"], "they are in it", "tasks")
    return "\n".join([*lines, "", f"{best} In a loop: {loop} {where(results)}"])
