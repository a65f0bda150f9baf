"""The algorithm `native`: what it can do, and what it promises."""

from jconv._algorithms._contract import Algorithm
from jconv._algorithms.native.call import compute, compute_lying, why_not_here
from jconv._equation.problem import ConvProblem

_DTYPES = ("float32", "float64")


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
    return tuple(reasons) or why_not_here()


NATIVE = Algorithm(
    name="native",
    compute=compute,
    unsupported=unsupported,
    error_bound=4.0,
    local=True,
    compute_lying=compute_lying,
    portable=False,
    reference="loop nests in machine code made by LLVM for the problem's own shape",
)
