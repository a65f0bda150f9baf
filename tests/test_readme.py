"""README says what is true: its code runs, its table is that of the results, its commands are the ones CI runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = {name: (ROOT / name).read_text() for name in ("README.md", "benchmarks/README.md", "examples/README.md")}
README = PAGES["README.md"]
MOST_BYTES = 9 * 1024
# A program, and behind it what it prints.
SHOWN = [
    (name, *found)
    for name, text in PAGES.items()
    for found in re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.DOTALL)
]


def test_readme_is_a_landing_page():
    assert len(README.encode()) <= MOST_BYTES


def test_every_program_on_a_page_is_followed_by_what_it_prints():
    assert sum(text.count("```python") for text in PAGES.values()) == len(SHOWN) >= 2


@pytest.mark.parametrize(("page", "program", "printed"), SHOWN)
def test_a_program_prints_what_the_page_says(page, program, printed):
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (run.stdout, run.returncode) == (printed, 0), run.stderr


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page):
    folder = (ROOT / page).parent
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", PAGES[page]) if not link.startswith("http")]
    assert links
    assert [link for link in links if not (folder / link).exists()] == []


def test_the_tables_are_what_the_kept_results_say():
    run = subprocess.run([sys.executable, ROOT / "benchmarks" / "table.py", "--check"], check=False)
    assert run.returncode == 0


def test_the_verification_table_has_every_quantity_and_no_failure():
    table = README.split("<!-- verification -->")[1].split("<!-- end verification -->")[0]
    rows = [line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| `")]
    assert {row[0].strip(" `") for row in rows} >= {"lax", "taps"}
    for row in rows:
        assert int(row[-1]) == 0, row
        measured = [0.0 if cell.strip() == "exact" else float(cell) for cell in row[2:-3] if cell.strip()]
        assert measured and all(error < 1 for error in measured), row
        # An algorithm for some problems alone need not have every quantity; these two take all problems.
        assert len(measured) == 7 or row[0].strip(" `") not in ("lax", "taps"), row


def test_ci_runs_the_very_test_command_of_readme():
    script = (ROOT / ".ci" / "run").read_text()
    assert "<!-- test command -->" in script
    block = re.search(r"<!-- test command -->\n```bash\n(.*?)```", README, re.DOTALL)
    assert block is not None
    assert "-m pytest" in block[1]
    assert 'install -q -e ".[test]"' in block[1]
