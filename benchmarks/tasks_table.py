"""The table of what `jconv train` reaches by its defaults, from the `metrics.json` of its runs."""

ORDER = ("classify", "segment", "detect", "video", "audio", "sequence")


def trained(*results: dict) -> str:
    """A line per task: model, parameters, examples, metric and value, and the model that it is compared with."""
    lines = [
        "| task | model | parameters | trained on | held out | metric | value |",
        "|---" * 2 + "|---:" * 3 + "|---|---:|",
    ]
    for row in sorted(results, key=lambda row: ORDER.index(row["task"])):
        shared = f"{row['examples']:,} | {row['examples_held_out']:,} | {row['metric']}"
        lines.append(
            f"| {row['task']} | {row['options']['model']} | {row['parameters']:,} | {shared} | {row['value']:.2%} |"
        )
        if row["beside"]:
            value = row["beside"][next(iter(row["scores"]))]
            lines.append(f"| | {row['beside']['model']} | {row['beside']['parameters']:,} | {shared} | {value:.2%} |")
    newest = max(results, key=lambda row: row["date"])
    versions = ", ".join(f"{name} {version}" for name, version in newest["versions"].items())
    return "\n".join([*lines, "", f"{newest['device']}; {versions}; {newest['date'][:10]}."])
