"""digits: the 1,797 small handwritten digits that scikit-learn ships."""

import numpy as np
from sklearn.datasets import load_digits

from jconv.data._dataset import Dataset
from jconv.data._split import split


def digits() -> Dataset:
    """Read small handwritten digits, a fifth of each held out.

    Returns:
        A `Dataset` of pictures `(8, 8, 1)` in [0, 1], float32, and digits, int32.

    Examples:
        >>> digits().input_shape
        (8, 8, 1)

    References:
        Alpaydin and Kaynak (1998), "Optical recognition of handwritten digits", UCI machine learning repository.
    """
    pixels, labels = load_digits(return_X_y=True)
    pictures = (np.asarray(pixels).reshape(-1, 8, 8, 1) / 16).astype(np.float32)
    train, test = split(pictures, np.asarray(labels).astype(np.int32))
    about = "1,797 handwritten digits of 8x8 pixels, as scikit-learn ships them."
    return Dataset("digits", train, test, tuple("0123456789"), about)
