"""examples/README.md has every example, and shows what it prints."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
PAGE = (EXAMPLES / "README.md").read_text()
SECTIONS = dict(re.findall(r"^## \[[\w.]+\]\((\w+)\.py\)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
NUMBER = re.compile(r"-?\d+\.?\d*(?:e[+-]?\d+)?")


def shown(name):
    """What the page says that an example prints."""
    return re.search(r"```text\n(.*?)```", SECTIONS[name], re.DOTALL)[1]


def words_and_numbers(text):
    """The text with its numbers taken out, blanks as one; and the numbers."""
    return " ".join(NUMBER.sub("#", text).split()), np.array([float(number) for number in NUMBER.findall(text)])


def test_every_example_has_its_section_with_a_sentence_and_an_output_or_a_picture():
    assert list(SECTIONS) == sorted(path.stem for path in EXAMPLES.glob("*.py"))
    for text in SECTIONS.values():
        assert re.match(r"\n[A-Z].+?[.:]\n", text, re.DOTALL)
        assert "```text\n" in text or "](" in text


def test_the_learned_kernel_and_its_error_are_as_shown(capsys):
    runpy.run_path(str(EXAMPLES / "01_learn_a_kernel.py"))["main"]()
    words, numbers = words_and_numbers(capsys.readouterr().out)
    shown_words, shown_numbers = words_and_numbers(shown("01_learn_a_kernel"))
    assert words == shown_words
    # Steps and taps are whole numbers; losses and errors shrink by orders of magnitude, and rounding moves the last.
    np.testing.assert_allclose(numbers, shown_numbers, rtol=0.5, atol=1e-2)
    small = (0 < shown_numbers) & (shown_numbers < 1e-2)
    np.testing.assert_allclose(numbers[small], shown_numbers[small], rtol=0.5)


@pytest.mark.parametrize(
    "name",
    [
        "03_edges_by_known_kernels",
        pytest.param("04_learn_an_edge_detector", marks=pytest.mark.slow),
        pytest.param("05_recover_a_blur", marks=pytest.mark.slow),
        pytest.param("06_the_integral_and_the_sum", marks=pytest.mark.slow),
    ],
)
def test_what_is_printed_is_what_is_shown(name, capsys):
    runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]()
    words, numbers = words_and_numbers(capsys.readouterr().out)
    shown_words, shown_numbers = words_and_numbers(shown(name))
    assert words == shown_words
    np.testing.assert_allclose(numbers, shown_numbers, rtol=0.1, atol=1e-3)


def test_the_quick_form_of_the_agreement_prints_lines_that_are_shown(capsys):
    example = runpy.run_path(str(EXAMPLES / "02_algorithms_agree.py"))
    example["main"](quick=True)
    lines, all_shown = capsys.readouterr().out.splitlines(), shown("02_algorithms_agree").splitlines()
    assert len(lines) == 12 and set(lines) < set(all_shown)
    assert all_shown[:3] == str(example["by_loops"](example["IMAGE"], example["KERNEL"], 1, 0)).splitlines()
    assert len(all_shown) == 3 + 18


@pytest.mark.parametrize("name", SECTIONS)
def test_a_page_shows_no_program_that_is_not_run(name):
    assert "```python" not in SECTIONS[name]
