"""`jconv train` and `jconv predict`: each task from a user's own data to an answer, and what they say of bad input."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import scipy.io.wavfile
from flax import nnx
from PIL import Image
from typer.testing import CliRunner

from jconv.cli.app import app
from jconv.cli.train.job import TASKS, load_task
from jconv.cli.train.report import first_kernel
from jconv.cli.train.task import Kind
from jconv.fit import Checkpoints

FILES = {"run.json", "metrics.json", "report.png", "log.csv", "tensorboard", "checkpoints"}
FEW = ("--epochs", "2", "--batch-size", "4", "--seed", "1")


def call(*words):
    """Run a command in this process."""
    return CliRunner().invoke(app, list(map(str, words)))


def picture(path, rng, size=(16, 16), mode="L"):
    """Write a picture of noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = size if mode == "L" else (*size, 3)
    Image.fromarray(rng.integers(0, 256, shape, np.uint8)).save(path)
    return path


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A user's data for each task."""
    folder, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for kind in ("cat", "dog"):
        for k in range(5):
            picture(folder / "classify" / kind / f"{k}.png", rng)
            (folder / "audio" / kind).mkdir(parents=True, exist_ok=True)
            noise = rng.integers(-9000, 9000, 2000 + 10 * k).astype(np.int16)
            scipy.io.wavfile.write(folder / "audio" / kind / f"{k}.wav", 4000, noise)
            frames = [Image.fromarray(rng.integers(0, 256, (16, 16, 3), np.uint8)) for _ in range(3)]
            (folder / "video" / kind).mkdir(parents=True, exist_ok=True)
            frames[0].save(folder / "video" / kind / f"{k}.gif", save_all=True, append_images=frames[1:])
    images, annotations = [], []
    for k in range(10):
        picture(folder / "segment" / "pictures" / f"{k}.png", rng, mode="RGB")
        (folder / "segment" / "masks").mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 2, (16, 16), np.uint8)).save(folder / "segment" / "masks" / f"{k}.png")
        picture(folder / "detect" / f"{k}.png", rng, (32, 32), "RGB")
        images.append({"id": k, "file_name": f"{k}.png"})
        annotations.append({"image_id": k, "category_id": 7, "bbox": [4, 8, 12, 10]})
    table = {"images": images, "annotations": annotations, "categories": [{"id": 7, "name": "cell"}]}
    (folder / "detect" / "boxes.json").write_text(json.dumps(table))
    np.savez(folder / "sequence.npz", x=rng.random((12, 20, 2)), y=np.arange(12) % 3)
    return folder


INPUTS = {
    "classify": "classify/cat/0.png",
    "segment": "segment/pictures/0.png",
    "detect": "detect/0.png",
    "video": "video/dog/0.gif",
    "audio": "audio/dog/0.wav",
    "sequence": "sequence.npz",
}


@pytest.mark.parametrize("task", TASKS)
def test_every_task_learns_from_a_users_data_and_answers_for_his_files(task, own, tmp_path):
    data = own / ("sequence.npz" if task == "sequence" else task)
    result = call("train", task, "--data", data, "--out", tmp_path / "run", *FEW)
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "run").iterdir()} == FILES
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["task"] == task and metrics["metric"] == load_task(task).metric
    assert 0 <= metrics["value"] <= 1 and metrics["examples_held_out"] in (2, 3)
    assert f"{metrics['metric']}: {metrics['value']:.2%}" in result.output
    assert metrics["versions"].keys() == {"jconv", "jax", "flax", "optax", "python"} and metrics["seconds"] > 0
    report = Image.open(tmp_path / "run" / "report.png")
    assert report.width > 300 and len(report.getcolors(10**7)) > 20
    result = call("predict", tmp_path / "run", own / INPUTS[task], "--out", tmp_path / "said")
    assert result.exit_code == 0, result.output
    said = json.loads((tmp_path / "said" / "predictions.json").read_text())
    assert len(said) == (12 if task == "sequence" else 1) and all(one["answer"] for one in said)
    assert said[0]["answer"] in result.output.replace("\n", " ")


def test_a_training_is_resumed_with_its_options_and_never_written_over(own, tmp_path):
    words = ("train", "classify", "--out", tmp_path)
    assert call(*words, "--data", own / "classify", *FEW).exit_code == 0
    metrics = (tmp_path / "metrics.json").read_text()
    again = call(*words, "--data", own / "classify", *FEW)
    assert again.exit_code == 2 and "Give --resume to go on with it, or another folder." in again.output
    assert (tmp_path / "metrics.json").read_text() == metrics
    resumed = call(*words, "--resume")
    assert resumed.exit_code == 0, resumed.output
    assert json.loads((tmp_path / "metrics.json").read_text())["value"] == json.loads(metrics)["value"]
    other = call(*words, "--resume", "--epochs", "3")
    assert other.exit_code == 2 and "--epochs 3: the training in" in other.output
    other = call("train", "segment", "--out", tmp_path, "--resume")
    assert other.exit_code == 2 and "is of the task classify" in other.output


