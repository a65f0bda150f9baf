"""What `auto` may take: bounds on memory, on error by the precision asked for, and on what an output may feel."""

from jconv._algorithms import ALGORITHMS, Algorithm
from jconv._equation.problem import ConvProblem

# Temporaries that `auto` allows: so many times what goes in and comes out, and so many bytes more.
MEMORY_FACTOR, MEMORY_BYTES = 2, 64 * 2**20

# The bound of the algorithms that do nothing but sum what the equation says.
DIRECT_ERROR = 4.0


def why_not_auto(problem: ConvProblem, platform: str, algorithm: Algorithm) -> str:
    """Why `auto` does not take an algorithm that could compute the problem; empty if it may."""
    if not admits(problem, algorithm):
        return f"its error bound of {algorithm.error_bound:g} is too loose for the precision"
    if problem.algorithm == "direct" and not algorithm.local:
        return "its outputs are no direct sums over their own windows"
    if not algorithm.local and all(min(axis.window, axis.output) == 1 for axis in problem.axes):
        return "it has no shortcut for what is a plain product of matrices"
    extra, allowed = _extra_bytes(problem, platform, algorithm), MEMORY_FACTOR * problem.operand_bytes + MEMORY_BYTES
    if extra > max(allowed, _extra_bytes(problem, platform, ALGORITHMS["lax"])):
        return f"its temporaries of {extra:,} bytes are more than the {allowed:,} allowed"
    return ""


def admits(problem: ConvProblem, algorithm: Algorithm) -> bool:
    """Whether the precision that the problem asks for leaves room for the algorithm's error."""
    return algorithm.error_bound <= DIRECT_ERROR or not problem.precise


def _extra_bytes(problem: ConvProblem, platform: str, algorithm: Algorithm) -> int:
    """Bytes of the algorithm's temporaries; 0 if it does not say."""
    return algorithm.cost(problem, platform).extra_bytes if algorithm.cost else 0
