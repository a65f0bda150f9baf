"""series: time series with classes that sktime or aeon ships, such as Japanese vowels by nine speakers."""

from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from jconv.data._dataset import Dataset
from jconv.data._ts import classes_of, read_ts, without_gaps

PACKAGES = ("sktime", "aeon")  # they ship the same files; aeon asks for older NumPy, and for numba
TRAIN, TEST = "_TRAIN.ts", "_TEST.ts"


def series(name: str = "JapaneseVowels") -> Dataset:
    """Read time series with classes; those of the archive's own test set are held out.

    Zeros after its last step bring a series to the length of the longest. A missing value is put on the straight line
    between the steps beside it.

    Args:
        name: of the series, such as "JapaneseVowels" (which of nine speakers said two vowels, by 12 cepstral
            coefficients a step), "BasicMotions" (what a wearer of a smart watch does) or "GunPoint" (whether a hand
            that rises holds a gun). A name that is none of them is answered by the list of all.

    Returns:
        A `Dataset` of sequences `(length, channels)`, float32, and classes, int32.
        `facts["lengths"]` are the steps of each before the zeros: `{"train": [...], "test": [...]}`.

    Raises:
        ValueError: there is no such series, it has no classes, or its file cannot be read.
        ImportError: neither sktime nor aeon is installed (extra `series`).

    Examples:
        >>> data = series("JapaneseVowels")
        >>> data.train[0].shape, data.test[1].shape, min(data.facts["lengths"]["test"])
        ((270, 29, 12), (370,), 7)

    References:
        Kudo, Toyama and Shimbo (1999), "Multidimensional curve classification using passing-through regions".
        Bagnall et al., "The UEA multivariate time series classification archive, 2018", arXiv:1811.00075.
        Dau et al., "The UCR time series archive", arXiv:1810.07758.
    """
    folders = _folders()
    if name not in folders:
        raise ValueError(f"series: name={name!r}, there is no such series. Give one of {_choice(folders)}.")
    package, folder = folders[name]
    files = folder / f"{name}{TRAIN}", folder / f"{name}{TEST}"
    try:
        if not classes_of(files[0]):
            raise ValueError(f"its targets are numbers, no classes. Give one of {_choice(folders)}.")
        (train, train_words, classes), (test, test_words, test_classes) = map(read_ts, files)
    except ValueError as error:
        raise ValueError(f"series: name={name!r}, {error}") from None
    if set(test_classes) != set(classes) or test[0].shape[1] != train[0].shape[1]:
        raise ValueError(f"series: name={name!r}, its two files have other classes, or other channels.")
    labels = [np.array(list(map(classes.index, words)), np.int32) for words in (train_words, test_words)]
    lengths = {"train": list(map(len, train)), "test": list(map(len, test))}
    longest = max(lengths["train"] + lengths["test"])
    inputs = [np.stack([_padded(without_gaps(row), longest) for row in rows]) for rows in (train, test)]
    shortest = min(lengths["train"] + lengths["test"])
    steps = f"{longest} steps" if shortest == longest else f"{shortest} to {longest} steps"
    about = f"Time series {name} of {steps}, as {package} ships them; the archive's own test set is held out."
    return Dataset(name, (inputs[0], labels[0]), (inputs[1], labels[1]), classes, about, {"lengths": lengths})


def _folders() -> dict[str, tuple[str, Path]]:
    """Give the package and the folder of each name; the packages are heavy, and not imported."""
    found = {}
    for package in reversed(PACKAGES):
        spec = find_spec(package)
        for place in (spec and spec.submodule_search_locations) or ():
            for file in Path(place).glob(f"datasets/data/*/*{TRAIN}"):
                name = file.name.removesuffix(TRAIN)
                if file.with_name(f"{name}{TEST}").exists():
                    found[name] = package, file.parent
    if not found:
        raise ImportError('series: neither sktime nor aeon is installed. Install it with: pip install "jconv[series]"')
    return found


def _choice(folders: dict[str, tuple[str, Path]]) -> str:
    """Name the series that have classes."""
    names = []
    for name, (_, folder) in folders.items():
        with suppress(ValueError):  # a broken file is no choice
            names += [name] if classes_of(folder / f"{name}{TRAIN}") else []
    return ", ".join(sorted(names))


def _padded(row: np.ndarray, length: int) -> np.ndarray:
    """Fill a series (steps, channels) up with zeros after its end."""
    return np.pad(row, ((0, length - len(row)), (0, 0)))