def planted(own, tmp_path, name):
    """Copy a task's data, to be broken."""
    shutil.copytree(own / name, tmp_path / name)
    return tmp_path / name


def empty(own, tmp_path):
    (tmp_path / "empty").mkdir()
    return "classify", tmp_path / "empty", "it has no folders. Give one folder of pictures for each class."


def one_class(own, tmp_path):
    folder = planted(own, tmp_path, "classify")
    shutil.rmtree(folder / "dog")
    return "classify", folder, "one class only (cat). Give at least two."


def empty_class(own, tmp_path):
    folder = planted(own, tmp_path, "classify")
    (folder / "cow").mkdir()
    return "classify", folder, "the folder cow has no pictures. Fill it, or take it away."


def no_picture(own, tmp_path):
    folder = planted(own, tmp_path, "classify")
    (folder / "cat" / "0.png").write_text("this is no picture")
    return "classify", folder, "0.png: cannot be read as a picture. Mend it, or take it away."


def another_rate(own, tmp_path):
    folder = planted(own, tmp_path, "audio")
    scipy.io.wavfile.write(folder / "dog" / "0.wav", 8000, np.ones(99, np.int16))
    return "audio", folder, "has 8000 samples a second, and 4000 are needed. Bring all sounds to one rate."


def stereo(own, tmp_path):
    folder = planted(own, tmp_path, "audio")
    scipy.io.wavfile.write(folder / "dog" / "0.wav", 4000, np.ones((99, 2), np.int16))
    return "audio", folder, "has 2 channels. Give mono sounds."


def no_sound(own, tmp_path):
    folder = planted(own, tmp_path, "audio")
    (folder / "dog" / "0.wav").write_bytes(b"RIFF")
    return "audio", folder, "0.wav: cannot be read as a WAV file."


def boxes_outside(own, tmp_path):
    folder = planted(own, tmp_path, "detect")
    table = json.loads((folder / "boxes.json").read_text())
    table["annotations"][3]["bbox"] = [20, 8, 40, 10]
    (folder / "boxes.json").write_text(json.dumps(table))
    return "detect", folder, "of 3.png is empty or outside of the picture (32 x 32)."


def no_boxes(own, tmp_path):
    folder = planted(own, tmp_path, "detect")
    (folder / "boxes.json").unlink()
    return "detect", folder, "there is no boxes.json in it, with boxes as COCO has them."


def other_boxes(own, tmp_path):
    folder = planted(own, tmp_path, "detect")
    (folder / "boxes.json").write_text('{"images": []}')
    return "detect", folder, "boxes.json lacks 'categories'."


def mask_of_another_size(own, tmp_path):
    folder = planted(own, tmp_path, "segment")
    Image.new("L", (8, 9)).save(folder / "masks" / "2.png")
    return "segment", folder, "masks/2.png is 8 x 9, its picture 16 x 16."


def no_mask(own, tmp_path):
    folder = planted(own, tmp_path, "segment")
    (folder / "masks" / "2.png").unlink()
    return "segment", folder, "there is no masks/2.png for the picture 2.png."


def nothing_there(own, tmp_path):
    return "video", tmp_path / "nowhere", "there is no such folder. Give a folder, or an .npz"


def array_without_classes(own, tmp_path):
    np.savez(tmp_path / "x.npz", x=np.zeros((4, 8, 1)))
    return "sequence", tmp_path / "x.npz", "Give an .npz with the arrays x and y."


def classes_of_another_length(own, tmp_path):
    np.savez(tmp_path / "x.npz", x=np.zeros((4, 8, 1)), y=np.arange(3))
    return "sequence", tmp_path / "x.npz", "give a class, 0 or more, for each of the 4 examples."


BAD = (
    empty, one_class, empty_class, no_picture, another_rate, stereo, no_sound, boxes_outside, no_boxes, other_boxes,
    mask_of_another_size, no_mask, nothing_there, array_without_classes, classes_of_another_length,
)  # fmt: skip


def assert_one_line(result, words):
    """Code 2, one line on standard error with the words, no stack."""
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    assert words in line


@pytest.mark.parametrize("plant", BAD, ids=lambda plant: plant.__name__)
def test_bad_data_are_told_in_one_line_and_nothing_is_written(plant, own, tmp_path):
    task, data, words = plant(own, tmp_path)
    assert_one_line(call("train", task, "--data", data, "--out", tmp_path / "run"), words)
    assert not (tmp_path / "run").exists()


