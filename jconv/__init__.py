"""jconv: every convolution a JAX researcher needs, in every direction of differentiation, verified."""

from importlib.metadata import version as _version

from jconv._choose import choose_algorithm as choose_algorithm
from jconv._conv import conv as conv
from jconv._conv import conv_transpose as conv_transpose
from jconv._general import conv_general_dilated as conv_general_dilated
from jconv._problem import ConvProblem as ConvProblem

__version__ = _version("jconv")
