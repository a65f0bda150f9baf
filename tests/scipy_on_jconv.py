"""A pytest plugin: `scipy.signal` with jconv's functions in place of its own, for running SciPy's own tests.

    PYTHONPATH=tests python -m pytest -p scipy_on_jconv --pyargs scipy.signal.tests.test_upfirdn

Arrays are promoted as NumPy does before they reach jconv, where JAX would keep float32 for an integer beside it; and
results are brought back to NumPy.
"""

import functools

import jax
import numpy as np
import scipy.signal
from scipy._lib import _array_api

from jconv import signal

# All names that both have. `wiener_deconvolve` and the others are scikit-image's.
NAMES = tuple(name for name in vars(signal) if not name.startswith("_") and hasattr(scipy.signal, name))
# Arguments that are arrays, by name or by place.
ARRAYS = {
    "sepfir2d": 3, "upfirdn": 2, "lfilter": 3, "hilbert": 1, "stft": 1, "istft": 1, "deconvolve": 2, "wiener": 1,
    "resample_poly": 1, "savgol_filter": 1, "savgol_coeffs": 0, "correlation_lags": 0,
}  # fmt: skip


def adapted(name):
    """jconv's function for NumPy's arrays."""
    ours = getattr(signal, name)

    @functools.wraps(getattr(scipy.signal, name))
    def function(*arguments, **words):
        words.pop("xp", None)
        words.pop("device", None)
        count = ARRAYS.get(name, 2)
        arrays = [np.asarray(a) for a in arguments[:count]]
        if len({a.dtype for a in arrays}) > 1 and all(a.dtype.kind in "biufc" for a in arrays):
            common = np.result_type(*arrays)
            arrays = [a.astype(common) if a.dtype.kind in "iu" and common.kind in "fc" else a for a in arrays]
        with np.errstate(all="ignore"):
            result = ours(*arrays, *arguments[count:], **words)
        return jax.tree.map(lambda x: np.asarray(x) if isinstance(x, jax.Array) else x, result)

    return function


def pytest_configure(config):
    """Put jconv's functions in place: only where this file is loaded as a plugin, never where it is only imported."""
    jax.config.update("jax_enable_x64", True)  # SciPy sums in float64
    for name in NAMES:
        original, function = getattr(scipy.signal, name), adapted(name)
        _array_api.xp_capabilities_table[function] = _array_api.xp_capabilities_table[original]
        setattr(scipy.signal, name, function)
