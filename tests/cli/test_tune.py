"""`jconv tune`: what it measures and keeps, and what it says of bad input."""

import json

import pytest
from typer.testing import CliRunner

from jconv import load_tuned
from jconv.cli import tune as command
from jconv.cli.app import app

PROGRAM = """
import jax, jax.numpy as jnp, jconv

def example():
    return jconv.conv(jnp.ones((2, 9, 3)), jnp.ones((3, 3, 4)))

def stock():
    return jax.lax.conv(jnp.ones((1, 3, 6, 6)), jnp.ones((4, 3, 2, 2)), (1, 1), "VALID")

def nothing():
    return jnp.ones(3)

def wants(x):
    return x

def words():
    return {"loss": example(), "name": "x"}

async def later():
    return example()

number = 3
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A user's file, as the working directory sees it."""
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JCONV_TUNED", str(tmp_path / "table.json"))
    monkeypatch.syspath_prepend(str(tmp_path))  # put back at the end, with what the command adds
    yield tmp_path
    load_tuned()


def call(*words):
    return CliRunner().invoke(app, ["tune", *map(str, words)], catch_exceptions=False, env={"COLUMNS": "200"})


@pytest.mark.parametrize("target", ["program.py:example", "program:example", "program.py:stock"])
def test_a_function_s_convolutions_are_measured_and_kept(program, target):
    result = call(target, "--path", "table.json", "--seconds", "0.001")
    assert result.exit_code == 0, result.output
    assert "Kept in table.json" in result.stdout and "taps" in result.stdout
    (table,) = json.loads((program / "table.json").read_text())["tables"]
    assert len(table["entries"]) == 3  # the value and its two gradients
    assert all({"lax", "taps"} <= set(entry["seconds"]) for entry in table["entries"])


def test_dry_run_measures_and_writes_nothing(program):
    result = call("program.py:example", "--path", "table.json", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "to measure: " in result.stdout and "Nothing was measured" in result.stdout
    assert not (program / "table.json").exists()


def test_a_budget_leaves_problems_out_and_says_how_many(program):
    result = call("program.py:example", "--path", "table.json", "--budget", "0")
    assert result.exit_code == 0, result.output
    assert "left out 3 of 3 problems" in result.stdout


def test_ctrl_c_keeps_what_was_measured(program, monkeypatch):
    def interrupted(problems, advance):
        for number, problem in enumerate(problems):
            if number:
                raise KeyboardInterrupt
            yield problem

    monkeypatch.setattr(command, "bar_steps", interrupted)
    result = call("program.py:example", "--path", "table.json", "--seconds", "0.001")
    assert result.exit_code == 130
    assert "stopped. What was measured until then is in table.json" in result.stderr
    (table,) = json.loads((program / "table.json").read_text())["tables"]
    assert len(table["entries"]) == 1


@pytest.mark.parametrize(
    "words, message",
    [
        (["example"], "Give a function without arguments as FILE.py:NAME or MODULE:NAME"),
        (["absent.py:example"], "there is no file absent.py"),
        (["absent.module:example"], "there is no module absent.module"),
        (["program.py:exampel"], "has no function exampel; it has: example, later, nothing, stock, wants, words"),
        (["program.py:number"], "has no function number"),
        (["program.py:wants"], "missing a required argument: 'x'. Wrap it: def example()"),
        (["program.py:words"], "it returns a value of type str, which is no array. Return the arrays"),
        (["program.py:later"], "this function is async"),
        (["..program:example"], "..program is no name of a module"),
        (["pro\ngram.py:example"], r"there is no file pro\ngram.py"),
        (["a" * 5000 + ".py:example"], "this name of 5003 characters is too long"),
        (["program.py:nothing"], "it traces no convolution that is left to jconv's choice"),
        (["program.py:example", "--path", "."], "cannot be read"),
        (["program.py:example", "--path", "program.py"], "is not a tuned table"),
    ],
)
def test_bad_input_is_told_in_one_line_and_ends_with_code_2(program, words, message):
    result = call(*words)
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("jconv tune: ") and message in line
    assert sorted(path.name for path in program.iterdir() if path.name != "__pycache__") == ["program.py"]


def test_a_file_that_is_no_python_is_shown_with_line_and_caret(program):
    (program / "broken.py").write_text("def example(:\n    pass\n")
    for target in ("broken.py:example", "broken:example"):
        result = call(target)
        assert result.exit_code == 2
        first, where, line, caret, what = result.stderr.splitlines()
        assert first.startswith(f"jconv tune: {target}: ") and first.endswith("is not valid Python. Mend it:")
        assert where.endswith('broken.py", line 1') and line.strip() == "def example(:"
        assert caret.strip() == "^" and what == "SyntaxError: invalid syntax"


def test_without_a_table_there_is_nowhere_to_keep_it(program, monkeypatch):
    monkeypatch.setenv("JCONV_TUNED", "")
    result = call("program.py:example")
    assert result.exit_code == 2
    assert "JCONV_TUNED is set and empty" in result.stderr
