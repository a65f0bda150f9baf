"""The algorithm `fft`: what it can do, costs and promises."""

from jconv._algorithms._contract import Algorithm, Cost
from jconv._algorithms.fft.compute import compute
from jconv._algorithms.fft.tiles import choose_tiling, products, tile, transformed, work_of
from jconv._equation.problem import ConvProblem
from jconv._rewrites.axes import drop_idle_axes

# The dtypes that there are transforms for.
DTYPES = ("float32", "float64", "complex64", "complex128")
# XLA's transforms have at most so many axes.
MAX_AXES = 3


def cost(problem: ConvProblem, platform: str) -> Cost:
    """Transforms and products; every number that is transformed passes once per axis and once more."""
    if problem.empty:
        return Cost(0, 0, 0, 0)
    sums_positions, problem = problem.more_taps_than_outputs, drop_idle_axes(problem)
    part = tile(problem, choose_tiling(problem))
    spectra = transformed(part) * part.accumulator.itemsize if part.rank else 0
    work = work_of(part) + 4 * products(part) // part.c_out  # narrow ones are slow
    moved, kept = problem.operand_bytes + 2 * (1 + part.rank) * spectra, problem.widened_bytes
    if not part.rank:  # nothing to transform: products of real numbers
        work //= 4
        if sums_positions:  # it transposes its operands, the operands of several groups number by number
            kept += problem.operand_bytes
            moved += (10 if problem.groups > 1 else 2) * problem.operand_bytes
        else:
            kept += problem.y_bytes
    return Cost(
        multiply_adds=work,
        bytes_moved=moved,
        # Where channels are summed, XLA makes a third copy of the spectra.
        extra_bytes=(2 if part.c_in == 1 else 3) * spectra + kept,
        calls=12,
    )


def unsupported(problem: ConvProblem, platform: str) -> tuple[str, ...]:
    """Transforms need fractions, and XLA's have at most three axes."""
    reasons = []
    if problem.accumulator.name not in DTYPES:
        reasons.append(f"it computes with fractions, and {problem.dtype} holds none")
    busy = sum(k > 1 and o > 1 for k, o in zip(problem.window, problem.output_size, strict=True))
    if busy > MAX_AXES:
        reasons.append(f"{busy} spatial axes are more than the {MAX_AXES} of a transform")
    return tuple(reasons)


FFT = Algorithm(
    name="fft",
    compute=compute,
    unsupported=unsupported,
    cost=cost,
    error_bound=8.0,
    reference="Stockham, High-speed convolution and correlation, 1966 (overlap-save: Oppenheim and Schafer)",
)
