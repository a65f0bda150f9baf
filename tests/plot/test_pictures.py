"""Pictures of what was learned: the numbers they show, nothing cut off, all legible, and what they refuse."""

import re

import numpy as np
import pytest
from looks import check_looks
from PIL import Image

from jconv import kernels as known
from jconv import plot

RNG = np.random.default_rng(0)
SOUNDS, VIDEOS = RNG.random((4, 12, 6)), RNG.random((2, 10, 8, 8, 1))
PICTURES = RNG.random((3, 16, 20, 3))
MASKS = RNG.integers(0, 3, (3, 16, 20))
LONG = "a title that goes on for much longer than its narrow picture has room for in one line"


def headings(figure):
    return [axes.get_title(loc="left") for axes in figure.axes]


FIGURES = {
    "kernels, many": lambda: plot.kernels(RNG.normal(size=(5, 5, 2, 30)), title=LONG),
    "kernels, colour": lambda: plot.kernels(RNG.normal(size=(3, 3, 3, 8))),
    "kernels, 1-D": lambda: plot.kernels(RNG.normal(size=(7, 1, 6))),
    "kernels, 3-D": lambda: plot.kernels(RNG.normal(size=(2, 3, 3, 1, 4))),
    "kernels, one": lambda: plot.kernels(known.emboss(), title=LONG),
    "frequency_response, 2-D": lambda: plot.frequency_response(RNG.normal(size=(3, 3, 1, 7))),
    "frequency_response, 1-D": lambda: plot.frequency_response(RNG.normal(size=(5, 1, 8))),
    "feature_maps": lambda: plot.feature_maps(RNG.normal(size=(9, 40, 5)) * 1e-5),
    "curves": lambda: plot.curves(
        {"loss": {"training": np.arange(9.0) + 1, "held out": [(1, 2.0), (9, np.nan)]}, "IoU": [0.1]},
        logarithmic=("loss",),
    ),
    "confusion": lambda: plot.confusion([0, 1, 2, 1], [0, 1, 1, 0], names=("aeroplane", "cat", "a very long name")),
    "confusion with mistakes": lambda: plot.confusion(
        [0, 1, 1], [0, 0, 0], names=("an albatross", "a kingfisher"), pictures=PICTURES, confidences=[0.9, 0.5, 1.0]
    ),
    "boxes": lambda: plot.boxes(
        PICTURES, [[(0, 0, 9, 9), (8, 12, 16, 20)]] * 3, words=[["1 0.93", "2 0.4"]] * 3, true=[[(1, 1, 8, 8)], [], []],
        captions=["one.png", "two.png", "three.png"],
    ),
    "pictures": lambda: plot.pictures(dict.fromkeys(("a photograph", LONG, "b", "c"), PICTURES[0]), title=LONG),
    "masks": lambda: plot.masks(
        PICTURES, MASKS, true=MASKS[::-1], names=("ground", "cat", "dog"), captions=["a", "b", "c"], title=LONG
    ),
    "spectrograms": lambda: plot.spectrograms(
        SOUNDS, ["seven"] * 4, true=["seven", "one"] * 2, confidences=[0.5] * 4, seconds=0.8, bands="mel band"
    ),
    "frames": lambda: plot.frames(VIDEOS, ["7, left"] * 2, true=["7, left", "3, right"], confidences=[0.9, 1.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_is_cut_off_and_all_is_legible(name):
    check_looks(FIGURES[name]())


def test_a_text_that_is_cut_off_is_noticed():
    figure = plot.kernels(known.emboss())
    figure.text(0.98, 0.5, "beyond the edge")
    with pytest.raises(AssertionError):
        check_looks(figure)


def test_kernels_are_drawn_in_their_places():
    kernel = RNG.normal(size=(3, 2, 2, 2))
    figure = plot.kernels(kernel)
    assert headings(figure)[:4] == ["0 → 0", "1 → 0", "0 → 1", "1 → 1"]
    np.testing.assert_allclose(figure.axes[1].images[0].get_array(), kernel[:, :, 1, 0])
    assert figure.axes[1].images[0].norm.vmax == pytest.approx(np.abs(kernel).max())
    colour = plot.kernels(RNG.normal(size=(3, 3, 3, 2))).axes[0].images[0].get_array()
    assert colour.shape == (3, 3, 3) and 0 <= colour.min() and colour.max() <= 1
    assert "the first 2 of 4" in plot.kernels(kernel, most=2).texts[0].get_text()


def test_the_response_is_the_sum_over_the_taps():
    kernel = RNG.normal(size=(3, 2))
    (image,) = plot.frequency_response(kernel, points=8).axes[0].images
    f, g = np.meshgrid(np.arange(-4, 4) / 8, np.arange(-4, 4) / 8, indexing="ij")
    waves = [np.exp(-2j * np.pi * (f * k + g * m)) * kernel[k, m] for k in range(3) for m in range(2)]
    np.testing.assert_allclose(image.get_array(), np.abs(sum(waves)), atol=1e-12)
    (line,) = plot.frequency_response(np.array([0.5, 0.5]), points=8).axes[0].lines
    np.testing.assert_allclose(line.get_ydata()[:4], 20 * np.log10(np.cos(np.pi * np.arange(4) / 8)), atol=1e-12)


def test_curves_have_their_steps_and_gaps():
    (axes,) = plot.curves({"loss": {"a": [3.0, 1.0], "b": [(10, 2.0), (20, np.inf)]}}).axes
    first, second = axes.lines
    assert first.get_xdata().tolist() == [1, 2] and second.get_xdata().tolist() == [10, 20]
    assert np.isnan(second.get_ydata()[1])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]


def test_the_worst_mistakes_come_first():
    figure = plot.confusion(
        [0, 1, 1, 0], [0, 0, 0, 1], names="AB", pictures=np.zeros((4, 4, 4)), confidences=[1.0, 0.6, 0.9, 0.7], most=2
    )
    assert headings(figure) == ["", "✗ A (90 %)\nis B", "✗ B (70 %)\nis A"]
    assert [text.get_text() for text in figure.axes[0].texts] == ["1", "1", "2", "0"]
    assert "1 of 4 are right: 25.0 %" in figure.texts[0].get_text()


def test_boxes_stand_where_they_are_said_to():
    (axes,) = plot.boxes(np.zeros((1, 9, 9, 1)), [[(3, 2, 7, 5)]], true=[[(0, 0, 1, 1)]]).axes
    true, box = axes.patches
    # Top 3, left 2, bottom 7, right 5. Pixel 2 is drawn from 1.5 to 2.5.
    assert (*box.get_xy(), box.get_width(), box.get_height()) == (1.5, 2.5, 3, 4)
    assert true.get_linestyle() == "--" and box.get_linestyle() == "-"


def test_masks_leave_the_background_and_show_what_is_wrong():
    pictures, predicted = np.full((1, 6, 6, 1), 0.5), np.zeros((1, 6, 6), int)
    predicted[0, 2:5, 2:5] = 1
    figure = plot.masks(pictures, predicted, true=np.zeros_like(predicted))
    picture, painted, truth, wrong = (axes.images[0].get_array() for axes in figure.axes)
    assert (painted[0, 0] == 0.5).all() and (painted[3, 3] != 0.5).any()
    np.testing.assert_allclose(truth, 0.5)
    np.testing.assert_array_equal(wrong, predicted[0])
    assert picture.shape == (6, 6)


def test_a_strip_has_the_first_and_the_last_frame():
    figure = plot.frames(VIDEOS, ["left", "right"], strip=4)
    assert [axes.get_xlabel() for axes in figure.axes[4:]] == ["frame 0", "3", "6", "9"]
    assert headings(figure)[0] == "left"


def test_pictures_of_bytes_are_on_the_scale_of_bytes():
    (axes,) = plot.boxes(np.full((1, 4, 4, 3), 51, np.uint8), [[]]).axes
    np.testing.assert_allclose(axes.images[0].get_array(), 0.2)


def test_what_is_never_negative_is_black_at_zero_and_a_derivative_is_grey():
    assert plot.display_range(np.array([0.0] * 97 + [3.0] * 3)) == (0.0, 3.0)
    low, high = plot.display_range(np.array([-2.0, 0.0, 0.0, 0.0, 2.0]))
    assert low == -high


def test_a_png_is_as_large_as_its_figure(tmp_path):
    figure = plot.kernels(known.sobel(axis=-1))
    (tmp_path / "k.png").write_bytes(plot.as_png(figure))
    with Image.open(tmp_path / "k.png") as picture:
        assert picture.size == tuple(figure.canvas.get_width_height())


ERRORS = [
    (lambda: plot.kernels(np.zeros((2,) * 6)), r"kernels: kernel of shape \(2, 2, 2, 2, 2, 2\)"),
    (lambda: plot.kernels(np.ones((3, 3)) * 1j), "must be real"),
    (lambda: plot.frequency_response(np.ones((2, 2, 2, 1, 1))), "has 3 window axes"),
    (lambda: plot.frequency_response(np.ones(9), points=4), "points=4 must be even"),
    (lambda: plot.kernels(np.ones((2, 2, 1, 2)), names=["a"]), "1 names for 2 kernels"),
    (lambda: plot.pictures({}), "there are none"),
    (lambda: plot.pictures({"a": np.ones(3)}), "Put channels last"),
    (lambda: plot.feature_maps(np.ones((1, 2, 3, 4))), "Give one picture's"),
    (lambda: plot.curves({}), "must not be empty"),
    (lambda: plot.curves({"loss": np.ones((2, 3))}), r"loss of shape \(2, 3\) must be"),
    (lambda: plot.confusion([0], [0, 1], names="AB"), "must all be"),
    (lambda: plot.confusion([0, 2], [0, 1], names="AB"), "below the 2 names"),
    (lambda: plot.confusion([0], [0], names="A", pictures=PICTURES), "3 pictures must be as many"),
    (lambda: plot.boxes(PICTURES, [[]]), "predicted has 1 entries for 3 pictures"),
    (lambda: plot.boxes(PICTURES[:1], [[(1, 2, 3)]]), r"boxes of shape \(1, 3\)"),
    (lambda: plot.masks(PICTURES, MASKS[:, :9]), r"the prediction of shape \(3, 9, 20\)"),
    (lambda: plot.masks(PICTURES, MASKS, names="AB"), "class 2 of the prediction has no name"),
    (lambda: plot.boxes(np.zeros((1, 4, 4, 2)), [[]]), "Put channels last"),
    (lambda: plot.spectrograms(SOUNDS[0], []), "must be (n, time, bands)"),
    (lambda: plot.spectrograms(SOUNDS, ["one"]), "predicted has 1 entries for 4 examples"),
    (lambda: plot.frames(VIDEOS[0, 0], []), "must be (n, frames, height, width, 1 or 3)"),
]


@pytest.mark.parametrize(("call", "message"), ERRORS)
def test_what_cannot_be_drawn_is_told(call, message):
    with pytest.raises(ValueError, match=message if "\\" in message else re.escape(message)):
        call()
