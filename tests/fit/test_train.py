"""train: resumed bit for bit, the same on many devices, saved whole, stopped at NaN."""

import contextlib
import csv
import shutil
import subprocess

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from tensorboardX.proto.event_pb2 import Event, SessionLog

from jconv.data import batches
from jconv.fit import CheckpointError, Checkpoints, DivergedError, evaluate, train
from jconv.nn import Conv

RNG = np.random.default_rng(0)
X, Y = RNG.random((64, 6, 6, 1), np.float32), RNG.integers(0, 3, 64).astype(np.int32)


class Net(nnx.Module):
    """Everything that has a state: a convolution, statistics, random dropping."""

    def __init__(self, width=4):
        rngs = nnx.Rngs(0)
        self.conv, self.norm = Conv(1, width, (3, 3), rngs=rngs), nnx.BatchNorm(width, rngs=rngs)
        self.drop, self.head = nnx.Dropout(0.2, rngs=rngs), nnx.Linear(width, 3, rngs=rngs)

    def __call__(self, x):
        return self.head(self.drop(nnx.relu(self.norm(self.conv(x)))).mean((1, 2)))


def loss(model, x, y):
    return optax.softmax_cross_entropy_with_integer_labels(model(x).astype(jnp.float32), y).mean()


def right(model, x, y):
    return model(x).argmax(-1) == y


def noisy(key, x, y):
    return x + 0.01 * jax.random.normal(key, x.shape), y


OPTIMIZER = optax.adam(1e-2)


def learned(folder=None, *, steps=12, model=None, optimizer=OPTIMIZER, data=None, **options):
    """Train a small net on one device."""
    model = Net() if model is None else model
    row = batches(X, Y, batch_size=16, seed=3) if data is None else data
    options = {"chunk": 4, "devices": jax.devices()[:1]} | options
    return model, train(model, row, optimizer, loss=loss, steps=steps, folder=folder, save_every=4, **options)


def arrays(model):
    """All variables of a model as NumPy arrays; keys as what they hold."""
    leaves = jax.tree.leaves(nnx.state(model))
    return [np.asarray(jax.random.key_data(a) if jnp.issubdtype(a.dtype, jax.dtypes.prng_key) else a) for a in leaves]


def assert_same_bits(one, other):
    assert len(arrays(one)) == len(arrays(other))
    for a, b in zip(arrays(one), arrays(other), strict=True):
        np.testing.assert_array_equal(a, b)


def records(path):
    """TensorBoard's events in a file: the length in 8 bytes, 4 to check it, the event, 4 to check that."""
    data, events = path.read_bytes(), []
    while data:
        length = int.from_bytes(data[:8], "little")
        events.append(Event.FromString(data[12 : 12 + length]))
        data = data[16 + length :]
    assert (events[0].file_version, events[1].session_log.status) == ("brain.Event:2", SessionLog.START)
    return events


def test_a_resumed_training_has_the_same_bits(tmp_path):
    options = {"augment": noisy, "average": 0.9, "clip": 1.0, "accumulate": 2}
    whole, report = learned(tmp_path / "whole", **options)
    learned(tmp_path / "cut", steps=8, **options)
    resumed, again = learned(tmp_path / "cut", resume=True, **options)
    assert_same_bits(whole, resumed)
    np.testing.assert_array_equal(report.losses, again.losses)
    plain, _ = learned(**options)
    assert_same_bits(whole, plain)  # and saving changes nothing


def test_a_wish_to_stop_is_saved_and_resumed(tmp_path):
    whole, _ = learned()
    _, report = learned(tmp_path, on_report=lambda report: report.step == 4)
    assert report.step == 4
    resumed, report = learned(tmp_path, resume=True)
    assert report.step == 12
    assert_same_bits(whole, resumed)


def test_it_learns_and_tells_of_it(tmp_path):
    told = []
    validate = lambda model: evaluate(model, X, Y, metrics={"accuracy": right}, batch_size=40)  # noqa: E731
    _, report = learned(tmp_path, steps=12, validate=validate, on_report=told.append)
    assert [r.step for r in told] == [4, 8, 12]
    assert told[-1].loss < told[0].loss
    assert 0 < report.scores["accuracy"] < 1 and report.seconds > report.compile_seconds > 0
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["4", "8", "12"]
    assert float(rows[-1]["accuracy"]) == pytest.approx(report.scores["accuracy"])
    (events,) = (tmp_path / "tensorboard").glob("events*")
    scalars = [(event.step, value.tag) for event in records(events) for value in event.summary.value]
    assert scalars == [(step, name) for step in (4, 8, 12) for name in ("loss", "examples_per_second", "accuracy")]
    assert sorted(p.name for p in (tmp_path / "checkpoints").iterdir()) == ["12", "8"]  # the newest two


def test_evaluate_counts_every_example_once():
    model = Net()
    model.eval()
    expected = float((np.asarray(model(X[:50])).argmax(-1) == Y[:50]).mean())
    assert evaluate(model, X[:50], Y[:50], metrics={"a": right}, batch_size=16)["a"] == pytest.approx(expected)


