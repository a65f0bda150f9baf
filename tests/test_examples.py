"""Each example runs in its quick form, and the numbers that it claims hold."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.parametrize("name", ["01_learn_a_kernel", "02_algorithms_agree"])
def test_the_example_runs_and_asserts_its_number(name, capsys):
    runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"](quick=True)
    assert capsys.readouterr().out


def test_every_example_is_run_here_or_elsewhere():
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    assert {"01_learn_a_kernel", "02_algorithms_agree"} <= names


def test_the_examples_are_as_short_as_they_claim():
    lengths = {path.stem: len(path.read_text().splitlines()) for path in EXAMPLES.glob("0[12]_*.py")}
    assert lengths["01_learn_a_kernel"] < 80
    assert lengths["02_algorithms_agree"] <= 60
