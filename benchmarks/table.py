"""Make the tables of README.md and benchmarks/README.md, and the picture of speed, from the results kept here.

python benchmarks/table.py            # rewrite both, and benchmarks/results/speed.png
python benchmarks/table.py --check    # exit 1 if one of them does not say what the results say
"""

import argparse
import json
from pathlib import Path

from choice_table import floors, regret, scan
from operations_table import deformable, ndimage, operations, scipy_signal
from reported_table import reported, reported_in_short
from speed_picture import picture
from speed_table import means, speed, speed_by_direction, speeds
from tasks_table import stepped, trained
from tpu_table import tpu
from training_table import training, training_in_short
from verification_table import verification

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"

SECTIONS = {
    "verification": ("verify*.json", verification),
    "means": ("cpu.json", means),
    "training-in-short": ("training.json", training_in_short),
    "reported": ("reported.json", reported),
    "reported-in-short": ("reported.json", reported_in_short),
    "scan": ("scan.json", scan),
    "speed": ("cpu.json", speed),
    "speed-oldest": ("cpu-oldest.json", speed_by_direction),
    "regret": ("regret.json", regret),
    "floors": ("floors.json", floors),
    "training": ("training.json", training),
    "training-oldest": ("training-oldest.json", training),
    "signal": ("scipy_signal.json", scipy_signal),
    "ndimage": ("ndimage.json", ndimage),
    "ops": ("ops.json", operations),
    "deformable": ("deformable.json", deformable),
    "trained": ("train-*.json", trained),
    "stepped": ("tasks.json", stepped),
    "tpu": ("tpu.json", tpu),
}


def rewritten(text: str) -> str:
    """A page with every section between its markers made anew."""
    for name, (file, render) in SECTIONS.items():
        start, end = f"<!-- {name} -->\n", f"<!-- end {name} -->"
        found = [json.loads(path.read_text()) for path in sorted(RESULTS.glob(file))]
        if start in text and found:
            before, rest = text.split(start)
            _, after = rest.split(end)
            text = before + start + "\n" + render(*found) + "\n\n" + end + after
    return text


def main() -> int:
    """Rewrite the pages, or check them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing")
    check = parser.parse_args().check
    pages = {path: path.read_text() for path in (ROOT / "README.md", ROOT / "benchmarks" / "README.md")}
    if check:
        return int(any(rewritten(text) != text for text in pages.values()))
    for path, text in pages.items():
        path.write_text(rewritten(text))
    if (RESULTS / "cpu.json").exists():
        results = json.loads((RESULTS / "cpu.json").read_text())
        picture(speeds(results), results["machine"], RESULTS / "speed.png")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
