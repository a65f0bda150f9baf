"""Known kernels as arrays, with their sources and their normalisations.

Each is an array of taps of shape `(*window,)`, to be slid over a picture as it stands (cross-correlation,
as `jconv.conv` does). Two axes of length one make it a layer's kernel:

    y = jconv.conv(picture[..., None], sobel()[..., None, None], padding="SAME")[..., 0]

Rows run down (axis 0, or -2) and columns to the right (axis 1, or -1), as in NumPy. Where
scipy.ndimage or scikit-image define the same filter, the values are theirs, and the tests compare.
"""

from jconv.kernels._edges import (
    difference_of_gaussians,
    laplacian,
    laplacian_of_gaussian,
    prewitt,
    roberts,
    scharr,
    sobel,
)
from jconv.kernels._effects import emboss, gabor, sharpen, unsharp
from jconv.kernels._smooth import binomial, box, disk, gaussian, identity, motion

__all__ = [
    "binomial",
    "box",
    "difference_of_gaussians",
    "disk",
    "emboss",
    "gabor",
    "gaussian",
    "identity",
    "laplacian",
    "laplacian_of_gaussian",
    "motion",
    "prewitt",
    "roberts",
    "scharr",
    "sharpen",
    "sobel",
    "unsharp",
]
