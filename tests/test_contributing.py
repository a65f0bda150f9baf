"""What contributors are told exists: paths, commands, Pythons, and a changelog that has this version."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / ".github" / "CONTRIBUTING.md").read_text()
WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
CHANGES = (ROOT / "jconv" / "CHANGELOG.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_every_path_that_contributors_are_told_exists():
    paths = re.findall(r"(?<![\w/])((?:jconv|tests|benchmarks|\.ci)/[\w/.]*[\w/])(?![\w/<*-])", PAGE)
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_set_up_is_that_of_readme():
    (command,) = re.findall(r"`(python3 -m venv .*?)`", PAGE)
    assert command in (ROOT / "README.md").read_text()


def test_ci_runs_the_script_on_the_pythons_that_the_project_names():
    assert "- run: .ci/run\n" in WORKFLOW
    pythons = re.findall(r"^ +(3\.\d+)$", WORKFLOW, re.MULTILINE)
    assert pythons[0] == PROJECT["requires-python"].removeprefix(">=")
    assert f"Programming Language :: Python :: {pythons[-1]}" in PROJECT["classifiers"]


def test_the_changelog_begins_with_what_is_unreleased_and_has_this_version():
    versions = re.findall(r"^## \[(.*?)\](?: - \d{4}-\d\d-\d\d)?$", CHANGES, re.MULTILINE)
    assert versions[0] == "Unreleased"
    assert PROJECT["version"] in versions
    kinds = set(re.findall(r"^### (\w+)$", CHANGES, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
