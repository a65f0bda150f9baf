"""jconv: convolutions for JAX, in every direction of differentiation, verified.

    jconv.conv                  cross-correlation, as in deep learning
    jconv.conv_transpose        its exact adjoint
    jconv.conv_general_dilated  a drop-in for that of jax.lax
    jconv.install               lets jconv compute JAX's own convolutions
    jconv.use_algorithm         pins the algorithm for a block of code
    jconv.explain               says which algorithm runs, and why
    jconv.tune                  measures the algorithms for your program

>>> import jax.numpy as jnp
>>> import jconv
>>> jconv.conv(jnp.ones((1, 9, 9, 4)), jnp.ones((3, 3, 4, 8))).shape
(1, 7, 7, 8)
"""

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
