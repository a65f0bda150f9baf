"""`jconv show`: what it writes, what it says, and what it refuses in one line."""

import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from skimage import data
from typer.testing import CliRunner

from jconv.cli import show
from jconv.cli.app import app
from jconv.cli.options import NAMED_FILTERS, ShowOptions
from jconv.cli.show import numbers, shrunk


def call(*words):
    return CliRunner().invoke(app, ["show", *map(str, words)], catch_exceptions=False)


def shown(out, *words):
    """Run `jconv show`, check what it wrote, and give its output and the frames of the animation."""
    result = call("--out", out, *words)
    assert result.exit_code == 0, result.output
    assert {path.name for path in out.iterdir()} == {"show.gif", "strip.png"}
    assert f"Written: {out / 'show.gif'}, strip.png" in result.stdout
    with Image.open(out / "strip.png") as strip:
        assert strip.format == "PNG"
    with Image.open(out / "show.gif") as animation:
        return result.stdout, animation.n_frames


def test_four_by_four_with_two_by_two_gives_three_by_three(tmp_path):
    words, frames = shown(tmp_path / "out")
    assert "An input of 4 x 4 and a kernel of 2 x 2 give 3 x 3 numbers." in words
    assert frames == 9


@pytest.mark.parametrize(
    ("words", "frames", "told"),
    [
        (("--stride", 2), 4, "give 2 x 2 numbers."),
        (("--input", 3, "--padding", 1, "--kernel", 3), 9, "give 3 x 3 numbers."),
        (("--input", 5, "--dilation", 3), 4, "give 2 x 2 numbers."),
        (("--rank", 1, "--input", 8, "--kernel", 3), 6, "An input of 8 and a kernel of 3 give 6 numbers."),
        (("--input", 2, "--transposed", "--stride", 2), 4, "give 4 x 4 numbers."),
        (("--input", 3, "--groups", 2), 8, "give 2 x 2 numbers in each of 2 channels."),
    ],
)
def test_each_option_is_shown(words, frames, told, tmp_path):
    text, count = shown(tmp_path, *words)
    assert told in text and count == frames


@pytest.fixture
def few_frames(monkeypatch):
    monkeypatch.setattr(show, "FRAMES", 3)


def test_a_photograph_of_ones_own_is_filtered_by_name(tmp_path, few_frames):
    Image.fromarray(data.astronaut()[:60, :80]).save(tmp_path / "mine.png")
    text, frames = shown(tmp_path / "out", "--picture", tmp_path / "mine.png", "--filter", "box")
    assert "box slides over mine.png, shown with 80 x 60 pixels." in text
    assert frames == 3


def test_a_filter_alone_takes_the_photograph_that_is_there(tmp_path, few_frames):
    assert (
        "sobel-y slides over scikit-image's camera, shown with 144 x 144" in shown(tmp_path, "--filter", "sobel-y")[0]
    )


def test_the_seed_decides_the_numbers_and_no_kernel_is_all_zeros():
    first, again, other = (numbers(ShowOptions(seed=seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first[0], again[0])
    assert (first[0] != other[0]).any()
    for seed in range(50):
        x, kernel = numbers(ShowOptions(seed=seed, kernel=1, groups=3))
        assert x.shape == (4, 4, 3) and kernel.any(axis=(0, 1, 2)).all()
        assert 0 <= x.min() and x.max() <= 9 and abs(kernel).max() <= 2


def test_a_large_photograph_is_made_small_by_means():
    picture = np.arange(288 * 144, dtype=np.float32).reshape(288, 144) / (288 * 144)
    small = shrunk(picture)
    assert small.shape == (144, 72)
    np.testing.assert_allclose(small, picture.reshape(144, 2, 72, 2).mean((1, 3)), atol=1e-5)
    assert shrunk(picture[:9, :9]).shape == (9, 9)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--kernel", 5), "--kernel 5: it spans 5 squares, more than the 4 of the input. Give a larger --input"),
        (("--dilation", 5, "--padding", 0), "spans 6 squares with --dilation 5"),
        (("--transposed", "--padding", 3), "--padding 3: transposed, it crops the output, and all 5 numbers a side"),
        (("--input", 40), "1521 steps are too many to watch, at most 200. Give a smaller input."),
        (("--input", 15), "have too many numbers to be read. Give a smaller input."),
        (("--rank", 1, "--input", 60), "too many numbers to be read"),
        (("--groups", 20, "--input", 3), "too many numbers to be read"),
        (("--filter", "sobbel"), "--filter sobbel: there is no such filter. Give one of: sobel-x"),
        (("--filter", "box", "--stride", 2), "--stride is for the grid of numbers, not for a photograph."),
        (("--picture", "nowhere.png"), "--picture nowhere.png: no such file."),
        (("--picture", "tiny.png"), "--picture: 2 x 2 is smaller than the filter sobel-x, 3 x 3"),
        (("--out", "tiny.png"), "--out tiny.png: tiny.png is a file. Give the path of a folder."),
    ],
)
def test_bad_input_is_told_in_one_line_and_nothing_is_written(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("L", (2, 2)).save("tiny.png")
    result = call(*words)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("jconv show: ") and message in line
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.png"]


def test_help_is_for_beginners(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    text = call("--help").stdout
    for name in ShowOptions.__dataclass_fields__:
        assert f"--{name}" in text
    for word in (*NAMED_FILTERS, "stencil", "sum down", "runs/show"):
        assert word in text
    for word in ("tensor", "array", "cross-correlation"):
        assert word not in text


def test_frames_of_the_animation_differ_and_end_longest(tmp_path):
    call("--out", tmp_path)
    with Image.open(io.BytesIO((tmp_path / "show.gif").read_bytes())) as animation:
        stills, times = [], []
        for frame in range(animation.n_frames):
            animation.seek(frame)
            stills.append(np.asarray(animation.convert("L"), float))
            times.append(animation.info["duration"])
    assert all(abs(a - b).max() > 50 for a, b in pairwise(stills))
    assert times[-1] > times[0]
