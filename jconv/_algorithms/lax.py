"""The algorithm `lax`: XLA's own convolution, in the form that XLA recognises everywhere; on TPU in JAX's own words."""

from math import gcd, prod
from typing import Any

import jax.numpy as jnp
from jax import lax as jax_lax

from jconv._algorithms._contract import Algorithm, Cost
from jconv._algorithms._xla import XlaConv, channels_last, dropped_precision
from jconv._equation.problem import ConvProblem
from jconv._rewrites.groups import join_groups
from jconv._rewrites.padding import pad_input
from jconv._typing import Array


def compute(x: Array, w: Array, problem: ConvProblem) -> Array:
    """Pad explicitly, then NHWC by HWIO, VALID, no input dilation, no batch groups.

    XLA brings other forms into this one only in a program's entry computation: inside loops they
    run as scalar code on CPU. On GPU, padding that is not symmetric would zero-stuff the kernel.
    """
    if problem.empty:
        return jnp.zeros(problem.y_shape, problem.dtype)
    x = pad_input(x.astype(problem.compute_dtype), problem)
    x = x.reshape(*x.shape[:-2], problem.groups * problem.c_in)
    return _convolved(x, w, problem, padding="VALID", feature_group_count=problem.groups)


def compute_on_tpu(x: Array, w: Array, problem: ConvProblem) -> Array:
    """Leave padding and input dilation to the convolution, and put groups where it is quick: in features or batch.

    So JAX itself asks for values and gradients. By the estimate of TPU's compiler, not a measurement (v5e, bfloat16,
    thousands of cycles), a copy that is padded first makes a transposed layer of 16 taps and stride 8 take 162 for 79,
    and a forward 3x3 of 64 channels 139 for 122. benchmarks/README.md has them all, by benchmarks/tpu.py.
    """
    if problem.empty:
        return jnp.zeros(problem.y_shape, problem.dtype)
    x = x.astype(problem.compute_dtype)
    groups = {"feature_group_count": problem.groups}
    if groups_in_batch(problem):
        x = jnp.moveaxis(x, -2, 0)  # [G, N, *I, C]
        x, groups = x.reshape(-1, *x.shape[2:]), {"batch_group_count": problem.groups}
    else:
        x = x.reshape(*x.shape[:-2], problem.groups * problem.c_in)
    padding = list(zip(problem.low, problem.high, strict=True))
    return _convolved(x, w, problem, padding=padding, lhs_dilation=problem.input_dilation, **groups)


def groups_in_batch(problem: ConvProblem) -> bool:
    """Whether groups go to the batch: where they leave one number of it to each, XLA has code of its own for that.

    As it has for one channel in each of the features: a depthwise layer is the one, its kernel gradient the other. By
    the same estimate the other way round takes 3 to 300 times as long (thousands of cycles, in the batch and in the
    features: kernel gradient of depthwise 3x3 56 and 11,784, of 8192 causal taps 5,677 and 330,388, of one image in
    groups of 4 128 and 21; forward of depthwise 3x3 16,994 and 126). Where both are one number, or neither is, it is
    as JAX does: kernel gradients in the batch.
    """
    if problem.groups == 1 or (problem.batch == 1) != (problem.c_in == 1):
        return problem.groups > 1 and problem.batch == 1
    return problem.more_taps_than_outputs


def _convolved(x: Array, w: Array, problem: ConvProblem, **form: Any) -> Array:
    """The convolution of a lhs by w [*K, G, C, M], in the form given, as y [N, *O, G, M]."""
    made = problem.dtype if problem.dtype == problem.compute_dtype else problem.accumulator
    y = jax_lax.conv_general_dilated(
        x,
        join_groups(w.astype(problem.compute_dtype), problem),
        window_strides=problem.stride,
        rhs_dilation=problem.dilation,
        dimension_numbers=channels_last(problem.rank),
        precision=problem.precision,
        preferred_element_type=made,
        **form,
    )
    return y.reshape(problem.y_shape).astype(problem.dtype)


def unsupported(problem: ConvProblem, platform: str) -> tuple[str, ...]:
    """It takes every problem, where XLA's convolution is as precise as is asked."""
    return dropped_precision(problem, platform)


def xla_conv(problem: ConvProblem) -> XlaConv:
    """The convolution that XLA gets."""
    scalar = problem.compute_dtype.name not in ("float32", "bfloat16", "float16")
    return XlaConv(problem, problem.c_in, problem.c_out, problem.rank, problem.groups, scalar)


def cost(problem: ConvProblem, platform: str) -> Cost:
    """The direct form's work, the zeros of an input dilation counted, over a padded copy of x."""
    padded = problem.padded_bytes if problem.padded else 0
    # A kernel gradient's operands come transposed, and are copied.
    extra = (
        max(padded, problem.x_bytes) + problem.w_bytes if problem.more_taps_than_outputs else padded + problem.w_bytes
    )
    stuffed = prod(axis.input_dilation // gcd(axis.stride, axis.dilation, axis.input_dilation) for axis in problem.axes)
    calls = problem.groups if platform == "cpu" else 1
    return Cost(
        multiply_adds=problem.multiply_adds * stuffed,
        bytes_moved=problem.operand_bytes + 2 * padded,
        extra_bytes=extra + problem.widened_bytes,
        convolution=xla_conv(problem) if platform == "cpu" else None,
        calls=calls + 1 if problem.padded else calls,
    )


LAX = Algorithm(
    name="lax",
    compute=compute,
    unsupported=unsupported,
    cost=cost,
    error_bound=4.0,
    partitions=True,
    local=True,
    compute_on_tpu=compute_on_tpu,
    reference="jax.lax.conv_general_dilated",
)
