"""The command line: what `jconv learn` finds and writes, what it says of bad input, and `jconv verify`."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import jax
import matplotlib.image
import numpy as np
import pytest
from PIL import Image, ImageFilter
from skimage import data
from typer.testing import CliRunner

import jconv
from jconv import plot, testing
from jconv.cli import verify, verify_compile
from jconv.cli.app import app
from jconv.cli.learn import command as learn
from jconv.cli.learn import training
from jconv.cli.learn.convergence import part_left
from jconv.cli.learn.task import prepare
from jconv.cli.learn.training import framed, nearest_separable_error
from jconv.cli.options import NAMED_FILTERS, LearnOptions

FILES = {"report.png", "kernel.npy", "metrics.json"}
GREY, TINY, SIZE = "grey.png", "tiny.png", ("--kernel-size",)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small photograph, grey and in colour, and what Pillow makes of it."""
    folder = tmp_path_factory.mktemp("pictures")
    grey = Image.fromarray(data.camera()[80:176, 160:280])
    colour = Image.fromarray(data.astronaut()[80:160, 160:240])
    grey.save(folder / GREY)
    colour.save(folder / "colour.png")
    grey.filter(ImageFilter.EMBOSS).save(folder / "emboss.png")
    grey.filter(ImageFilter.FIND_EDGES).save(folder / "edges.png")
    grey.filter(ImageFilter.MedianFilter(3)).save(folder / "median.png")
    colour.filter(ImageFilter.SHARPEN).save(folder / "sharp.png")
    colour.convert("L").filter(ImageFilter.SHARPEN).save(folder / "sharp_grey.png")
    grey.transpose(Image.Transpose.ROTATE_90).save(folder / "turned.png")
    grey.resize((7, 5)).save(folder / "tiny.png")
    Image.new("L", (64, 64), 90).save(folder / "flat.png")
    grey.point(lambda value: 255 * (value > 99)).save(folder / "binary.png")
    grey.resize((1, 1)).save(folder / "pixel.png")
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("this is no picture")
    (folder / "half.png").write_bytes((folder / GREY).read_bytes()[:3000])
    (folder / "half.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    return folder


def call(*words):
    """Run a command in this process."""
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def learned(out, *words, converged=True):
    """Run `jconv learn` and give its metrics."""
    result = call("learn", "--out", out, *words)
    assert result.exit_code == (0 if converged else 1), result.output
    assert {path.name for path in out.iterdir()} == FILES
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["converged"] == converged
    assert any("did not converge" in note for note in metrics["notes"]) != converged
    return metrics


# ---- learning


def test_the_first_command_a_user_types_finds_the_kernel(tmp_path):
    """In a process of its own, with no arguments, warnings being errors."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-m", "jconv", "learn"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, env=os.environ | {"COLUMNS": "100"},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    out = tmp_path / "runs" / "learn"
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["relative_kernel_error"] < 1e-3
    assert metrics["seconds"]["total"] < 60
    for word in (
        "true kernel",
        "learned kernel",
        "relative error",
        "PSNR",
        "steps",
        "seconds",
        "device",
        "algorithm",
    ):
        assert word in run.stdout
    np.testing.assert_allclose(np.load(out / "kernel.npy"), metrics["learned_kernel"])
    np.testing.assert_allclose(np.load(out / "kernel.npy"), framed(np.asarray(NAMED_FILTERS["emboss"]()), 7), atol=1e-3)
    assert matplotlib.image.imread(out / "report.png").std() > 0.1


def kernel_error(**options):
    """Train without drawing or writing, and give the relative kernel error."""
    options = LearnOptions(**options)
    learner = training.Learner(prepare(options), options)
    for _ in learner.train():
        pass
    return learner.kernel_error()


@pytest.mark.parametrize("target", NAMED_FILTERS)
def test_every_named_filter_is_found(target, folder):
    assert kernel_error(image=folder / GREY, target=target) < 1e-3


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "lbfgs"])
def test_every_optimiser_finds_the_kernel(optimizer, folder):
    assert kernel_error(image=folder / GREY, optimizer=optimizer) < 1e-3


@pytest.mark.parametrize("mode", ["zeros", "reflect", "symmetric", "edge", "wrap"])
def test_a_padding_mode_is_jconvs_own_on_the_whole_picture(mode, folder):
    """The model sees the picture with its border, centred: undone, it is `conv` with that padding mode."""
    options = LearnOptions(image=folder / GREY, padding_mode=mode, kernel_size=4)
    task = prepare(options)
    model = training.Learner(task, options).model
    kernel = model.filter_kernel(None)
    expected = jconv.conv(task.image, kernel[:, :, None, None], padding="SAME", padding_mode=mode)
    centred = (expected - task.mean * np.sum(kernel)) / task.unit
    np.testing.assert_allclose(model(task.inputs)[0], centred, atol=1e-5)
    assert task.target.shape == task.image.shape


def test_a_border_of_zeros_is_learned_from_like_any_other(folder):
    assert kernel_error(image=folder / GREY, padding_mode="zeros", kernel_size=4) < 1e-3


def test_an_algorithm_asked_for_is_the_one_that_ran(tmp_path, folder):
    metrics = learned(tmp_path / "out", "--image", folder / GREY, "--algorithm", "taps", "--steps", 100)
    assert metrics["algorithms"] == {"forward": ["taps"], "input_gradient": [], "kernel_gradient": ["taps"]}
    assert metrics["steps"] == 100
    for package in ("jconv", "jax", "flax"):
        assert metrics["versions"][package] == version(package)


def test_noise_costs_accuracy_and_the_seed_decides_it(folder):
    errors = [kernel_error(image=folder / GREY, noise=0.05, seed=3) for _ in range(2)]
    assert 1e-3 < errors[0] < 0.1
    assert errors[0] == errors[1]


def test_a_separable_model_finds_a_separable_filter(folder):
    assert kernel_error(image=folder / GREY, model="separable", target="gaussian") < 1e-3


def test_a_separable_model_asked_for_another_filter_says_so(tmp_path, folder):
    words = ("--image", folder / GREY, "--model", "separable", "--steps", 20)
    notes = learned(tmp_path / "out", *words, converged=False)["notes"]
    assert "no column times row comes nearer to emboss than 0.67: give --model conv" in notes


def test_a_filter_larger_than_the_kernel_is_noted(tmp_path, folder):
    words = ("--image", folder / GREY, "--target", "motion", "--kernel-size", 5, "--steps", 20)
    notes = learned(tmp_path / "out", *words, converged=False)["notes"]
    assert "motion is larger than the kernel: give --kernel-size 7" in notes


def test_what_pillow_did_is_found_with_its_offset(tmp_path, folder):
    """The real use: the kernel and the offset of 128 are in Pillow's source, not in the pictures' names."""
    words = ("--image", folder / GREY, "--target", folder / "emboss.png", "--kernel-size", 5)
    metrics = learned(tmp_path / "out", *words)
    truth = np.zeros((5, 5))
    truth[3, 1], truth[2, 2] = -1, 1
    np.testing.assert_allclose(metrics["learned_kernel"], truth, atol=2e-3)
    assert metrics["offset"] == pytest.approx(128 / 255, abs=1e-3)
    assert metrics["relative_kernel_error"] is None and metrics["psnr_db"] > 50


def test_clipped_pixels_do_not_bias_the_kernel(tmp_path, folder):
    words = ("--image", folder / GREY, "--target", folder / "edges.png", "--kernel-size", 3)
    metrics = learned(tmp_path / "out", *words)
    np.testing.assert_allclose(metrics["learned_kernel"], [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], atol=0.02)
    assert any("pure black or white" in note for note in metrics["notes"])


def test_the_channels_of_a_colour_picture_share_the_kernel(tmp_path, folder):
    words = ("--image", folder / "colour.png", "--target", folder / "sharp.png", "--kernel-size", 3)
    sharpen = (np.array([[-2, -2, -2], [-2, 32, -2], [-2, -2, -2]])) / 16  # as Pillow's source has it
    np.testing.assert_allclose(learned(tmp_path / "out", *words)["learned_kernel"], sharpen, atol=0.02)


def test_grey_and_colour_together_are_taken_as_grey(tmp_path, folder):
    words = ("--image", folder / "colour.png", "--target", folder / "sharp_grey.png", "--kernel-size", 3)
    metrics = learned(tmp_path / "out", *words)
    assert metrics["learned_kernel"][1][1] == pytest.approx(2, abs=0.03)
    assert any("taken as grey" in note for note in metrics["notes"])


def test_a_deep_model_imitates_a_median_better_than_a_kernel(tmp_path, folder):
    words = ("--image", folder / GREY, "--target", folder / "median.png", "--kernel-size", 3)
    kernel = learned(tmp_path / "conv", *words)["psnr_db"]
    deep = learned(tmp_path / "deep", *words, "--model", "deep", "--steps", 600)["psnr_db"]
    assert deep > kernel + 2


@pytest.mark.parametrize(
    "words, note",
    [
        (("--steps", 1), "give more --steps"),
        (("--steps", 20), "give more --steps"),
        (("--learning-rate", 1e6), "its loss rose: give a lower --learning-rate"),
        (("--model", "deep", "--steps", 8), "give more --steps"),
    ],
)
def test_a_training_that_did_not_converge_is_no_success(words, note, tmp_path, folder):
    notes = learned(tmp_path / "out", "--image", folder / GREY, *words, converged=False)["notes"]
    assert any(text.startswith("the training did not converge") and text.endswith(note) for text in notes)


@pytest.mark.parametrize("words", [("--noise", 0.2), ("--optimizer", "lbfgs"), ("--kernel-size", 3, "--steps", 100)])
def test_noise_or_a_kernel_too_small_is_no_lack_of_convergence(words, tmp_path, folder):
    learned(tmp_path / "out", "--image", folder / GREY, "--target", "gaussian", *words)


def test_what_is_left_to_gain_is_the_loss_above_the_least(folder):
    """The least loss is that of the normal equations, solved outside of jconv."""
    options = LearnOptions(image=folder / GREY, kernel_size=3, steps=20, noise=0.1)
    learner = training.Learner(prepare(options), options)
    *_, _ = learner.train()
    task = learner.task
    windows = np.lib.stride_tricks.sliding_window_view(task.inputs[0, :, :, 0], (3, 3)).reshape(-1, 9)
    equations, targets = np.c_[windows, np.ones(len(windows))].astype(float), task.targets.ravel().astype(float)
    _, (squares,), *_ = np.linalg.lstsq(equations, targets)
    loss = np.mean((np.asarray(learner.model(task.inputs)).ravel() - targets) ** 2)
    left = np.sqrt((loss - squares / targets.size) / np.mean(targets**2))
    assert part_left(learner.model, task) == pytest.approx(left, rel=0.1)


def test_pictures_that_have_nothing_to_do_with_each_other_are_noticed(tmp_path, folder):
    square = Image.open(folder / GREY).crop((0, 0, 80, 80))
    square.save(tmp_path / "square.png")
    words = ("--image", folder / "colour.png", "--target", tmp_path / "square.png", "--kernel-size", 3)
    notes = learned(tmp_path / "out", *words, "--steps", 100)["notes"]
    assert any("explains the target badly" in note for note in notes)


# ---- bad input

BAD = {
    "--image cat.png: no such file. Give": ("--image", "cat.png"),
    "this is a folder. Give": ("--image", "."),
    "the file is empty. Save": ("--image", "empty.png"),
    "cannot be read (not a picture). Open": ("--image", "text.png"),
    "half.png: cannot be read": ("--image", "half.png"),
    "half.jpg: cannot be read": ("--image", "half.jpg"),
    "--target cat.png: no such file": ("--target", "cat.png"),
    "120 x 96, but the image is 512 x 512. Give": ("--target", GREY),
    "96 x 120, but the image is 120 x 96. Give": ("--image", GREY, "--target", "turned.png"),
    "--kernel-size 9: larger than the picture (7 x 5). Give at most 5.": ("--image", TINY, *SIZE, "9"),
    "7 x 5 is smaller than the filter motion": ("--image", TINY, *SIZE, "3", "--target", "motion"),
    "--target sobbel: unknown filter. Give one of sobel-x,": ("--target", "sobbel"),
    "nearly every pixel is pure black or white": ("--image", GREY, "--target", "binary.png"),
    "the picture is of one colour": ("--image", "flat.png"),
    "--learning-rate 1e+30: the training diverged at step": (
        "--image", GREY, "--optimizer", "sgd", "--learning-rate", "1e30",
    ),
    "--learning-rate -1: must be greater than 0": ("--learning-rate", "-1"),
    "--image pixel.png: a single pixel, which tells nothing of a filter. Give": ("--image", "pixel.png"),
    "single pixel, which": ("--image", "pixel.png", *SIZE, "1", "--target", "pixel.png"),
    "--seed 99999999999999999999: too large. Give 0 to 4294967295.": ("--seed", "9" * 20),
    "--algorithm magic: there is no such algorithm. Give one of auto, direct, lax,": ("--algorithm", "magic"),
    "(forward: it needs fewer outputs than taps; ": ("--image", GREY, "--algorithm", "rows"),
    "(forward: an axis has 7 taps, ": ("--image", GREY, "--algorithm", "winograd"),
    "this name of 5000 characters is too long": ("--image", "a" * 5000),
    "this name of 5001 characters is too long": ("--target", "a/" + "b" * 4999),
    r"--image a\nb.png: no such file": ("--image", "a\nb.png"),
    r"--image \udcff.png: no such file": ("--image", "\udcff.png"),
}  # fmt: skip


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_one_line_with_the_remedy_and_code_2_and_no_files(message, tmp_path, folder, monkeypatch):
    monkeypatch.chdir(folder)
    result = call("learn", "--out", tmp_path / "out", *BAD[message])
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("jconv learn: ") and message in line and line.endswith(".")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--kernel-size", "0"),
        ("--kernel-size", "64"),
        ("--steps", "0"),
        ("--model", "wide"),
        ("--optimizer", "sgdd"),
        ("--noise", "-1"),
        ("--padding-mode", "mirror"),
        ("--nonsense",),
    ],
)
def test_a_value_outside_its_range_is_refused_with_the_range(words, tmp_path):
    result = call("learn", "--out", tmp_path / "out", *words)
    assert result.exit_code == 2
    assert words[0] in result.stderr
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_is_a_file_is_refused_before_the_training(folder):
    result = call("learn", "--out", folder / GREY)
    assert result.exit_code == 2
    assert "is a file. Give the path of a folder." in result.stderr


# ---- files


def test_a_failure_while_writing_leaves_what_was_there(tmp_path, folder, monkeypatch):
    (tmp_path / "report.png").write_text("the last one")

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jconv._files.os.fsync", full)
    result = call("learn", "--out", tmp_path, "--image", folder / GREY, "--steps", 5)
    assert result.exit_code == 2
    assert "cannot be written (No space left on device)" in result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"report.png"}
    assert (tmp_path / "report.png").read_text() == "the last one"


def test_a_folder_in_the_place_of_a_file_leaves_the_others_as_they_were(tmp_path, folder):
    (tmp_path / "kernel.npy").write_text("the last one")
    (tmp_path / "metrics.json").mkdir()
    result = call("learn", "--out", tmp_path, "--image", folder / GREY, "--steps", 5)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert "cannot be written" in line
    assert {path.name for path in tmp_path.iterdir()} == {"kernel.npy", "metrics.json"}
    assert (tmp_path / "kernel.npy").read_text() == "the last one"


# ---- Ctrl-C


def interrupt_at(step, monkeypatch, times=1):
    """Send this process SIGINT when the training reports a step."""
    honest = training.Learner.kernel_error

    def error(self):
        if self.task.truth is not None and len(self.errors) == step:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        return honest(self)

    monkeypatch.setattr(training.Learner, "kernel_error", error)


def test_ctrl_c_saves_what_was_learned_so_far_and_says_so(tmp_path, folder, monkeypatch):
    interrupt_at(2, monkeypatch)
    before = signal.getsignal(signal.SIGINT)
    result = call("learn", "--out", tmp_path / "out", "--image", folder / GREY)
    assert result.exit_code == 130
    assert "Stopped at step 60 by Ctrl-C; what was learned so far is saved." in result.stdout
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["steps"] == 60
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_stops_at_once_and_saves_nothing(tmp_path, folder, monkeypatch):
    interrupt_at(2, monkeypatch, times=2)
    result = call("learn", "--out", tmp_path / "out", "--image", folder / GREY)
    assert result.exit_code == 130
    assert result.stderr.splitlines() == ["jconv learn: stopped. Nothing was saved."]
    assert not (tmp_path / "out").exists()


def test_a_real_ctrl_c_from_outside_saves(tmp_path, folder):
    command = [
        sys.executable,
        "-u",
        "-m",
        "jconv",
        "learn",
        "--image",
        str(folder / GREY),
        "--out",
        str(tmp_path),
    ]
    command += ["--steps", "200000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        assert line.startswith("step 20 of 200000")
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode == 130
    assert "what was learned so far is saved" in rest
    assert {path.name for path in tmp_path.iterdir()} == FILES


# ---- the terminal


def test_a_moving_bar_is_shown_on_a_terminal(tmp_path, folder, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    result = call("learn", "--out", tmp_path / "out", "--image", folder / GREY, "--steps", 40)
    assert "━" in result.stdout and "kernel error" in result.stdout and "40/40" in result.stdout


def test_help_names_every_option_in_words(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    text = call("learn", "--help").stdout
    for name in LearnOptions.__dataclass_fields__:
        assert f"--{name.replace('_', '-')}" in text
    for word in (*NAMED_FILTERS, "PNG", "share one kernel", "runs/learn", "lbfgs"):
        assert word in text
    assert "learn" in call("--help").stdout and "verify" in call("--help").stdout


def test_help_and_import_load_none_of_the_heavy_packages():
    code = "import sys, jconv.cli, jconv.cli.app; print([m for m in {!r} if m in sys.modules])"
    heavy = ("flax", "optax", "matplotlib", "skimage", "PIL")
    run = subprocess.run([sys.executable, "-c", code.format(heavy)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("package", ["typer", "matplotlib", "PIL"])
def test_without_the_extra_the_command_says_how_to_get_it(package):
    code = f"import sys; sys.modules[{package!r}] = None; from jconv.cli import main; main(['learn'])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stderr.splitlines() == [f'jconv: the command needs {package}. Install it with: pip install "jconv[cli]"']


# ---- what is beyond a command


def run_jconv(*words, **options):
    """Run `python -m jconv` in a process of its own."""
    return subprocess.run([sys.executable, "-m", "jconv", *words], stderr=subprocess.PIPE, **options)


def test_the_version_is_printed():
    assert call("--version").stdout.startswith(f"jconv {jconv.__version__} (jax {jax.__version__}, Python 3.")


def test_a_standard_output_that_is_full_is_told_in_one_line(folder):
    with Path("/dev/full").open("w") as full:
        run = run_jconv("learn", "--image", folder / GREY, "--out", folder / "out", "--steps", "5", stdout=full)
    (line,) = run.stderr.decode().splitlines()
    assert "standard output cannot be written (No space left on device)" in line
    assert run.returncode == 2


def test_a_name_that_is_no_text_is_written_as_escapes(tmp_path, folder):
    """In the line that says where the files are, in the report's title and in metrics.json."""
    strange = os.fsencode(tmp_path) + b"/\xff"
    Path(os.fsdecode(strange + b".png")).write_bytes((folder / "emboss.png").read_bytes())
    words = ["--image", folder / GREY, "--target", strange + b".png", "--out", strange, "--kernel-size", "3"]
    run = run_jconv("learn", *words, stdout=subprocess.PIPE)
    assert run.returncode == 0, run.stderr
    assert rb"\udcff/report.png, kernel.npy, metrics.json" in run.stdout
    metrics = json.loads(Path(os.fsdecode(strange), "metrics.json").read_text())
    assert metrics["options"]["target"].endswith(r"\udcff.png")


def test_ctrl_c_while_modules_load_is_told_in_one_line():
    code = (
        "import builtins, signal, sys; from jconv.cli import main; honest = builtins.__import__\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a background job of a shell ignores it
        "def load(name, *rest):\n"
        "    if name.startswith(sys.argv[1]): signal.raise_signal(signal.SIGINT)\n"
        "    return honest(name, *rest)\n"
        "builtins.__import__ = load\n"
        "main(['learn'])"
    )
    for module, command in (("jconv.cli.app", "jconv"), ("flax", "jconv learn")):
        run = subprocess.run([sys.executable, "-c", code, module], capture_output=True, text=True)
        assert run.stderr.splitlines() == [f"{command}: stopped. Nothing was saved."]
        assert run.returncode == 130


# ---- verify


@pytest.fixture
def one_case(monkeypatch):
    monkeypatch.setattr(testing, "QUICK", testing.QUICK[:1])
    monkeypatch.setattr(testing, "QUICK_DTYPES", ("float32", "int32"))


def test_verify_prints_a_table_for_each_dtype_and_writes_json(one_case, tmp_path):
    result = call("verify", "--quick", "--platform", "cpu", "--json", tmp_path / "verify.json")
    assert result.exit_code == 0, result.output
    for word in ("float32", "int32", "taps", "lax", "auto", "exact", "All within their bounds"):
        assert word in result.stdout
    record = json.loads((tmp_path / "verify.json").read_text())
    assert record["platform"] == "cpu" and record["matrix"] == "quick" and record["failures"] == []
    assert {group["algorithm"] for group in record["groups"]} >= {"lax", "taps", "auto"}
    assert all(group["worst_error"] <= 1 for group in record["groups"] if group["passed"])
    assert [path.name for path in tmp_path.iterdir()] == ["verify.json"]


def test_verify_takes_one_algorithm_also_in_short(one_case, tmp_path):
    for name, quantities in (("fft", set(testing.QUANTITIES)), ("taps", {*testing.QUANTITIES, testing.LOCAL})):
        result = call("verify", "--algorithm", name, "--json", tmp_path / "verify.json")
        assert result.exit_code == 0, result.output
        groups = json.loads((tmp_path / "verify.json").read_text())["groups"]
        assert {(group["algorithm"], group["dtype"]) for group in groups} == {(name, "float32"), (name, "int32")}
        assert {group["quantity"] for group in groups} == quantities


def test_verify_ends_with_code_1_and_names_what_is_wrong(one_case, monkeypatch, tmp_path):
    def slightly_off(x, kernel, **keywords):
        return jax.lax.conv_general_dilated(x, kernel, **keywords) * 1.001

    functions = {"honest": jax.lax.conv_general_dilated, "off": slightly_off, "auto": slightly_off}
    monkeypatch.setattr(verify, "what_is_verified", lambda algorithms: (functions, dict.fromkeys(functions, 4.0)))
    monkeypatch.setattr(testing, "QUICK_DTYPES", ("float32",))
    result = call("verify", "--json", tmp_path / "verify.json")
    assert result.exit_code == 1
    assert "FAILED off, " in result.stdout and "FAILED honest" not in result.stdout
    assert "6 over their bounds" in result.stdout
    record = json.loads((tmp_path / "verify.json").read_text())
    assert len(record["failures"]) == 6 and record["failures"][0]["algorithm"] == "off"


def test_what_auto_takes_is_held_to_the_bound_of_direct_sums():
    """The matrix asks for precision HIGHEST, where auto takes nothing looser."""
    assert verify.what_is_verified()[1]["auto"] == 4


@pytest.mark.parametrize(
    "words, message",
    [
        (("--platform", "abacus"), "jax finds no such device. It has cpu"),
        (("--json", "."), "give the path of a file"),
    ],
)
def test_verify_refuses_what_is_not_there(words, message):
    result = call("verify", *words)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"jconv verify: {words[0]}") and message in line


