"""jconv: every convolution a JAX researcher needs, in every direction of differentiation, verified."""

from importlib.metadata import version as _version

from jconv._algorithms import Algorithm as Algorithm
from jconv._algorithms import Cost as Cost
from jconv._choose import choose_algorithm as choose_algorithm
from jconv._conv import conv as conv
from jconv._conv import conv_transpose as conv_transpose
from jconv._explain import explain as explain
from jconv._general import conv_general_dilated as conv_general_dilated
from jconv._install import install as install
from jconv._install import install_if_asked as _install_if_asked
from jconv._install import installed as installed
from jconv._install import uninstall as uninstall
from jconv._pin import use_algorithm as use_algorithm
from jconv._problem import ConvProblem as ConvProblem
from jconv._tune import tune as tune
from jconv._tuned import load_tuned as load_tuned

__version__ = _version("jconv")

_install_if_asked()
