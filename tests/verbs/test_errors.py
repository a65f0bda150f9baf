"""Every message that a user can get: the function, the argument, the rule, the shapes seen, the remedy."""

import ast
import inspect
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec

import jconv
from jconv import conv, conv_general_dilated, conv_transpose
from jconv._algorithms import ALGORITHMS

X, KERNEL = jnp.ones((2, 9, 9, 4)), jnp.ones((3, 3, 4, 6))
Y = jnp.ones((2, 7, 7, 6))
LHS, RHS = jnp.ones((2, 3, 7)), jnp.ones((4, 3, 2))


def ones(*shape):
    return jnp.ones(shape)


def lax_like(lhs=LHS, rhs=RHS, strides=(1,), padding="VALID", **keywords):
    return conv_general_dilated(lhs, rhs, strides, padding, **keywords)


WORDS = "'VALID', 'SAME', 'SAME_LOWER', 'FULL', 'CAUSAL', 'CIRCULAR', 'REFLECT'"
MODES = "'zeros', 'reflect', 'symmetric', 'edge', 'wrap', 'circular', 'replicate', 'constant'"
NAMES = ", ".join(map(repr, ("auto", "direct", *ALGORITHMS)))
AMOUNTS = "a word, an int, an int per spatial axis, or a (low, high) pair per spatial axis (here 2)"
BOTH = "(x has shape (2, 9, 9, 4), kernel has shape (3, 3, {}, {}))."
SEEN = "(lhs has shape {}, rhs has shape {})."

RANKS = {
    "kernel without channels": (
        lambda: conv(X, ones(3, 3)),
        ValueError,
        "conv: kernel must be (*window, c_in // groups, c_out) with one window axis or more; it has "
        "shape (3, 3). "
        "If it has no channel axes, add them: kernel[..., None, None].",
    ),
    "x without channels, too few axes": (
        lambda: conv(ones(9, 9), ones(3, 3, 1, 6)),
        ValueError,
        "conv: x must be (*batch, *spatial, channels) with 2 spatial axes, as many as the kernel of shape "
        "(3, 3, 1, 6) has; it has shape (9, 9). If it has no channel axis, add one: x[..., None].",
    ),
    "x without channels, taken for a batch": (
        lambda: conv(ones(2, 9, 9), ones(3, 3, 1, 6)),
        ValueError,
        "conv: the kernel takes c_in // groups = 1 channels, but x has c_in=9 with groups=1 (x has shape "
        "(2, 9, 9), "
        "kernel has shape (3, 3, 1, 6)). If x has no channel axis, add one: x[..., None].",
    ),
    "y with too few axes": (
        lambda: conv_transpose(ones(7, 6), KERNEL),
        ValueError,
        "conv_transpose: y must be (*batch, *spatial, channels) with 2 spatial axes, as many as the "
        "kernel of shape "
        "(3, 3, 4, 6) has; it has shape (7, 6). If it has no channel axis, add one: y[..., None].",
    ),
    "empty window": (
        lambda: conv(X, ones(0, 3, 4, 6)),
        ValueError,
        "conv: the kernel's window (0, 3) must be at least 1 on every axis (kernel has shape (0, 3, 4, 6)).",
    ),
    "lhs without batch": (
        lambda: lax_like(LHS[0]),
        ValueError,
        "conv_general_dilated: lhs and rhs must have the same number of axes; they have shapes (3, 7) "
        "and (4, 3, 2). "
        "If lhs has no batch axis, add one: lhs[None].",
    ),
    "lhs with too many axes": (
        lambda: lax_like(LHS[None]),
        ValueError,
        "conv_general_dilated: lhs and rhs must have the same number of axes; they have shapes (1, 2, 3, "
        "7) and "
        "(4, 3, 2).",
    ),
    "lhs without anything": (
        lambda: lax_like(LHS[0, 0], RHS[0, 0]),
        ValueError,
        "conv_general_dilated: lhs needs a batch and a channel axis at least; it has shape (7,).",
    ),
}

