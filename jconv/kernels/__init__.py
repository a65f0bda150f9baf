"""Known kernels as arrays, with their sources and their normalisations.

Each is an array of taps of shape `(*window,)`, to be slid over a picture as it stands (cross-correlation,
as `jconv.conv` does). Two axes of length one make it a layer's kernel:

    y = jconv.conv(picture[..., None], sobel()[..., None, None], padding="SAME")[..., 0]

Rows run down (axis 0, or -2) and columns to the right (axis 1, or -1), as in NumPy. Where
scipy.ndimage or scikit-image define the same filter, the values are theirs, and the tests compare.
"""

from jconv.kernels._edges import difference_of_gaussians as difference_of_gaussians
from jconv.kernels._edges import laplacian as laplacian
from jconv.kernels._edges import laplacian_of_gaussian as laplacian_of_gaussian
from jconv.kernels._edges import prewitt as prewitt
from jconv.kernels._edges import roberts as roberts
from jconv.kernels._edges import scharr as scharr
from jconv.kernels._edges import sobel as sobel
from jconv.kernels._effects import emboss as emboss
from jconv.kernels._effects import gabor as gabor
from jconv.kernels._effects import sharpen as sharpen
from jconv.kernels._effects import unsharp as unsharp
from jconv.kernels._smooth import binomial as binomial
from jconv.kernels._smooth import box as box
from jconv.kernels._smooth import disk as disk
from jconv.kernels._smooth import gaussian as gaussian
from jconv.kernels._smooth import identity as identity
from jconv.kernels._smooth import motion as motion