OPTIONS = {
    "unknown model": (("--model", "vgg"), "--model vgg: there is no such model for classify. Give one of lenet"),
    "rate": (("--learning-rate", "0"), "--learning-rate 0: must be greater than 0."),
    "batch": (("--batch-size", "99"), "--batch-size 99: there are only 8 examples to train on."),
    "resume": (("--resume",), "there is no training in it to resume. Leave --resume out."),
    "diverged": (("--learning-rate", "1e30", "--epochs", "40"), "the training diverged at step"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_bad_options_are_told_in_one_line(name, own, tmp_path):
    options, words = OPTIONS[name]
    data = () if name == "resume" else ("--data", own / "classify")
    words_of = ("train", "classify", *data, "--out", tmp_path / "run", *FEW, *options)
    assert_one_line(call(*words_of), words)


def test_predict_says_what_is_missing(own, tmp_path):
    assert_one_line(call("predict", tmp_path, own / INPUTS["classify"]), "there is no training in it")
    assert call("train", "classify", "--data", own / "classify", "--out", tmp_path / "run", *FEW).exit_code == 0
    assert_one_line(call("predict", tmp_path / "run", tmp_path / "no.png"), "no.png: there is no such file.")
    shutil.rmtree(tmp_path / "run" / "checkpoints")
    assert_one_line(call("predict", tmp_path / "run", own / INPUTS["classify"]), "there is no checkpoint. Train first.")


OF_TRAIN = ("grain", "tensorboardX", "mlxtend", "sklearn")  # Flax brings Orbax along, and JAX SciPy
NOT_INSTALLED = """import sys
class Missing:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in MISSING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing)
"""
WITHOUT = {  # what is not installed, a command, and what it says
    "train": (OF_TRAIN, ("train", "classify"), "jconv: the command needs grain.*", "train"),
    "train, to predict": (OF_TRAIN, ("predict", "run", "a.png"), "jconv: the command needs grain.*", "train"),
    "all but grain": (OF_TRAIN[1:], ("train", "audio"), "jconv: the command needs (mlxtend|sklearn).*", "train"),
    "speech": (
        ("espeakng_loader",),
        ("train", "audio"),
        "jconv train: .*'espeakng_loader'.*",
        "speech",
    ),
}


@pytest.mark.parametrize("name", WITHOUT)
def test_without_an_extra_one_line_says_how_to_get_it(name, tmp_path):
    missing, words, says, extra = WITHOUT[name]
    (tmp_path / "sitecustomize.py").write_text(f"MISSING = {missing!r}\n{NOT_INSTALLED}")
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "jconv", *words]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": path})
    assert run.returncode == 2
    (line,) = run.stderr.splitlines()
    assert re.fullmatch(rf'{says} Install it with: pip install "jconv\[{extra}\]"', line), line
    assert not (tmp_path / "runs").exists()


def saved(folder):
    """The arrays of the newest checkpoint."""
    checkpoints = Checkpoints(folder / "checkpoints")
    arrays = checkpoints.arrays(checkpoints.latest)
    checkpoints.close()
    return arrays


@pytest.mark.slow
def test_killed_at_ten_random_moments_and_resumed_it_ends_with_the_same_bits(own, tmp_path):
    words = [sys.executable, "-m", "jconv", "train", "classify", "--data", str(own / "classify")]
    words += ["--epochs", "400", "--batch-size", "4"]
    started = time.monotonic()
    subprocess.run([*words, "--out", str(tmp_path / "whole")], check=True, capture_output=True)
    whole, truth = time.monotonic() - started, saved(tmp_path / "whole")
    rng, killed = np.random.default_rng(0), 0
    for k in range(10):
        out = tmp_path / str(k)
        process = subprocess.Popen([*words, "--out", str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(whole * rng.uniform(0.3, 0.95))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        resume = ["--resume"] if (out / "run.json").exists() else []
        subprocess.run([*words[:5], *(resume or words[5:]), "--out", str(out)], check=True, capture_output=True)
        found = saved(out)
        assert found.keys() == truth.keys()
        for name, array in truth.items():
            np.testing.assert_array_equal(found[name], array, err_msg=f"{k}: {name}")
    assert killed >= 8  # else it says little


def test_the_report_shows_the_kernels_that_read_the_input():
    task = load_task("video")
    model = task.models["2+1"](Kind((8, 28, 28, 1), tuple("abc"), {}), nnx.Rngs(0))
    kernel = first_kernel(model, 1)
    assert kernel is not None and kernel.shape[-2] == 1