CHANNELS = {
    "channels": (
        lambda: conv(X, ones(3, 3, 3, 6)),
        ValueError,
        "conv: the kernel takes c_in // groups = 3 channels, but x has c_in=4 with groups=1 " + BOTH.format(3, 6),
    ),
    "groups forgotten": (
        lambda: conv(X, ones(3, 3, 2, 6)),
        ValueError,
        "conv: the kernel takes c_in // groups = 2 channels, but x has c_in=4 with groups=1 "
        + BOTH.format(2, 6)
        + " With groups=2 they would fit.",
    ),
    "groups forgotten, depthwise": (
        lambda: conv(X, ones(3, 3, 1, 4)),
        ValueError,
        "conv: the kernel takes c_in // groups = 1 channels, but x has c_in=4 with groups=1 "
        + BOTH.format(1, 4)
        + " With groups=4 they would fit. If x has no channel axis, add one: x[..., None].",
    ),
    "channels first": (
        lambda: conv(ones(2, 4, 9, 8), KERNEL),
        ValueError,
        "conv: the kernel takes c_in // groups = 4 channels, but x has c_in=8 with groups=1 (x has shape (2, 4, 9, 8), "
        "kernel has shape (3, 3, 4, 6)). With groups=2 they would fit. If x has its channels first, move them: "
        "jnp.moveaxis(x, -3, -1).",
    ),
    "kernel of a dense convolution": (
        lambda: conv(X, KERNEL, groups=2),
        ValueError,
        "conv: the kernel takes c_in // groups = 4 channels, but x has c_in=4 with groups=2 "
        + BOTH.format(4, 6)
        + " With groups=1 they would fit.",
    ),
    "groups and c_in": (
        lambda: conv(X, KERNEL, groups=3),
        ValueError,
        "conv: groups=3 must divide c_in=4 (x has shape (2, 9, 9, 4)).",
    ),
    "groups and c_out": (
        lambda: conv(X, ones(3, 3, 2, 5), groups=2),
        ValueError,
        "conv: groups=2 must divide c_out=5 (kernel has shape (3, 3, 2, 5)).",
    ),
    "no groups": (lambda: conv(X, KERNEL, groups=0), ValueError, "conv: groups=0 must be at least 1."),
    "groups per axis": (
        lambda: conv(X, KERNEL, groups=(2, 2)),
        TypeError,
        "conv: groups=(2, 2) must be an int, not tuple.",
    ),
    "channels of y": (
        lambda: conv_transpose(X, KERNEL),
        ValueError,
        "conv_transpose: y has 4 channels and the kernel makes c_out=6; they must be equal (y has shape "
        "(2, 9, 9, 4), kernel has shape (3, 3, 4, 6)). The kernel is the one of the conv whose adjoint this is.",
    ),
    "groups of conv_transpose": (
        lambda: conv_transpose(Y, KERNEL, groups=4),
        ValueError,
        "conv_transpose: groups=4 must divide c_out=6 (kernel has shape (3, 3, 4, 6)).",
    ),
    "both kinds of groups": (
        lambda: lax_like(feature_group_count=3, batch_group_count=2),
        ValueError,
        "conv_general_dilated: feature_group_count=3 and batch_group_count=2: one of them must be 1.",
    ),
    "feature groups": (
        lambda: lax_like(feature_group_count=2),
        ValueError,
        "conv_general_dilated: feature_group_count=2 must divide the 3 features of lhs "
        + SEEN.format((2, 3, 7), (4, 3, 2)),
    ),
    "batch groups": (
        lambda: lax_like(batch_group_count=4),
        ValueError,
        "conv_general_dilated: batch_group_count=4 must divide the batch size 2 " + SEEN.format((2, 3, 7), (4, 3, 2)),
    ),
    "feature groups of rhs": (
        lambda: lax_like(rhs=ones(4, 1, 2), feature_group_count=3),
        ValueError,
        "conv_general_dilated: feature_group_count=3 must divide the 4 output features of rhs "
        + SEEN.format((2, 3, 7), (4, 1, 2)),
    ),
    "batch groups of rhs": (
        lambda: lax_like(rhs=ones(5, 3, 2), batch_group_count=2),
        ValueError,
        "conv_general_dilated: batch_group_count=2 must divide the 5 output features of rhs "
        + SEEN.format((2, 3, 7), (5, 3, 2)),
    ),
    "features of lhs and rhs": (
        lambda: lax_like(rhs=ones(6, 3, 2), feature_group_count=3),
        ValueError,
        "conv_general_dilated: lhs has 3 features in 3 groups, 1 each, and rhs takes 3; they must be equal "
        + SEEN.format((2, 3, 7), (6, 3, 2)),
    ),
}

