"""The algorithm `native`: what it can do, and what it promises."""

from math import gcd, prod

from jconv._algorithms._contract import Algorithm
from jconv._algorithms.native.call import compute, compute_lying, why_not_here
from jconv._algorithms.native.cost import cost
from jconv._equation.problem import ConvProblem

_DTYPES = ("float32", "float64")
# Parts that a problem may have: each has its place in a table in the code.
_MOST_PARTS = 4096


def unsupported(problem: ConvProblem, platform: str) -> tuple[str, ...]:
    """It takes problems of one real dtype with so many bits, on CPU, where machine code can be made."""
    reasons = []
    if platform != "cpu":
        reasons.append(f"it makes machine code for CPU, not for {platform}")
    dtypes = {problem.x_dtype.name, problem.w_dtype.name, problem.dtype.name}
    if len(dtypes) > 1 or not dtypes <= set(_DTYPES):
        reasons.append(f"it takes one dtype, of {' and '.join(_DTYPES)}, not {', '.join(sorted(dtypes))}")
    if problem.symbolic:
        reasons.append("its code is made for known sizes")
    parts = prod(axis.input_dilation // gcd(axis.stride, axis.input_dilation) for axis in problem.axes)
    if parts > _MOST_PARTS:
        reasons.append(f"the input dilation makes {parts:,} parts of it, of {_MOST_PARTS:,} that its code can have")
    return tuple(reasons) or why_not_here()


NATIVE = Algorithm(
    name="native",
    compute=compute,
    unsupported=unsupported,
    error_bound=4.0,
    cost=cost,
    local=True,
    compute_lying=compute_lying,
    portable=False,
    reference="loop nests in machine code made by LLVM for the problem's own shape",
)
