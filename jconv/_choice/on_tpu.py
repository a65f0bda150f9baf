"""The choice on TPU: where XLA's own convolution is more than twice as dear, by the compiler's estimate."""

from math import prod

from jconv._equation.problem import ConvProblem

# Channels and features of a group between which one product per tap and group is so much cheaper.
CHANNELS = range(8, 17)
MOST_TAPS = 9


def taps_are_cheaper(problem: ConvProblem) -> bool:
    """Whether TPU's compiler estimates `taps` at less than half of `lax`.

    It does, where every group is one example with a kernel of its own, as under `jax.vmap` of both. Thousands of
    cycles on v5e, bfloat16, windows of 3x3, `lax` and `taps` (benchmarks/tpu.py; an estimate, not a measurement):

        8 groups of 8 channels, 28x28     104   27
        8 groups of 16, 28x28             108   42
        8 groups of 16, 32x32             138   32    the workload "per-sample"
        32 groups of 16, 28x28            426  157
        32 groups of 4, 28x28             408  472    no longer
        8 groups of 64, 28x28             103   70    less than twice
        8 groups of 16, 28x28, 8 examples 183  316    no longer

    Of kernel gradients, depthwise layers and wide groups `lax` is the cheapest that was compiled.
    """
    few = problem.groups > 1 and problem.batch == 1 and problem.rank == 2
    channels = problem.c_in in CHANNELS and problem.c_out in CHANNELS
    plain = set(problem.stride) | set(problem.input_dilation) == {1}
    small = prod(problem.window) <= MOST_TAPS and not problem.more_taps_than_outputs
    return few and channels and plain and small