INTEGERS = {
    "stride 0": (lambda: conv(X, KERNEL, stride=0), ValueError, "conv: stride=0 must be at least 1."),
    "stride on one axis": (
        lambda: conv(X, KERNEL, stride=(1, -1)),
        ValueError,
        "conv: stride[1]=-1 must be at least 1.",
    ),
    "dilation": (lambda: conv(X, KERNEL, dilation=-2), ValueError, "conv: dilation=-2 must be at least 1."),
    "a float": (
        lambda: conv(X, KERNEL, stride=2.0),
        TypeError,
        "conv: stride=2.0 must be an int, or an int per spatial axis (here 2), not float.",
    ),
    "a float on one axis": (
        lambda: conv(X, KERNEL, dilation=(1, 1.5)),
        TypeError,
        "conv: dilation[1]=1.5 must be an int, not float.",
    ),
    "a bool": (
        lambda: conv(X, KERNEL, stride=True),
        TypeError,
        "conv: stride=True must be an int, or an int per spatial axis (here 2), not bool.",
    ),
    "a string": (
        lambda: conv(X, KERNEL, stride="2"),
        TypeError,
        "conv: stride='2' must be an int, or an int per spatial axis (here 2), not str.",
    ),
    "too many": (
        lambda: conv(X, KERNEL, stride=(1, 1, 1)),
        ValueError,
        "conv: stride=(1, 1, 1) has 3 values; it must be an int, or an int per spatial axis (here 2).",
    ),
    "window_strides": (
        lambda: lax_like(strides=(1, 1)),
        ValueError,
        "conv_general_dilated: window_strides=(1, 1) has 2 values; it must be an int, or an int per "
        "spatial axis "
        "(here 1).",
    ),
    "lhs_dilation": (
        lambda: lax_like(lhs_dilation=(0,), padding=((0, 0),)),
        ValueError,
        "conv_general_dilated: lhs_dilation[0]=0 must be at least 1.",
    ),
    "rhs_dilation": (
        lambda: lax_like(rhs_dilation=(0,)),
        ValueError,
        "conv_general_dilated: rhs_dilation[0]=0 must be at least 1.",
    ),
    "output_padding of stride 1": (
        lambda: conv_transpose(Y, KERNEL, output_padding=1),
        ValueError,
        "conv_transpose: output_padding=1 must lie in [0, 0] for stride=(1, 1), dilation=(1, 1), padding='VALID'.",
    ),
    "negative output_padding": (
        lambda: conv_transpose(Y, KERNEL, stride=2, padding=1, output_padding=(0, -1)),
        ValueError,
        "conv_transpose: output_padding=(0, -1) must lie in [0, 1] for stride=(2, 2), dilation=(1, 1), padding=1.",
    ),
    "output_padding of SAME": (
        lambda: conv_transpose(Y, KERNEL, stride=3, padding="SAME", output_padding=1),
        ValueError,
        "conv_transpose: output_padding=1 must lie in [-2, 0] for stride=(3, 3), dilation=(1, 1), padding='SAME'.",
    ),
}

