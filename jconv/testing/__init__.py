"""The truth that jconv is held to, the cases it is held to it on, and the same check for any function.

`check_conv(fn)` asserts that a function with the arguments of `jax.lax.conv_general_dilated` is right;
`run_matrix` yields every single result; `oracle` is the NumPy truth of both.
"""

from jconv.testing import oracle
from jconv.testing.case import Case
from jconv.testing.cases import CASES, QUICK
from jconv.testing.judge import Result, Summary, summarise
from jconv.testing.locality import LOCAL
from jconv.testing.matrix import DTYPES, QUICK_DTYPES, check_conv, run_matrix
from jconv.testing.quantities import QUANTITIES

__all__ = [
    "CASES",
    "DTYPES",
    "LOCAL",
    "QUANTITIES",
    "QUICK",
    "QUICK_DTYPES",
    "Case",
    "Result",
    "Summary",
    "check_conv",
    "oracle",
    "run_matrix",
    "summarise",
]
