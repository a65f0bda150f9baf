"""README says what is true: its code runs, its table is that of the results, its commands are the ones CI runs."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_the_code_of_readme_prints_what_it_says():
    failures, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert tried >= 8
    assert failures == 0


def test_the_tables_are_what_the_kept_results_say():
    run = subprocess.run([sys.executable, ROOT / "benchmarks" / "table.py", "--check"], check=False)
    assert run.returncode == 0


def test_the_verification_table_has_every_quantity_and_no_failure():
    table = README.split("<!-- verification -->")[1].split("<!-- end verification -->")[0]
    rows = [line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| `")]
    assert {row[0].strip(" `") for row in rows} >= {"lax", "taps"}
    for row in rows:
        assert int(row[-1]) == 0, row
        measured = [float(cell) for cell in row[2:-3] if cell.strip()]
        assert measured and all(error < 1 for error in measured), row
        # An algorithm for some problems alone need not have every quantity; these two take all problems.
        assert len(measured) == 6 or row[0].strip(" `") not in ("lax", "taps"), row


def test_ci_runs_the_very_test_command_of_readme():
    script = (ROOT / ".ci" / "run").read_text()
    assert "<!-- test command -->" in script
    block = re.search(r"<!-- test command -->\n```bash\n(.*?)```", README, re.DOTALL)
    assert block is not None
    assert "-m pytest" in block[1]
    assert 'install -q -e ".[test]"' in block[1]


def test_every_picture_that_readme_shows_exists():
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).exists(), picture