PADDING = {
    "misspelt word": (
        lambda: conv(X, KERNEL, padding="SMAE"),
        ValueError,
        f"conv: padding='SMAE' is not one of {WORDS}. Did you mean 'SAME'?",
    ),
    "misspelt in small letters": (
        lambda: conv(X, KERNEL, padding="casual"),
        ValueError,
        f"conv: padding='casual' is not one of {WORDS}. Did you mean 'CAUSAL'?",
    ),
    "unlike any word": (
        lambda: conv(X, KERNEL, padding="xyzzy"),
        ValueError,
        f"conv: padding='xyzzy' is not one of {WORDS}.",
    ),
    "misspelt for conv_transpose": (
        lambda: conv_transpose(Y, KERNEL, padding="SAM"),
        ValueError,
        f"conv_transpose: padding='SAM' is not one of {WORDS}. Did you mean 'SAME'?",
    ),
    "a mode": (
        lambda: conv(X, KERNEL, padding="edge"),
        ValueError,
        "conv: padding='edge' says what stands beyond the border, not how far it reaches: that is "
        "jconv.conv's "
        "padding_mode='edge', beside padding='SAME' or amounts.",
    ),
    "a float": (
        lambda: conv(X, KERNEL, padding=1.0),
        TypeError,
        f"conv: padding=1.0 must be {AMOUNTS}, not float.",
    ),
    "None": (
        lambda: conv(X, KERNEL, padding=None),
        TypeError,
        f"conv: padding=None must be {AMOUNTS}, not NoneType.",
    ),
    "too many": (
        lambda: conv(X, KERNEL, padding=(1, 2, 3)),
        ValueError,
        f"conv: padding=(1, 2, 3) has 3 values; it must be {AMOUNTS}.",
    ),
    "too few pairs": (
        lambda: conv(X, KERNEL, padding=((1, 2),)),
        ValueError,
        f"conv: padding=((1, 2),) must be {AMOUNTS}.",
    ),
    "a pair and an int": (
        lambda: conv(X, KERNEL, padding=((1, 2), 1)),
        ValueError,
        f"conv: padding=((1, 2), 1) must be {AMOUNTS}.",
    ),
    "a triple": (
        lambda: conv(X, KERNEL, padding=((1, 2), (1, 2, 3))),
        ValueError,
        f"conv: padding=((1, 2), (1, 2, 3)) must be {AMOUNTS}.",
    ),
    "a float in a pair": (
        lambda: conv(X, KERNEL, padding=((1, 2), (1, 2.0))),
        TypeError,
        "conv: padding[1][1]=2.0 must be an int, not float.",
    ),
    "a word per axis": (
        lambda: conv(X, KERNEL, padding=("SAME", "VALID")),
        TypeError,
        "conv: padding[0]='SAME' must be an int, not str.",
    ),
    "window too large": (
        lambda: conv(X, ones(3, 11, 4, 6), padding=(0, 1), dilation=(2, 2)),
        ValueError,
        "conv: the kernel's window (3, 11) spans (5, 21) with dilation=(2, 2), which does not fit in the "
        "padded "
        "input (9, 11) (input (9, 9), padding ((0, 0), (1, 1))). Pad more, or use a smaller kernel.",
    ),
    "cropped away": (
        lambda: conv_transpose(Y, KERNEL, padding=9),
        ValueError,
        "conv_transpose: padding=9 crops more than there is: the result would have sizes (-9, -9) "
        "(outputs (7, 7), "
        "window (3, 3)).",
    ),
    "cropped away from lhs": (
        lambda: lax_like(padding=((-4, -4),)),
        ValueError,
        "conv_general_dilated: padding=((-4, -4),) crops more than there is: the padded input would have "
        "sizes "
        "(-1,) (lhs has shape (2, 3, 7)).",
    ),
    "a word for a dilated input": (
        lambda: lax_like(padding="SAME", lhs_dilation=(2,)),
        ValueError,
        "conv_general_dilated: padding='SAME' has no meaning with lhs_dilation=(2,): give (low, high) "
        "pairs, or use "
        "jconv.conv_transpose.",
    ),
    "Flax's word": (
        lambda: lax_like(padding="CIRCULAR"),
        ValueError,
        "conv_general_dilated: padding='CIRCULAR' is not zero padding: use jconv.conv(padding_mode='wrap').",
    ),
    "misspelt mode": (
        lambda: conv(X, KERNEL, padding=1, padding_mode="relfect"),
        ValueError,
        f"conv: padding_mode='relfect' is not one of {MODES}. Did you mean 'reflect'?",
    ),
    "no mode": (
        lambda: conv(X, KERNEL, padding_mode=None),
        TypeError,
        "conv: padding_mode=None must be a word, or a word per spatial axis (here 2), not NoneType.",
    ),
    "too many modes": (
        lambda: conv(X, KERNEL, padding_mode=("zeros", "edge", "wrap")),
        ValueError,
        "conv: padding_mode=('zeros', 'edge', 'wrap') has 3 words; it must be a word, or a word per "
        "spatial axis "
        "(here 2).",
    ),
    "two modes": (
        lambda: conv(X, KERNEL, padding="CIRCULAR", padding_mode="reflect"),
        ValueError,
        "conv: padding_mode='reflect' contradicts the padding word, which means 'wrap'.",
    ),
    "nothing to repeat": (
        lambda: conv(ones(2, 0, 9, 4), KERNEL, padding=2, padding_mode="edge"),
        ValueError,
        "conv: padding_mode='edge' cannot extend an empty spatial axis (sizes (0, 9)).",
    ),
}

