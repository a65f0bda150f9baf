"""jconv: every convolution a JAX researcher needs, in every direction of differentiation, verified."""

from importlib.metadata import version as _version

from jconv._algorithms import Algorithm, Cost
from jconv._choose import choose_algorithm
from jconv._conv import conv, conv_transpose
from jconv._explain import explain
from jconv._general import conv_general_dilated
from jconv._install import install, installed, uninstall
from jconv._install import install_if_asked as _install_if_asked
from jconv._pin import use_algorithm
from jconv._problem import ConvProblem
from jconv._tune import tune
from jconv._tuned import load_tuned

__all__ = [
    "Algorithm",
    "ConvProblem",
    "Cost",
    "choose_algorithm",
    "conv",
    "conv_general_dilated",
    "conv_transpose",
    "explain",
    "install",
    "installed",
    "load_tuned",
    "tune",
    "uninstall",
    "use_algorithm",
]
__version__ = _version("jconv")

_install_if_asked()
