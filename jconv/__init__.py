"""jconv: every convolution a JAX researcher needs, in every direction of differentiation, verified.

The verbs are here; the chapters (`jconv.kernels`, `jconv.fit`, ...) are modules, imported when first asked for:

>>> import jax.numpy as jnp, jconv
>>> jconv.conv(jnp.arange(5.0)[:, None], jnp.array([-1.0, 0.0, 1.0])[:, None, None]).ravel()
Array([2., 2., 2.], dtype=float32)
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
    from jconv import fit, kernels, models, plot, testing

__all__ = [
    "Algorithm",
    "ConvProblem",
    "Cost",
    "choose_algorithm",
    "conv",
    "conv_general_dilated",
    "conv_transpose",
    "explain",
    "fit",
    "install",
    "installed",
    "kernels",
    "load_tuned",
    "models",
    "plot",
    "testing",
    "tune",
    "uninstall",
    "use_algorithm",
]
__docformat__ = "google"
__version__ = _version("jconv")

# The chapters, imported when first asked for, so that `import jconv` stays light.
_CHAPTERS = frozenset({"fit", "kernels", "models", "plot", "testing"})


def __getattr__(name: str) -> _ModuleType:
    """A chapter, as a module."""
    if name in _CHAPTERS:
        return _importlib.import_module(f"jconv.{name}")
    raise AttributeError(f"module 'jconv' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, chapters included."""
    return sorted([*__all__, "__version__"])


_install_if_asked()