KINDS = {
    "misspelt algorithm": (
        lambda: conv(X, KERNEL, algorithm="tasp"),
        ValueError,
        f"conv: algorithm='tasp' is not one of {NAMES}. Did you mean 'taps'?",
    ),
    "no name": (
        lambda: conv_transpose(Y, KERNEL, algorithm=None),
        TypeError,
        "conv_transpose: algorithm=None must be a name or a jconv.Algorithm, not NoneType.",
    ),
    "precision": (
        lambda: conv(X, KERNEL, precision="hihg"),
        ValueError,
        "conv: precision='hihg' must be None, a jax.lax.Precision or its name ('default', 'high', "
        "'highest'), a pair "
        "of these, or a jax.lax.DotAlgorithmPreset or its name.",
    ),
    "booleans": (
        lambda: conv(X > 0, KERNEL > 0),
        TypeError,
        "conv: x and kernel have dtype bool, which is not a number type: cast with .astype.",
    ),
    "numbers of 8 bits with a fraction": (
        lambda: conv(X.astype(jnp.float8_e5m2), KERNEL.astype(jnp.float8_e5m2)),
        TypeError,
        "conv: x and kernel have dtype float8_e5m2, in which sums cannot be kept: cast with .astype, to bfloat16 say.",
    ),
    "numbers of 4 bits": (
        lambda: conv(X.astype(jnp.int4), KERNEL.astype(jnp.int4)),
        TypeError,
        "conv: x and kernel have dtype int4, in which sums cannot be kept: cast with .astype, to int8 say.",
    ),
    "a result of 8 bits with a fraction": (
        lambda: conv(X, KERNEL, preferred_element_type=jnp.float8_e5m2),
        TypeError,
        "conv: preferred_element_type=float8_e5m2 cannot be the result's dtype for float32 operands.",
    ),
    "two dtypes": (
        lambda: lax_like(rhs=RHS.astype("bfloat16")),
        TypeError,
        "conv_general_dilated: lhs is float32 and rhs is bfloat16; both must have one dtype: cast with .astype.",
    ),
    "preferred integer": (
        lambda: conv(X, KERNEL, preferred_element_type="int32"),
        TypeError,
        "conv: preferred_element_type=int32 cannot be the result's dtype for float32 operands.",
    ),
    "preferred real": (
        lambda: conv(X + 0j, KERNEL, preferred_element_type="float32"),
        TypeError,
        "conv: preferred_element_type=float32 cannot be the result's dtype for complex64 operands.",
    ),
    "preferred complex": (
        lambda: conv(X, KERNEL, preferred_element_type="complex64"),
        TypeError,
        "conv: preferred_element_type=complex64 cannot be the result's dtype for float32 operands.",
    ),
    "preferred bool": (
        lambda: conv(X.astype("int32"), KERNEL.astype("int32"), preferred_element_type=bool),
        TypeError,
        "conv: preferred_element_type=bool cannot be the result's dtype for int32 operands.",
    ),
    "preferred nonsense": (
        lambda: conv(X, KERNEL, preferred_element_type="floaty"),
        TypeError,
        "conv: preferred_element_type='floaty' is not a dtype.",
    ),
    "out_sharding": (
        lambda: lax_like(out_sharding=PartitionSpec()),
        NotImplementedError,
        "conv_general_dilated: out_sharding=PartitionSpec() is not supported; only None is.",
    ),
}


def traced(call, value):
    """A call under jit, with a traced value in place of a number."""
    return lambda: jax.jit(call)(value)


