"""SciPy."""

from jconv.ndimage._correlate import convolve as convolve
from jconv.ndimage._correlate import correlate as correlate
from jconv.ndimage._correlate1d import convolve1d as convolve1d
from jconv.ndimage._correlate1d import correlate1d as correlate1d
from jconv.ndimage._edges import prewitt as prewitt
from jconv.ndimage._edges import sobel as sobel
from jconv.ndimage._extremes import maximum_filter as maximum_filter
from jconv.ndimage._extremes import maximum_filter1d as maximum_filter1d
from jconv.ndimage._extremes import minimum_filter as minimum_filter
from jconv.ndimage._extremes import minimum_filter1d as minimum_filter1d
from jconv.ndimage._gaussian import gaussian_filter as gaussian_filter
from jconv.ndimage._gaussian import gaussian_filter1d as gaussian_filter1d
from jconv.ndimage._gradient import gaussian_gradient_magnitude as gaussian_gradient_magnitude
from jconv.ndimage._gradient import generic_gradient_magnitude as generic_gradient_magnitude
from jconv.ndimage._laplace import gaussian_laplace as gaussian_laplace
from jconv.ndimage._laplace import generic_laplace as generic_laplace
from jconv.ndimage._laplace import laplace as laplace
from jconv.ndimage._morphology import grey_dilation as grey_dilation
from jconv.ndimage._morphology import grey_erosion as grey_erosion
from jconv.ndimage._rank import median_filter as median_filter
from jconv.ndimage._rank import percentile_filter as percentile_filter
from jconv.ndimage._rank import rank_filter as rank_filter
from jconv.ndimage._uniform import uniform_filter as uniform_filter
from jconv.ndimage._uniform import uniform_filter1d as uniform_filter1d
