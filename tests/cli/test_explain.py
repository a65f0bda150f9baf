"""`jconv explain`: what runs in a user's function, and what it says of bad input."""

import pytest
from typer.testing import CliRunner

import jconv
from jconv.cli.app import app

PROGRAM = """
import jax.numpy as jnp, jconv

def example():
    x, kernel = jnp.ones((2, 12, 12, 3)), jnp.ones((3, 3, 3, 3))
    return jconv.conv(jconv.conv(x, kernel), kernel, algorithm="taps")

def nothing():
    return jnp.ones(3)
"""


@pytest.fixture(autouse=True)
def program(tmp_path, monkeypatch):
    """A user's file, as the working directory sees it."""
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))  # put back at the end, with what the command adds


def call(*words):
    return CliRunner().invoke(app, ["explain", *words], catch_exceptions=False)


def test_every_convolution_is_told_in_each_direction_with_the_reason():
    result = call("program.py:example", "--platform", "cpu")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "2 convolutions in program.py:example on cpu, each with its gradients"
    assert [line for line in lines if line.startswith(("1.", "2."))] == [
        "1. [2, 12, 12] x 3 -> 3, window (3, 3), outputs (10, 10), float32",
        "2. [2, 10, 10] x 3 -> 3, window (3, 3), outputs (8, 8), float32",
    ]
    for direction in ("forward", "input gradient", "kernel gradient"):
        first, second = (line for line in lines if line.startswith(f"   {direction} "))
        assert first.endswith("ms  least predicted time")
        assert " taps " in second and second.endswith("ms  asked for")


def test_the_candidates_are_the_table_of_jconv_explain():
    result = call("program:example", "--candidates")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("temporaries  local") == 6
    assert "winograd" in result.stdout


def test_a_function_without_convolutions_is_told_as_one():
    result = call("program.py:nothing")
    assert (result.exit_code, result.stdout) == (0, "no convolutions\n")


@pytest.mark.parametrize(
    "words, message",
    [
        (["program.py:exampel"], "has no function exampel; it has: example, nothing"),
        (["program.py:example", "--platform", "abacus"], "--platform abacus: give one of cpu, cuda, gpu, rocm, tpu."),
    ],
)
def test_bad_input_is_told_in_one_line_and_ends_with_code_2(words, message):
    result = call(*words)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("jconv explain: ") and message in line


def test_a_pinned_algorithm_is_told_as_asked_for():
    with jconv.use_algorithm("fft"):
        assert "fft" in call("program.py:example").stdout