KNOWN = "known while tracing, for shapes depend on"
NO_POSITIONS = (
    "conv_transpose: y has no positions on a spatial axis (sizes (0,), y has shape (2, 0, 4)), and no conv makes such "
    "a y: each axis must hold one window at least."
)
MEANT = {
    "no array": (lambda: conv(None, KERNEL), TypeError, "conv: x must be an array, not NoneType."),
    "no kernel": (lambda: conv(X, "box"), TypeError, "conv: kernel must be an array, not str."),
    "a scalar": (
        lambda: conv(3.0, KERNEL),
        ValueError,
        "conv: x must be (*batch, *spatial, channels) with 2 spatial axes, as many as the kernel of shape "
        "(3, 3, 4, 6) has; it is a scalar. Where every position is to hold it, fill an array: jnp.full((*spatial, "
        "channels), x).",
    ),
    "an x that lacks more than its channels": (
        lambda: conv(ones(9), KERNEL),
        ValueError,
        "conv: x must be (*batch, *spatial, channels) with 2 spatial axes, as many as the kernel of shape "
        "(3, 3, 4, 6) has; it has shape (9,). It lacks 2 axes.",
    ),
    "no numbers": (
        lambda: conv(np.array([None]), KERNEL),
        TypeError,
        "conv: x must be an array of numbers, not ndarray of dtype object.",
    ),
    "rows of several lengths": (
        lambda: conv([[1.0], [1.0, 2.0]], KERNEL),
        TypeError,
        "conv: x must be an array, and this list makes none.",
    ),
    "a traced stride": (
        traced(lambda s: conv(X, KERNEL, stride=s), 2),
        TypeError,
        f"conv: stride is traced, and it must be a number {KNOWN} it: name it in static_argnames of jax.jit, or close "
        "over it.",
    ),
    "a traced stride of a fraction": (
        traced(lambda s: conv(X, KERNEL, stride=s), 2.0),
        TypeError,
        f"conv: stride is traced, and it must be a number {KNOWN} it: name it in static_argnames of jax.jit, or close "
        "over it.",
    ),
    "traced groups": (
        traced(lambda s: conv(X, KERNEL, groups=s), jnp.array([1])),
        TypeError,
        f"conv: groups is traced, and it must be a number {KNOWN} it: name it in static_argnames of jax.jit, or close "
        "over it.",
    ),
    "a traced padding": (
        traced(lambda s: conv(X, KERNEL, padding=s), jnp.array([1, 2])),
        TypeError,
        f"conv: padding is traced, and it must be numbers {KNOWN} them: name it in static_argnames of jax.jit, or "
        "close over it.",
    ),
    "a kernel of PyTorch": (
        lambda: conv(X, ones(6, 4, 3, 3)),
        ValueError,
        "conv: the kernel takes c_in // groups = 3 channels, but x has c_in=4 with groups=1 (x has shape (2, 9, 9, 4), "
        "kernel has shape (6, 4, 3, 3)). If the kernel is (c_out, c_in // groups, *window), move its axes: "
        "jnp.moveaxis(kernel, (1, 0), (-2, -1)).",
    ),
    "a kernel of PyTorch, with groups": (
        lambda: conv(X, ones(6, 2, 3, 3), groups=2),
        ValueError,
        "conv: groups=2 must divide c_out=3 (kernel has shape (6, 2, 3, 3)). If the kernel is (c_out, c_in // groups, "
        "*window), move its axes: jnp.moveaxis(kernel, (1, 0), (-2, -1)).",
    ),
    "a kernel of PyTorch, transposed": (
        lambda: conv_transpose(Y, ones(6, 4, 3, 3)),
        ValueError,
        "conv_transpose: y has 6 channels and the kernel makes c_out=3; they must be equal (y has shape (2, 7, 7, 6), "
        "kernel has shape (6, 4, 3, 3)). If the kernel is (c_out, c_in // groups, *window), move its axes: "
        "jnp.moveaxis(kernel, (1, 0), (-2, -1)).",
    ),
    "a kernel of a dense convolution, of rank 1": (
        lambda: conv(ones(2, 9, 4), ones(3, 4, 6), groups=2),
        ValueError,
        "conv: the kernel takes c_in // groups = 4 channels, but x has c_in=4 with groups=2 (x has shape (2, 9, 4), "
        "kernel has shape (3, 4, 6)). With groups=1 they would fit.",
    ),
    "a kernel without its window axis, asserted": (
        lambda: conv(ones(2, 7, 6, 4), ones(3, 4, 6), rank=2),
        ValueError,
        "conv: rank=2 asserts 2 window axes, and the kernel has 1: it must be (*window, c_in // groups, c_out), and it "
        "has shape (3, 4, 6).",
    ),
    "a kernel without its window axis, found out": (
        lambda: conv(ones(2, 7, 6, 4), ones(3, 3, 6)),
        ValueError,
        "conv: the kernel takes c_in // groups = 3 channels, but x has c_in=4 with groups=1 (x has shape (2, 7, 6, 4), "
        "kernel has shape (3, 3, 6)). If the kernel lacks a window axis, give it one; rank=2 asserts their number.",
    ),
    "a kernel without its window axis, too long": (
        lambda: conv(ones(2, 7, 2, 4), ones(3, 4, 6)),
        ValueError,
        "conv: the kernel's window (3,) spans (3,) with dilation=(1,), which does not fit in the padded input (2,) "
        "(input (2,), padding ((0, 0),)). Pad more, or use a smaller kernel. If the kernel lacks a window axis, give "
        "it one; rank=2 asserts their number.",
    ),
    "a kernel without its window axis, transposed": (
        lambda: conv_transpose(ones(2, 7, 7, 6), ones(3, 3, 4)),
        ValueError,
        "conv_transpose: y has 6 channels and the kernel makes c_out=4; they must be equal (y has shape (2, 7, 7, 6), "
        "kernel has shape (3, 3, 4)). The kernel is the one of the conv whose adjoint this is. If the kernel lacks a "
        "window axis, give it one; rank=2 asserts their number.",
    ),
    "a mode beside no padding": (
        lambda: conv(X, KERNEL, padding_mode="reflect"),
        ValueError,
        "conv: padding_mode='reflect' has nothing to fill, for padding='VALID' adds no positions there: "
        "give padding='SAME', 'CAUSAL', 'FULL' or amounts.",
    ),
    "a mode for an axis that is not padded": (
        lambda: conv(X, KERNEL, padding=(1, 0), padding_mode=("zeros", "edge")),
        ValueError,
        "conv: padding_mode='edge' has nothing to fill, for padding=(1, 0) adds no positions there: give "
        "padding='SAME', 'CAUSAL', 'FULL' or amounts.",
    ),
    "a mode beside cropping": (
        lambda: conv_transpose(Y, KERNEL, padding=(0, -1), padding_mode="wrap"),
        ValueError,
        "conv_transpose: padding_mode='wrap' has nothing to fill, for padding=(0, -1) adds no positions there: "
        "give padding='SAME', 'CAUSAL', 'FULL' or amounts.",
    ),
    "a y without positions": (
        lambda: conv_transpose(ones(2, 0, 4), ones(3, 6, 4)),
        ValueError,
        NO_POSITIONS,
    ),
    "a y without positions, strided": (
        lambda: conv_transpose(ones(2, 0, 4), ones(3, 6, 4), stride=4),
        ValueError,
        NO_POSITIONS,
    ),
    "a y without positions, padded": (
        lambda: conv_transpose(ones(2, 0, 4), ones(3, 6, 4), padding="SAME"),
        ValueError,
        NO_POSITIONS,
    ),
    "a negative stride, and too few": (
        lambda: conv(ones(2, 9, 9, 9, 4), ones(3, 3, 3, 4, 6), stride=(-1,)),
        ValueError,
        "conv: stride=(-1,) has 1 value; it must be an int, or an int per spatial axis (here 3), each at least 1.",
    ),
    "too many negative dilations": (
        lambda: conv_transpose(Y, KERNEL, dilation=[0, 1, 1]),
        ValueError,
        "conv_transpose: dilation=[0, 1, 1] has 3 values; it must be an int, or an int per spatial axis (here 2), each "
        "at least 1.",
    ),
    "lax's padding by an int": (
        lambda: lax_like(padding=3),
        ValueError,
        "conv_general_dilated: padding=3 must be a word or a (low, high) pair per spatial axis (here 1), as in lax; "
        "jconv.conv takes ints too.",
    ),
    "lax's padding by ints": (
        lambda: lax_like(padding=(3,)),
        ValueError,
        "conv_general_dilated: padding=(3,) must be a word or a (low, high) pair per spatial axis (here 1), as in "
        "lax; jconv.conv takes ints too.",
    ),
    "lax's padding by a boolean": (
        lambda: lax_like(padding=True),
        ValueError,
        "conv_general_dilated: padding=True must be a word or a (low, high) pair per spatial axis (here 1), as in lax; "
        "jconv.conv takes ints too.",
    ),
    "lax's padding by too many pairs": (
        lambda: lax_like(padding=((1, 2), (3, 4))),
        ValueError,
        "conv_general_dilated: padding=((1, 2), (3, 4)) must be a word or a (low, high) pair per spatial axis (here "
        "1), as in lax; jconv.conv takes ints too.",
    ),
    "a word that lax has not": (
        lambda: lax_like(padding="FULL"),
        ValueError,
        "conv_general_dilated: padding='FULL' is a word of jconv.conv; here it is one of 'VALID', 'SAME', "
        "'SAME_LOWER', as in lax.",
    ),
    "a word that nobody has": (
        lambda: lax_like(padding="foo"),
        ValueError,
        "conv_general_dilated: padding='foo' is not one of 'VALID', 'SAME', 'SAME_LOWER'.",
    ),
    "booleans by a named algorithm": (
        lambda: lax_like(LHS > 0, RHS > 0, algorithm="taps"),
        NotImplementedError,
        "conv_general_dilated: algorithm='taps' cannot compute this convolution: its operands are booleans, for which "
        "a sum is \"or\". These can: 'lax', 'auto', 'direct'.",
    ),
    "booleans by a misspelt algorithm": (
        lambda: lax_like(LHS > 0, RHS > 0, algorithm="tasp"),
        ValueError,
        f"conv_general_dilated: algorithm='tasp' is not one of {NAMES}. Did you mean 'taps'?",
    ),
    "Flax's word": (
        lambda: conv(X, KERNEL, strides=2),
        TypeError,
        "conv: there is no argument strides=. Did you mean stride=?",
    ),
    "lax's word": (
        lambda: conv_transpose(Y, KERNEL, feature_group_count=2),
        TypeError,
        "conv_transpose: there is no argument feature_group_count=. Did you mean groups=?",
    ),
    "another's noun": (
        lambda: conv(input=X, weight=KERNEL),
        TypeError,
        "conv: there is no argument input=. Did you mean x=?",
    ),
    "another's noun, transposed": (
        lambda: conv_transpose(x=Y, kernel=KERNEL),
        TypeError,
        "conv_transpose: there is no argument x=. Did you mean y=?",
    ),
    "a word of conv_transpose": (
        lambda: conv(X, KERNEL, output_padding=1),
        TypeError,
        "conv: there is no argument output_padding=. For output_padding: it belongs to jconv.conv_transpose.",
    ),
    "Flax's word for a transposed convolution": (
        lambda: conv(X, KERNEL, input_dilation=2),
        TypeError,
        "conv: there is no argument input_dilation=. For input_dilation: use jconv.conv_transpose(stride=...), or "
        "jconv.conv_general_dilated.",
    ),
    "a word misspelt": (
        lambda: conv(X, KERNEL, dilatoin=2),
        TypeError,
        "conv: there is no argument dilatoin=. Did you mean dilation=?",
    ),
    "a layer's word": (
        lambda: conv(X, KERNEL, bias=2),
        TypeError,
        "conv: there is no argument bias=. For bias: add it to the result.",
    ),
    "a word of nobody": (
        lambda: conv(X, KERNEL, quux=2),
        TypeError,
        "conv: there is no argument quux=. The arguments are x, kernel, stride, padding, dilation, groups, "
        "padding_mode, precision, preferred_element_type, algorithm, rank.",
    ),
}


