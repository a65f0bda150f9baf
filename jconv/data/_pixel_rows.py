"""pixel_rows: handwritten digits as sequences of 784 pixels."""

from jconv.data._dataset import Dataset
from jconv.data._mnist import mnist


def pixel_rows() -> Dataset:
    """Read handwritten digits pixel by pixel, row after row: what a sequence model sees.

    Returns:
        A `Dataset` of sequences `(784, 1)`, float32, and digits, int32; split as `mnist` is.
        `facts["picture"]` is (28, 28).

    Examples:
        >>> pixel_rows().input_shape
        (784, 1)

    References:
        Le, Jaitly and Hinton (2015), "A simple way to initialize recurrent networks of rectified linear units".
    """
    source = mnist()
    train, test = ((x.reshape(len(x), -1, 1), y) for x, y in (source.train, source.test))
    return Dataset("pixel_rows", train, test, source.classes, f"{source.about} Pixel by pixel.", {"picture": (28, 28)})
