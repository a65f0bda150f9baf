"""Adding an algorithm is one file and one line in the table: everything else finds it there."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest
from agreement import whole
from problems import problem_of

import jconv
from jconv._algorithms import ALGORITHMS
from jconv._programs import tune as tuning
from jconv.cli.verify import what_is_verified

FILE = '''
"""The algorithm `toy`: another's, three times as large, so that a value tells which one ran."""

from jconv._algorithms import Algorithm
from jconv._algorithms.taps import TAPS

def compute(x, w, problem):
    return 3 * TAPS.compute(x, w, problem)

def unsupported(problem, platform):
    return ("it is made for a line",) if problem.rank > 1 else ()

TOY = Algorithm(name="toy", compute=compute, unsupported=unsupported, error_bound=4.0, reference="this test")
'''
X, KERNEL = whole((2, 9, 3)), whole((3, 3, 4), 1)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The file, and the line."""
    path = tmp_path / "toy.py"
    path.write_text(FILE)
    spec = importlib.util.spec_from_file_location("toy", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(ALGORITHMS, module.TOY.name, module.TOY)
    return module.TOY


def test_it_can_be_asked_for_by_name(toy):
    want = 3 * jconv.conv(X, KERNEL, algorithm="lax")
    np.testing.assert_array_equal(jconv.conv(X, KERNEL, algorithm="toy"), want)
    with jconv.use_algorithm("toy"):
        np.testing.assert_array_equal(jconv.conv(X, KERNEL), want)
    with jconv.installed(), jconv.use_algorithm("toy"):
        kernel = jnp.moveaxis(KERNEL, (0, 1, 2), (2, 1, 0))
        y = jnp.moveaxis(jconv.conv_general_dilated(jnp.swapaxes(X, 1, 2), kernel, (1,), "VALID"), 1, 2)
        np.testing.assert_array_equal(y, want)


def test_it_is_explained(toy):
    assert "toy" in str(jconv.explain(problem_of([(9, 3, 7)])))
    assert "it is made for a line" in str(jconv.explain(problem_of([(9, 3, 7)] * 2)))


def test_it_is_verified(toy):
    functions, bounds = what_is_verified()
    assert bounds["toy"] == 4.0
    one = dict(window_strides=(1,), padding="VALID", dimension_numbers=("NWC", "WIO", "NWC"))
    np.testing.assert_array_equal(functions["toy"](X, KERNEL, **one), 3 * jconv.conv(X, KERNEL, algorithm="lax"))


def test_it_is_tuned_and_then_chosen(toy, tmp_path, monkeypatch):
    problem = problem_of([(9, 3, 7)])

    def measured(problem, names, **options):
        return SimpleNamespace(seconds={name: 1.0 if name == "toy" else 2.0 for name in names}, failed={})

    monkeypatch.setattr(tuning, "measure", measured)
    try:
        found = jconv.tune([problem], path=tmp_path / "tuned.json")
        assert "toy" in found[0].candidates
        assert found[0].algorithm == "toy"
    finally:
        jconv.load_tuned()
    tuned = {problem: "toy"}
    assert jconv.choose_algorithm(problem, "cpu", tuned=tuned) is toy
    assert jconv.choose_algorithm(problem, "cpu") is not toy  # auto never takes what does not say its cost


def test_it_is_timed(toy, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    for name in ("run", "timing", "workloads"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert "toy" in importlib.import_module("run").candidates(only_auto=False, before={})


def test_a_users_own_needs_no_place_in_the_table(toy):
    own = replace(toy, name="mine")
    want = 3 * jconv.conv(X, KERNEL, algorithm="lax")
    np.testing.assert_array_equal(jconv.conv(X, KERNEL, algorithm=own), want)
    assert own.cost is None
