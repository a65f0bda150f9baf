"""jconv: every convolution a JAX researcher needs, in every direction of differentiation, verified."""

from importlib.metadata import version as _version

from jconv._algorithms import Algorithm, Cost
from jconv._choice.choose import choose_algorithm
from jconv._choice.tuned import load_tuned
from jconv._equation.problem import ConvProblem
from jconv._programs.explain import explain
from jconv._programs.install import install, installed, uninstall
from jconv._programs.install import install_if_asked as _install_if_asked
from jconv._programs.tune import tune
from jconv._verbs.conv import conv
from jconv._verbs.general import conv_general_dilated
from jconv._verbs.transpose import conv_transpose
from jconv._verbs.use_algorithm import use_algorithm

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
