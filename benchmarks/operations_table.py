"""The tables of operations: jconv's signal processing and filters beside SciPy's, its `ops` beside PyTorch's."""

from statistics import geometric_mean


def _digits(value: float) -> str:
    """Three significant digits, or whole numbers above."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def times_as_fast(ratios: dict[str, float], peer: str, of: str = "entries") -> str:
    """The geometric mean, the least entry, and how many entries lose."""
    least = min(ratios, key=lambda name: ratios[name])
    below = [name for name, ratio in ratios.items() if ratio < 1]
    return (
        f"Geometric mean over {len(ratios)} {of}: {geometric_mean(ratios.values()):.2f} times as fast as {peer}; "
        f"least: {ratios[least]:.2f} ({least}); below 1: {len(below)}."
    )


def scipy_signal(results: dict) -> str:
    """A line per function: both dtypes, each as ms of jconv, of SciPy, and times SciPy."""
    by_name: dict[str, dict[str, dict]] = {}
    for row in results["rows"]:
        by_name.setdefault(row["name"], {})[row["dtype"]] = row
    dtypes = list(dict.fromkeys(row["dtype"] for row in results["rows"]))
    lines = [
        "| function | " + " | ".join(f"{dtype}: ms | SciPy: ms | times" for dtype in dtypes) + " | compile, s |",
        "|---" + "|---:" * (3 * len(dtypes) + 1) + "|",
    ]
    for name, found in by_name.items():
        cells = [cell for dtype in dtypes for cell in _beside(found[dtype])]
        lines.append(f"| {name} | {' | '.join((*cells, _digits(found[dtypes[0]]['compile_s'])))} |")
    ratios = {f"{row['name']}, {row['dtype']}": row["ratio"] for row in results["rows"]}
    return "\n".join([*lines, "", f"{times_as_fast(ratios, 'SciPy')} {where(results)}"])


def _beside(row: dict) -> tuple[str, str, str]:
    """Milliseconds of both sides and their ratio."""
    mine, theirs = (1e3 * row[side][1] for side in ("jconv", "scipy"))
    return _digits(mine), _digits(theirs), _digits(row["ratio"])


def where(results: dict) -> str:
    """The machine, the versions, the commit and the day."""
    day = f", {results['date']}" if "date" in results else ""
    scipy = f", SciPy {results['scipy']}" if "scipy" in results else ""
    return f"{results['machine']}{scipy}, commit {results['commit']}{day}."


def ndimage(results: dict) -> str:
    """A line per filter: ms of jconv, of SciPy, times SciPy, and what is aimed at."""
    lines = ["| filter | image | ms | SciPy: ms | times | aim | compile, s |", "|---" * 2 + "|---:" * 5 + "|"]
    ratios = {}
    for row in results["rows"]:
        words = [f"{key}={value:g}" for key, value in row["arguments"].items() if isinstance(value, int | float)]
        name = ", ".join((row["name"], *words))
        ratios[name] = row["ratio"]
        aim = "" if row["least"] is None else f"{row['least']:g}"
        times = (_digits(1e3 * row[side][1]) for side in ("jconv_s", "scipy_s"))
        size = "x".join(map(str, row["image"]))
        cells = (name, size, *times, _digits(row["ratio"]), aim, _digits(row["compile_s"]))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"{times_as_fast(ratios, 'SciPy')} float32. {where(results)}"])


DIRECTIONS = ("forward", "with gradients")


def operations(results: dict) -> str:
    """A line per operation: forward and with gradients, each as ms of jconv, of PyTorch, and times PyTorch."""
    seconds = {
        (name, direction): tuple(row[direction][side]["quartiles_s"][1] for side in ("jconv", "torch"))
        for name, row in results["rows"].items()
        for direction in DIRECTIONS
    }
    return _beside_torch("operation", seconds, where(results))


def deformable(results: dict) -> str:
    """A line per version: forward and with gradients, each as ms of jconv, of PyTorch, and times PyTorch."""
    seconds = {
        (version, direction): tuple(
            results["rows"][f"{version} {direction}"][side][1] for side in ("jconv_s", "torch_s")
        )
        for version in ("v1", "v2")
        for direction in DIRECTIONS
    }
    return _beside_torch("`deformable_conv`", seconds, f"Batch {results['batch']}. {where(results)}")


def _beside_torch(head: str, seconds: dict[tuple[str, str], tuple[float, float]], end: str) -> str:
    """A line per name, from the seconds of jconv and of PyTorch by name and direction."""
    heads = " | ".join(f"{d}: ms | PyTorch: ms | times" for d in DIRECTIONS)
    lines = [f"| {head} | {heads} |", "|---" + "|---:" * (3 * len(DIRECTIONS)) + "|"]
    for name in dict.fromkeys(name for name, _ in seconds):
        pairs = (seconds[name, direction] for direction in DIRECTIONS)
        cells = [_digits(value) for mine, theirs in pairs for value in (1e3 * mine, 1e3 * theirs, theirs / mine)]
        lines.append(f"| {' | '.join((name, *cells))} |")
    ratios = {", ".join(key): theirs / mine for key, (mine, theirs) in seconds.items()}
    return "\n".join([*lines, "", f"{times_as_fast(ratios, 'PyTorch')} {end}"])
