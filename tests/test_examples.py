"""Each example runs in its quick form, and the numbers that it claims hold."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py"))
PICTURES = {
    "03_edges_by_known_kernels": {"03_edges.png"},
    "04_learn_an_edge_detector": {"04_kernels.png"},
    "05_recover_a_blur": {"05_sky.png", "05_kernels.png"},
    "06_the_integral_and_the_sum": {"06_integral.png"},
}
LONGEST = 120


@pytest.mark.parametrize("name", NAMES)
def test_the_example_runs_and_asserts_its_number(name, capsys, tmp_path):
    main = runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]
    main(quick=True, **({"out": tmp_path} if name in PICTURES else {}))
    assert capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == PICTURES.get(name, set())


def test_the_examples_are_as_short_as_they_claim():
    lengths = {path.stem: len(path.read_text().splitlines()) for path in EXAMPLES.glob("*.py")}
    assert lengths["01_learn_a_kernel"] < 80
    assert lengths["02_algorithms_agree"] <= 60
    assert max(lengths.values()) < LONGEST
