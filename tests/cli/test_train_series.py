"""`jconv train sequence` on series that are asked for by name, and what its report shows of long kernels."""

import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from PIL import Image
from typer.testing import CliRunner

from jconv import data
from jconv.cli.app import app
from jconv.cli.train import sequence
from jconv.cli.train.command import _filled
from jconv.cli.train.job import Options, load_task
from jconv.cli.train.report import long_kernels
from jconv.cli.train.task import Kind

QUICK = ("--epochs", "1", "--batch-size", "90", "--model", "short")


def call(*words):
    """Run a command in this process."""
    return CliRunner().invoke(app, list(map(str, words)))


def test_series_are_trained_on_by_their_name_and_predicted_from_arrays(tmp_path):
    result = call("train", "sequence", "--data", "JapaneseVowels", "--out", tmp_path / "run", *QUICK)
    assert result.exit_code == 0, result.output
    assert "sequence: 270 to train on, 370 held out." in result.output
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert 0 <= metrics["value"] <= 1 and metrics["examples_held_out"] == 370
    assert f"accuracy: {metrics['value']:.2%} on 370 held-out examples" in result.output
    with Image.open(tmp_path / "run" / "report.png") as report:
        assert report.height > 1000
    assert json.loads((tmp_path / "run" / "run.json").read_text())["facts"] == {"padded": True}
    assert call("train", "sequence", "--out", tmp_path / "run", "--resume").exit_code == 0
    np.savez(tmp_path / "x.npz", x=data.series().test[0][:3])
    result = call("predict", tmp_path / "run", tmp_path / "x.npz")
    assert result.exit_code == 0 and len(result.output.splitlines()) == 3


def test_an_unknown_name_and_a_missing_package_are_told_in_one_line(tmp_path, monkeypatch):
    words = ("train", "sequence", "--out", tmp_path / "run", *QUICK, "--data")
    result = call(*words, "Vowels")
    (line,) = result.stderr.splitlines()
    assert result.exit_code == 2
    assert line.startswith("jconv train: --data Vowels: series: name='Vowels', there is no such series. Give one of ")
    assert line.endswith("Or give an .npz with the arrays x and y.")
    (line,) = call(*words, tmp_path / "Vowels").stderr.splitlines()
    assert line.endswith("give an .npz with the arrays x (n, length, channels) and y (n,).")
    monkeypatch.setattr(data._series, "find_spec", lambda name: None)
    (line,) = call(*words, "JapaneseVowels").stderr.splitlines()
    assert line.endswith('Install it with: pip install "jconv[series]"')
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["hyena", "short"])
def test_the_zeros_behind_a_series_change_no_answer(name):
    kind = Kind((20, 2), ("a", "b", "c"), {"padded": True})
    model = load_task("sequence").models[name](kind, nnx.Rngs(0))
    x = jnp.asarray(np.random.default_rng(0).standard_normal((1, 9, 2)), jnp.float32).at[0, 4].set(0)
    filled = jnp.pad(x, ((0, 0), (0, 11), (0, 0)))
    both = jnp.concatenate([filled, 0 * filled])  # and nothing but zeros is no division by nothing
    answers = np.asarray(model(both))
    np.testing.assert_allclose(answers[0], model.network(x)[0], atol=1e-5)
    assert np.isfinite(answers).all()


def test_series_of_one_length_are_not_taken_for_filled_up():
    found = sequence.read(Path("GunPoint"), 0)
    assert found.facts == {"padded": False}
    assert not isinstance(sequence.hyena(Kind((9, 1), ("a", "b"), found.facts), nnx.Rngs(0)), sequence.Padded)


def test_few_examples_are_gone_through_more_often_by_default():
    task = load_task("sequence")
    for examples, asked, found in ((4000, 0, 8), (270, 0, 80), (20, 0, 400), (20, 3, 3)):
        assert _filled(task, Options("sequence", epochs=asked), examples).epochs == found


def test_the_report_shows_the_kernels_of_long_convolutions():
    models = load_task("sequence").models
    kind = Kind((30, 2), ("a", "b"), {"padded": True})
    for name, taps in (("hyena", 30), ("short", 5)):
        found = long_kernels(models[name](kind, nnx.Rngs(0)))
        assert list(found) == ["long convolution 1", "long convolution 2"]
        for curves in found.values():
            assert len(curves) == 4
            assert all(curve.shape == (taps, 2) and curve[:, 1].any() for curve in curves.values())
    model = models["hyena"](kind, nnx.Rngs(0))
    first = long_kernels(model)["long convolution 1"]["channel 0"]
    np.testing.assert_array_equal(first[:, 1], model.network.blocks[0].mixer.long[0].kernel()[:, 0])
    assert long_kernels(nnx.Linear(2, 2, rngs=nnx.Rngs(0))) == {}
