"""Filters of images and of arrays with any number of axes, with SciPy's names, arguments, defaults and results.

Beside `scipy.ndimage`: convolution of data with gaps as in astropy, the bilateral and the guided filter. All run under
`jax.jit` and `jax.vmap` and are differentiable in both modes, to any order where they are smooth.

>>> import jax, jax.numpy as jnp
>>> from jconv import ndimage
>>> picture = jnp.zeros((5, 5)).at[2, 2].set(100.0)
>>> ndimage.gaussian_filter(picture, 1.0, mode="nearest")[2].astype(int)
Array([ 2,  9, 15,  9,  2], dtype=int32)
>>> centre = lambda sigma: ndimage.gaussian_filter(picture, sigma, radius=2)[2, 2]
>>> bool(jax.grad(centre)(1.0) < 0)  # the wider the blur, the lower
True

Where SciPy sums in float64, floats of 32 bits and fewer are summed in float32 here, and integers beside weights that
are fractions in the widest float there is: for SciPy's integer results enable `jax_enable_x64`. Arrays are never
written into: `output` is a dtype.
"""

from jconv.ndimage._bilateral import bilateral_filter
from jconv.ndimage._correlate import convolve, correlate
from jconv.ndimage._correlate1d import convolve1d, correlate1d
from jconv.ndimage._edges import prewitt, sobel
from jconv.ndimage._extremes import maximum_filter, maximum_filter1d, minimum_filter, minimum_filter1d
from jconv.ndimage._gaussian import gaussian_filter, gaussian_filter1d
from jconv.ndimage._gradient import gaussian_gradient_magnitude, generic_gradient_magnitude
from jconv.ndimage._guided import guided_filter
from jconv.ndimage._laplace import gaussian_laplace, generic_laplace, laplace
from jconv.ndimage._morphology import grey_dilation, grey_erosion
from jconv.ndimage._normalized import normalized_convolve
from jconv.ndimage._rank import median_filter, percentile_filter, rank_filter
from jconv.ndimage._uniform import uniform_filter, uniform_filter1d

__all__ = [
    "bilateral_filter",
    "convolve",
    "convolve1d",
    "correlate",
    "correlate1d",
    "gaussian_filter",
    "gaussian_filter1d",
    "gaussian_gradient_magnitude",
    "gaussian_laplace",
    "generic_gradient_magnitude",
    "generic_laplace",
    "grey_dilation",
    "grey_erosion",
    "guided_filter",
    "laplace",
    "maximum_filter",
    "maximum_filter1d",
    "median_filter",
    "minimum_filter",
    "minimum_filter1d",
    "normalized_convolve",
    "percentile_filter",
    "prewitt",
    "rank_filter",
    "sobel",
    "uniform_filter",
    "uniform_filter1d",
]