MESSAGES = {
    f"{section}: {name}": case
    for section, cases in {
        "ranks": RANKS,
        "channels": CHANNELS,
        "integers": INTEGERS,
        "padding": PADDING,
        "kinds": KINDS,
        "meant": MEANT,
    }.items()
    for name, case in cases.items()
}


@pytest.mark.parametrize("name", MESSAGES)
def test_the_whole_message(name):
    call, kind, message = MESSAGES[name]
    with pytest.raises(kind) as raised:
        call()
    assert raised.type is kind
    assert str(raised.value).replace("=P()", "=PartitionSpec()") == message  # its name since jax 0.9


@pytest.mark.parametrize("numbers", [("NCX", "OIH", "NCH"), ("NHC", "OIH"), ("NHC", "OIH", 1), 3], ids=str)
def test_dimension_numbers_are_refused_as_lax_refuses_them(numbers):
    with pytest.raises(TypeError) as of_lax:
        jax.lax.conv_general_dilated(LHS, RHS, (1,), "VALID", dimension_numbers=numbers)
    with pytest.raises(TypeError) as raised:
        lax_like(dimension_numbers=numbers)
    assert str(raised.value) == f"conv_general_dilated: dimension_numbers={numbers!r}: {of_lax.value}"


@pytest.mark.parametrize("call", [
    lambda: conv(X, KERNEL, preferred_element_type="float64"),
    lambda: conv_transpose(Y, KERNEL, preferred_element_type="float64"),
    lambda: lax_like(preferred_element_type="float64"),
], ids=["conv", "conv_transpose", "conv_general_dilated"])  # fmt: skip
def test_a_warning_points_at_the_line_that_called(call):
    with pytest.warns(UserWarning, match="float64 needs jax_enable_x64") as warned:
        call()
    assert [one.filename for one in warned] == [__file__]


