"""Each example runs in its quick form, and the numbers that it claims hold."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py"))
LONGEST = 120


@pytest.mark.parametrize("name", NAMES)
def test_the_example_runs_and_asserts_its_number(name, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where it may write its pictures
    runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"](quick=True)
    assert capsys.readouterr().out


def test_the_examples_are_as_short_as_they_claim():
    lengths = {path.stem: len(path.read_text().splitlines()) for path in EXAMPLES.glob("*.py")}
    assert lengths["01_learn_a_kernel"] < 80
    assert lengths["02_algorithms_agree"] <= 60
    assert max(lengths.values()) < LONGEST