# ---- verify --compile-only


@pytest.mark.parametrize(
    "words, message",
    [
        (("--compile-only",), "--platform: --compile-only compiles for a machine that is not there"),
        (("--compile-only", "--platform", "cpu"), "give --platform tpu"),
        (("--topology", "v5e:2x2"), "it is for --compile-only"),
        (("--compile-only", "--platform", "tpu", "--algorithm", "magic"), "--algorithm magic: give one of auto"),
    ],
)
def test_compile_only_refuses_what_makes_no_sense(words, message):
    result = call("verify", *words)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("jconv verify: --") and message in line


def test_compile_only_without_the_compiler_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = call("verify", "--platform", "tpu", "--compile-only")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("jconv verify: --compile-only: libtpu") and "jconv[tpu-compile]" in line


def test_compile_only_counts_what_compiled_and_names_what_failed(one_case, monkeypatch, tmp_path):
    """The compiler is the CPU's here: what is printed and written is the same."""

    def broken(x, kernel, **keywords):
        raise ZeroDivisionError("not today")

    functions = {"honest": jax.lax.conv_general_dilated, "broken": broken, "auto": jax.lax.conv_general_dilated}
    here = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    monkeypatch.setattr(verify_compile, "tpu_topology", lambda name: here)
    monkeypatch.setattr(verify_compile, "what_is_verified", lambda algorithms: (functions, {}))
    monkeypatch.setattr(verify_compile, "version", lambda name: "1")
    words = ("--platform", "tpu", "--compile-only", "--json", tmp_path / "compiled.json")
    result = call("verify", *words)
    assert result.exit_code == 1
    assert "FAILED broken, " in result.stdout and "ZeroDivisionError: not today" in result.stdout
    assert "2 of 3 programs compiled, 1 failed. Nothing was run." in result.stdout
    record = json.loads((tmp_path / "compiled.json").read_text())
    assert record["topology"] == "v5e:2x2" and len(record["failures"]) == 1
    assert {"algorithm": "honest", "dtype": "float32", "compiled": 1, "unsupported": 0, "failed": 0} in record["groups"]