def mixed_dtypes():
    with jax.numpy_dtype_promotion("strict"):
        conv(X.astype("bfloat16"), KERNEL)


def test_dtypes_that_strict_promotion_forbids_to_mix():
    with pytest.raises(TypeError) as raised:
        mixed_dtypes()
    assert str(raised.value) == (
        "conv: x is bfloat16 and the kernel is float32, which strict promotion "
        "(jax_numpy_dtype_promotion) forbids "
        "to mix: cast one with .astype."
    )


@pytest.mark.parametrize("module", ["arguments", "general", "keywords", "padding", "shapes", "transpose"])
def test_every_raise_of_the_module_is_reached_by_a_test_above(module):
    """Where each tested error was raised, against all places that raise one."""
    source = pathlib.Path(jconv.__file__).parent / "_verbs" / f"{module}.py"
    places = {
        range(node.lineno, node.end_lineno + 1)
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
    }
    assert places
    calls = [call for call, _, _ in MESSAGES.values()]
    reached = set()
    for call in (*calls, mixed_dtypes, lambda: lax_like(dimension_numbers=3)):
        try:
            call()
        except Exception as error:
            last = inspect.getinnerframes(error.__traceback__)[-1]
            reached |= {place for place in places if last.filename == str(source) and last.lineno in place}
    assert sorted(place.start for place in places - reached) == []


def test_errors_are_raised_before_anything_is_traced_or_compiled():
    """So under jit too they come while tracing, from the line that called."""
    x = jax.ShapeDtypeStruct(X.shape, X.dtype)
    with pytest.raises(ValueError, match=r"^conv: groups=3 must divide c_in=4"):
        jax.eval_shape(lambda x: jconv.conv(x, KERNEL, groups=3), x)
