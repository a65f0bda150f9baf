"""jconv: convolutions for JAX, in every direction of differentiation, verified.

    jconv.conv                  cross-correlation, as in deep learning
    jconv.conv_transpose        its exact adjoint
    jconv.conv_general_dilated  a drop-in for that of jax.lax
    jconv.install               lets jconv compute JAX's own convolutions
    jconv.use_algorithm         pins the algorithm for a block of code
    jconv.explain               says which algorithm runs, and why
    jconv.tune                  measures the algorithms for your program

The chapters (`jconv.kernels`, `jconv.nn`, `jconv.fit`, ...) are modules, imported when first asked for.

>>> import jax.numpy as jnp
>>> import jconv
>>> jconv.conv(jnp.ones((1, 9, 9, 4)), jnp.ones((3, 3, 4, 8))).shape
(1, 7, 7, 8)
>>> jconv.kernels.sobel(axis=-1).shape
(3, 3)
"""

import importlib as _importlib
from importlib.metadata import version as _version
from types import ModuleType as _ModuleType
from typing import TYPE_CHECKING as _TYPE_CHECKING

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

if _TYPE_CHECKING:
    from jconv import arithmetic, data, fit, interop, kernels, models, ndimage, nn, operator, ops, plot, signal, testing

__all__ = [
    "Algorithm",
    "ConvProblem",
    "Cost",
    "arithmetic",
    "choose_algorithm",
    "conv",
    "conv_general_dilated",
    "conv_transpose",
    "data",
    "explain",
    "fit",
    "install",
    "installed",
    "interop",
    "kernels",
    "load_tuned",
    "models",
    "ndimage",
    "nn",
    "operator",
    "ops",
    "plot",
    "signal",
    "testing",
    "tune",
    "uninstall",
    "use_algorithm",
]
__docformat__ = "google"
__version__ = _version("jconv")

# The chapters, imported when first asked for, so that `import jconv` stays light.
_CHAPTERS = (
    "arithmetic",
    "data",
    "fit",
    "interop",
    "kernels",
    "models",
    "ndimage",
    "nn",
    "operator",
    "ops",
    "plot",
    "signal",
    "testing",
)


def __getattr__(name: str) -> _ModuleType:
    """A chapter, as a module."""
    if name in _CHAPTERS:
        return _importlib.import_module(f"jconv.{name}")
    raise AttributeError(f"module 'jconv' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, chapters included."""
    return sorted([*__all__, "__version__"])


_install_if_asked()
