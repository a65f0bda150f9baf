"""Time series: `.ts` files are read rightly or refused in words, and the real ones have their known sizes."""

import importlib.util
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from jconv import data
from jconv.data import _ts

TEXT = """# made by hand: @data in a comment, and 1,2:cat too

% another one
@problemName Small
@timestamps FALSE
@Missing true
@dimensions 2

@classLabel TRUE cat big_dog
@DATA
1,?,3.5 : -1e1,5,6:cat

?,2,?,8:?,?,?,?:big_dog
# the end
"""


def header(classes="true cat dog"):
    """The lines before the series."""
    return f"@problemName Small\n@classLabel {classes}\n@data\n"


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A package with files of one's own, in the place of those that are installed."""

    def put(package="sktime", **texts):
        folder = tmp_path / package / "datasets" / "data" / "Small"
        folder.mkdir(parents=True, exist_ok=True)
        for part, text in texts.items():
            (folder / f"Small_{part}.ts").write_text(text)

    def find_spec(name):
        there = (tmp_path / name).exists()
        return SimpleNamespace(submodule_search_locations=[str(tmp_path / name)]) if there else None

    monkeypatch.setattr(data._series, "find_spec", find_spec)
    return put


def test_a_file_is_read_with_its_gaps_comments_and_words(tmp_path):
    (tmp_path / "Small.ts").write_text(TEXT)
    rows, words, classes = _ts.read_ts(tmp_path / "Small.ts")
    assert (words, classes) == (["cat", "big_dog"], ("cat", "big_dog"))
    nan = np.nan
    np.testing.assert_array_equal(rows[0], np.array([[1, -10], [nan, 5], [3.5, 6]], np.float32))
    np.testing.assert_array_equal(rows[1][:, 0], np.array([nan, 2, nan, 8], np.float32))
    assert rows[1].shape == (4, 2) and np.isnan(rows[1][:, 1]).all()


def test_gaps_are_filled_on_straight_lines_and_the_end_with_zeros(shelf):
    shelf(TRAIN=TEXT, TEST=TEXT)
    found = data.series("Small")
    assert found.name == "Small" and found.classes == ("cat", "big_dog")
    (x, y), lengths = found.train, found.facts["lengths"]
    assert x.dtype == np.float32 and y.dtype == np.int32
    np.testing.assert_array_equal(x[0], [[1, -10], [2.25, 5], [3.5, 6], [0, 0]])
    np.testing.assert_array_equal(x[1], [[2, 0], [2, 0], [5, 0], [8, 0]])
    assert y.tolist() == [0, 1] and lengths == {"train": [3, 4], "test": [3, 4]}
    assert "3 to 4 steps, as sktime ships them" in found.about


def test_what_both_packages_ship_is_read_from_the_lighter_one(shelf):
    shelf("aeon", TRAIN=TEXT, TEST=TEXT)
    assert "as aeon ships them" in data.series("Small").about
    shelf("sktime", TRAIN=TEXT, TEST=TEXT)
    assert "as sktime ships them" in data.series("Small").about


NUMBERS = "@problemName Small\n@targetLabel true\n@data\n1,2:0.5\n"
GOOD = header() + "1,2:cat\n"
WRONG = {  # the file to train on, and what is said of it
    "numbers to be found": (NUMBERS, "'Small', its targets are numbers, no classes. Give one of"),
    "without classes": (header("false") + "1,2\n", "its targets are numbers, no classes"),
    "no @data": ("@classLabel true cat dog\n", "Small_TRAIN.ts has no line '@data'"),
    "a series too early": ("@classLabel true cat dog\n1,2:cat\n@data\n", "has a series before the line '@data'"),
    "no series": (header(), "Small_TRAIN.ts has no series after '@data'"),
    "times": ("@timeStamps true\n" + header() + "(0,1),(1,2):cat\n", "only evenly spaced values can be read"),
    "no number": (header() + "1,2:cat\n\n1,two:dog\n", "line 6: could not convert string to float: 'two'"),
    "an empty value": (header() + "1,:cat\n", "line 4: could not convert string to float: ''"),
    "an unknown class": (header() + "1,2:cow\n", "line 4: 'cow' is not among the classes cat, dog"),
    "no class": (header() + "1,2\n", "line 4: its channels have no values"),
    "channels apart": (header() + "1,2:1,2,3:cat\n", "line 4: its channels have 2 and 3 values"),
    "other channels": (header() + "1,2:cat\n1,2:1,2:dog\n", "line 5: it has 2 channels, and the first series 1"),
    "two kinds of file": (header() + "1,2:1,2:cat\n", "its two files have other classes, or other channels"),
    "two sets of classes": (header("true cat cow") + "1,2:cow\n", "its two files have other classes"),
}


@pytest.mark.parametrize("name", WRONG)
def test_other_files_are_refused_in_words(name, shelf):
    text, words = WRONG[name]
    shelf(TRAIN=text, TEST=GOOD)
    with pytest.raises(ValueError, match=r"^series: name='Small', ") as found:
        data.series("Small")
    assert words in str(found.value)


def test_japanese_vowels_are_640_utterances_by_nine_speakers():
    found = data.series()
    assert found.name == "JapaneseVowels" and found.classes == tuple("123456789")
    (x, y), (x_test, y_test) = found.train, found.test
    assert x.shape == (270, 29, 12) and x_test.shape == (370, 29, 12)
    assert np.bincount(y).tolist() == [30] * 9
    assert np.bincount(y_test).tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]
    for rows, lengths in ((x, found.facts["lengths"]["train"]), (x_test, found.facts["lengths"]["test"])):
        assert min(lengths) == 7 and max(lengths) in (26, 29)
        for row, length in zip(rows, lengths, strict=True):
            assert row[:length].any(1).all() and not row[length:].any()
    np.testing.assert_allclose(x[0, 0, :2], [1.860936, -0.207383], atol=1e-6)
    assert not {"sktime", "aeon"} & sys.modules.keys()  # they are heavy


@pytest.mark.parametrize(
    ("name", "train", "test", "classes"),
    [
        ("BasicMotions", (40, 100, 6), (40, 100, 6), ("Standing", "Running", "Walking", "Badminton")),
        ("GunPoint", (50, 150, 1), (150, 150, 1), ("1", "2")),
    ],
)
def test_other_series_have_their_sizes(name, train, test, classes):
    found = data.series(name)
    assert (found.train[0].shape, found.test[0].shape, found.classes) == (train, test, classes)
    assert set(found.facts["lengths"]["train"]) == {train[1]}


def test_an_unknown_name_is_answered_by_those_that_are_there():
    with pytest.raises(ValueError, match=r"^series: name='Vowels', there is no such series\. Give one of ") as found:
        data.series("Vowels")
    names = str(found.value).partition("Give one of ")[2].rstrip(".").split(", ")
    assert {"BasicMotions", "GunPoint", "JapaneseVowels"} <= set(names) and names == sorted(names)
    assert "Covid3Month" not in names  # its targets are numbers


def test_without_either_package_the_extra_is_named(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(data._series, "find_spec", lambda name: None if name in ("sktime", "aeon") else found(name))
    with pytest.raises(ImportError, match=r'neither sktime nor aeon is installed.*: pip install "jconv\[series\]"$'):
        data.series()
