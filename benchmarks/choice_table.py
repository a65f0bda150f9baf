"""The tables of the choice, of what the machine reaches, and of loops."""


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