@pytest.mark.parametrize("options", [{}, {"accumulate": 2}])
def test_eight_devices_give_the_losses_of_one(options):
    options["optimizer"] = optax.sgd(0.1)  # Adam would make a step of the rounding errors of what has no gradient
    one, report = learned(**options)
    eight, divided = learned(devices=jax.devices()[:8], **options)
    np.testing.assert_allclose(divided.losses, report.losses, rtol=2e-5)
    for a, b in zip(arrays(one), arrays(eight), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_half_precision_computes_in_it_and_keeps_float32_parameters():
    seen = []

    def spy(model, x, y):
        seen.append((x.dtype, model.conv.kernel[...].dtype))
        return loss(model, x, y)

    model = Net()
    report = train(model, batches(X, Y, batch_size=16), OPTIMIZER, loss=spy, steps=4, compute_dtype=jnp.bfloat16)
    assert seen[0] == (jnp.bfloat16, jnp.bfloat16)
    assert model.conv.kernel[...].dtype == model.norm.mean[...].dtype == jnp.float32
    assert np.isfinite(report.losses).all()


def test_accumulated_steps_equal_one_step_on_all_their_examples():
    pieces = [(X[16 * i : 16 * i + 16], Y[16 * i : 16 * i + 16]) for i in range(4)]

    def still():
        whole = Conv(1, 3, (6, 6), padding="VALID", rngs=nnx.Rngs(0))
        return nnx.Sequential(whole, lambda y: y.reshape(-1, 3))

    sgd = optax.sgd(0.1)
    apart, _ = learned(model=still(), data=pieces, steps=4, accumulate=4, optimizer=sgd)
    together, _ = learned(model=still(), data=[(X, Y)], steps=1, optimizer=sgd)
    for a, b in zip(arrays(apart), arrays(together), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_loss_that_is_no_number_stops_it_and_what_was_saved_stays(tmp_path):
    bad = [(X[:16], Y[:16])] * 9 + [(np.full_like(X[:16], np.nan), Y[:16])] * 3
    with pytest.raises(DivergedError, match=r"nan at step 10.*The checkpoint of step 8 is good") as stopped:
        learned(tmp_path, data=bad)
    assert (stopped.value.step, stopped.value.saved) == (10, 8)
    assert Checkpoints(tmp_path / "checkpoints").latest == 8


def test_checkpoints_of_another_model_and_folders_in_use_are_refused(tmp_path):
    learned(tmp_path, steps=4)
    with pytest.raises(CheckpointError, match="there is a training already"):
        learned(tmp_path, steps=4)
    with pytest.raises(CheckpointError, match=r"of another model or optimiser: .*conv.* has shape .* there and shape"):
        learned(tmp_path, model=Net(width=5), resume=True)


def test_a_folder_that_cannot_be_written_names_what_is_whole(tmp_path, monkeypatch):
    learned(tmp_path, steps=4)
    checkpoints = Checkpoints(tmp_path / "checkpoints")

    def full(*arguments, **words):
        raise ValueError("RESOURCE_EXHAUSTED: No space left on device")

    monkeypatch.setattr(checkpoints.manager, "save", full)
    with pytest.raises(
        CheckpointError, match=r"step 8 cannot be written .*No space.*the checkpoint of step 4 is whole"
    ):
        checkpoints.save(8, {"a": np.zeros(3)})


@pytest.fixture
def small_disk(tmp_path):
    """Mount a disk of four megabytes, where the system lets the test."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    mounted = shutil.which("mount") and subprocess.run(command, capture_output=True).returncode == 0
    if not mounted:
        pytest.skip("no small disk can be mounted here: that takes Linux and the rights of root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def filled(disk):
    """Leave no room on a disk; gives the file that takes it."""
    rest = disk / "rest"
    with contextlib.suppress(OSError), rest.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return rest


@pytest.mark.slow
@pytest.mark.parametrize("logged", [True, False])
def test_a_disk_that_is_full_loses_nothing_and_the_training_goes_on_when_there_is_room(small_disk, monkeypatch, logged):
    if not logged:  # so that the checkpoint is what finds no room
        monkeypatch.setattr("jconv.fit._logs.Log.add", lambda *arguments: None)
    run = small_disk / "run"
    whole, _ = learned()
    learned(run, steps=4)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and "tensorboard" not in path.parts}
    rest = filled(small_disk)
    what = "the log" if logged else "the checkpoint of step 8"
    with pytest.raises(CheckpointError, match=rf"{what} cannot be written .*; the checkpoint of step 4 is whole"):
        learned(run, resume=True)
    assert {path: path.read_bytes() for path in before} == before
    rest.unlink()
    resumed, report = learned(run, resume=True)
    assert report.step == 12
    assert_same_bits(whole, resumed)
    if logged:
        assert [row.split(",")[0] for row in (run / "log.csv").read_text().split()] == ["step", "4", "8", "12"]


ERRORS = {
    "no model": (dict(model=3), TypeError, r"^train: model=3 must be a flax\.nnx\.Module"),
    "no optimiser": (dict(optimizer="adam"), TypeError, "^train: optimizer='adam' must be one of optax's"),
    "an array": (dict(data=X), TypeError, r"^train: data must give batch i by data\[i\]"),
    "no steps": (dict(steps=0), ValueError, "^train: steps=0 must be at least 1"),
    "clip": (dict(clip=0.0), ValueError, r"^train: clip=0\.0 must be greater than 0"),
    "devices": (dict(devices=jax.devices()[:3]), ValueError, "^train: a batch of 16 cannot be divided over 3 devices"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_message(name):
    options, kind, words = ERRORS[name]
    with pytest.raises(kind, match=words):
        learned(**options)
