"""The choice on TPU: where XLA's own convolution is more than twice as dear, by the compiler's estimate."""

from math import prod

from jconv._equation.problem import ConvProblem

# Taps of a layer up to which a product for each is so much cheaper; its kernel gradient has as many outputs.
MOST_TAPS = 9
# Channels and features of a group between which it is, where each group has one example.
CHANNELS = range(8, 17)


def taps_are_cheaper(problem: ConvProblem) -> bool:
    """Whether TPU's compiler estimates `taps` at less than half of `lax`: small windows over images, of two kinds.

    Of all else that was compiled (kernel gradients in groups, depthwise layers, wide groups) `lax` is the cheapest, or
    dearer by less. An estimate is not a measurement.
    """
    plain = problem.rank == 2 and set(problem.stride) | set(problem.input_dilation) | set(problem.dilation) == {1}
    small = min(prod(problem.window), prod(problem.output_size)) <= MOST_TAPS
    return plain and small and (_filter(problem) or _own_kernels(problem))


def _filter(problem: ConvProblem) -> bool:
    """One channel to one feature, or the kernel gradient of that.

    Thousands of cycles, windows of 3x3, bfloat16, `lax` and `taps` (v5e):

        one image of 512x512: forward               587   43
                              kernel gradient     6,877   44    and 268 MB of temporaries
          in float32:         forward             1,057   86
                              kernel gradient     7,792  143
          on v5p, v6e:        kernel gradient     2,945   25;  4,435   27
        8 images of 128x128:  forward               341   32
                              kernel gradient       160   27
        7x7, one image of 128x128                    56   35    less than twice
    """
    summed = problem.batch if problem.more_taps_than_outputs else problem.c_in
    return problem.groups == problem.c_out == summed == 1


def _own_kernels(problem: ConvProblem) -> bool:
    """One example in each group, as under `jax.vmap` over pairs of examples and kernels; not the kernel gradient.

    Thousands of cycles, windows of 3x3, bfloat16, `lax` and `taps` (v5e):

        8 groups of 8 channels, 28x28     104   27
        8 groups of 16, 28x28             108   42
        8 groups of 16, 32x32             138   32    the workload "per-sample"
        32 groups of 16, 28x28            426  157
        32 groups of 4, 28x28             408  472    no longer
        8 groups of 64, 28x28             103   70    less than twice
        8 groups of 16, 28x28, 8 examples 183  316    no longer
    """
    channels = problem.c_in in CHANNELS and problem.c_out in CHANNELS
    return problem.groups > 1 and problem.batch == 1 and channels and not problem.more_taps_than_outputs
