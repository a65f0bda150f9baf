"""How much slower XLA's convolutions are on CPU than at their best, by the code path that they take."""

from math import prod

from jconv._problem import ConvProblem

# The fast path, YNNPACK's, takes 2-D convolutions in which channels or features are more than these; all else is
# Eigen's. (Before jax 0.11 there is no fast path, but what is slow is much the same.)
FEW_CHANNELS = 16


def slowdown(problem: ConvProblem, c: int, m: int, *, rank: int, groups: int) -> float:
    """How many times a multiply-add costs what it does in a large product of matrices, at least 1.

    Powers of the sizes, by regression over the times of some 700 layers (benchmarks/regret.py).

    Args:
        problem: the convolution.
        c: channels of a group as XLA gets it, after rewrites.
        m: features of a group, likewise.
        rank: spatial axes, likewise.
        groups: groups, likewise.
    """
    few = problem.few_outputs
    c, m, batch, taps, outputs = (
        max(1, n) for n in (c, m, problem.batch, prod(problem.window), prod(problem.output_size))
    )
    dilated = any(d > 1 for d in problem.dilation)
    if groups > 1:  # one group after another, by Eigen
        slow = 800 * c**-0.4 * m**-0.75 * outputs**-0.4 if few else 1000 * c**-0.5 * m**-0.8 * taps**-0.4
        slow *= 4 if rank > 2 else 1
    elif rank > 2:
        slow = (2000 if few else 400) * c**-0.1 * m**-0.75 * (2.5 if dilated else 1)
    elif max(c, m) <= FEW_CHANNELS:
        slow = 200 * c**-0.35 * m**-0.9 * outputs**-0.35 if few else 240 * c**-0.55 * m**-0.85 * taps**-0.2
        slow *= (3.5 if few else 1.7) if dilated else 1
        slow *= 0.4 if problem.rank == 1 else 1
    elif few:  # the sum over all positions, in which nothing is reused
        slow = 45 * outputs**-0.5 * (batch * m) ** -0.2 * (0.7 if problem.rank == 1 else 1)
    else:
        slow = (1 + 4 / m) * (1.7 if taps == 1 else 1)
    return max(1.0, slow * (100 if rank > 3 else 1))  # which it has scalar loops for