# ---- small parts


def test_taps_that_are_equal_look_equal():
    """An eighth and one that is a millionth more would be 0.12 and 0.13."""
    truth = np.array([[0.125, 1.0]])
    digits = plot.tap_digits(truth + 1e-6, truth)
    assert digits == 3
    assert plot.tap_words(0.125, digits) == plot.tap_words(0.125001, digits) == "0.125"
    assert plot.tap_digits(truth + 0.3, truth) == 2  # these are not equal, and should not look it
    assert plot.tap_digits(truth) == 2
    assert plot.tap_words(-1e-9, 2) == "0.00"


def test_the_lines_of_progress_skip_no_step(tmp_path, folder):
    result = call("learn", "--out", tmp_path / "out", "--image", folder / GREY)
    steps = [int(line.split()[1]) for line in result.stdout.splitlines() if line.startswith("step ")]
    assert steps == list(range(20, 241, 20))


def test_a_kernel_is_framed_origin_on_origin():
    np.testing.assert_array_equal(framed(np.ones((2, 2)), 5)[2:4, 2:4], np.ones((2, 2)))
    np.testing.assert_array_equal(framed(np.ones((3, 3)), 4)[:3, :3], np.ones((3, 3)))
    assert framed(np.ones((3, 3)), 4).sum() == 9


def test_the_nearest_separable_kernel_of_a_separable_one_is_itself():
    assert nearest_separable_error(np.outer([1, 2, 1], [-1, 0, 1])) < 1e-12
    assert nearest_separable_error(np.eye(2)) == pytest.approx(np.sqrt(0.5))


def test_an_output_folder_may_not_exist_yet(tmp_path):
    learn.check_folder(tmp_path / "a" / "b" / "c")
    learn.check_folder(Path("relative") / "path")
