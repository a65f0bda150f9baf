"""The truth that jconv is held to, the cases it is held to it on, and the same check for any function.

`check_conv(fn)` asserts that a function with the arguments of `jax.lax.conv_general_dilated` is right;
`run_matrix` yields every single result; `oracle` is the NumPy truth of both.
"""

from jconv.testing import oracle as oracle
from jconv.testing.cases import CASES as CASES
from jconv.testing.cases import QUICK as QUICK
from jconv.testing.cases import Case as Case
from jconv.testing.judge import Result as Result
from jconv.testing.judge import Summary as Summary
from jconv.testing.judge import summarise as summarise
from jconv.testing.matrix import DTYPES as DTYPES
from jconv.testing.matrix import QUICK_DTYPES as QUICK_DTYPES
from jconv.testing.matrix import check_conv as check_conv
from jconv.testing.matrix import run_matrix as run_matrix
from jconv.testing.quantities import QUANTITIES as QUANTITIES
