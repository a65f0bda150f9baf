"""`jconv cost` on the terminal: a function's table, and one line for what cannot be counted."""

import pytest
from typer.testing import CliRunner

from jconv.cli.app import app

PROGRAM = """
import jax, jax.numpy as jnp, jconv
from flax import nnx

KERNEL = jnp.ones((3, 3, 4, 6))
MODEL = nnx.Sequential(nnx.Conv(4, 6, (3, 3), rngs=nnx.Rngs(0)), nnx.relu)

def forward():
    return jax.nn.relu(jconv.conv(jnp.ones((2, 8, 8, 4)), KERNEL, padding="SAME"))

def of_model():
    return MODEL(jnp.ones((2, 8, 8, 4)))

def with_argument(x):
    return x

def words():
    return "no array"
"""


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


def call(*words):
    return CliRunner().invoke(app, ["cost", *map(str, words)])


@pytest.mark.parametrize(("name", "parameters"), [("forward", "216"), ("of_model", "222")])
def test_it_prints_the_table(program, name, parameters):
    result = call(f"{program}:{name}")
    assert result.exit_code == 0, result.output
    head, *rows = result.stdout.splitlines()
    assert head.split() == ["operation", "times", "params", "MACs", "ops", "bytes", "FLOP/B"]
    assert rows[0].startswith("conv 3x3, 2x 8x8x4 -> 8x8x6") and "27.6 k" in rows[0]
    assert rows[-1].split()[0] == "total" and rows[-1].split()[2] == parameters
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("{}:nothing", "has no function nothing; it has: "),
        ("{}:with_argument", "Wrap it: def example(): return with_argument(example_input)."),
        ("{}:words", "it returns a value of type str, which is no array."),
        ("missing.py:f", "there is no file missing.py."),
    ],
)
def test_what_cannot_be_counted_is_told_in_one_line(program, target, message):
    result = call(target.format(program))
    assert result.exit_code == 2 and result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("jconv cost: ") and message in line
