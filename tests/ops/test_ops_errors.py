"""What each operation says to wrong arguments at trace time: the argument, the rule, the shapes, the remedy."""

import jax
import jax.numpy as jnp
import pytest

from jconv import ops

X = jnp.ones((2, 9, 8, 4))
LINE = jnp.ones((9, 4))
KERNEL = jnp.ones((3, 3, 4, 6))


def ones(*shape):
    return jnp.ones(shape)


CASES = {
    "window without a rank": (
        lambda: ops.max_pool(X, 2),
        TypeError,
        "max_pool: window=2 must be a sequence with an int per spatial axis: its length says how many spatial axes "
        "there "
        "are.",
    ),
    "window of nothing": (
        lambda: ops.avg_pool(X, (2, 0)),
        ValueError,
        "avg_pool: window[1]=0 must be at least 1.",
    ),
    "too few axes": (
        lambda: ops.max_pool(LINE, (2, 2)),
        ValueError,
        "max_pool: x must be (*batch, *spatial, channels) with 2 spatial axes, as window=(2, 2) says; it has shape "
        "(9, 4). "
        "If it has no channel axis, add one: x[..., None].",
    ),
    "window in the padding": (
        lambda: ops.max_pool(X, (2, 2), padding=3),
        ValueError,
        "max_pool: window 0 along spatial axis 0 sees nothing of x, it lies in the padding (spatial sizes (9, 8), "
        "window=(2, 2), padding=3, dilation=(1, 1)). Pad less.",
    ),
    "padding that repeats": (
        lambda: ops.avg_pool(X, (2, 2), padding="REFLECT"),
        ValueError,
        "avg_pool: padding='REFLECT' repeats the input beyond its border; a pool stops there.",
    ),
    "complex numbers": (
        lambda: ops.max_pool(X + 1j, (2, 2)),
        TypeError,
        "max_pool: x has dtype complex64; complex numbers have no largest. Pool jnp.abs(x), say.",
    ),
    "no numbers": (
        lambda: ops.max_pool(X > 0, (2, 2)),
        TypeError,
        "max_pool: the values of x have dtype bool, which is not a number type: cast with .astype.",
    ),
    "divisor of 0": (
        lambda: ops.avg_pool(X, (2, 2), divisor_override=0),
        ValueError,
        "avg_pool: divisor_override=0 must not be 0.",
    ),
    "p of 0": (
        lambda: ops.lp_pool(X, 0, (2, 2)),
        ValueError,
        "lp_pool: p=0 must be positive and finite; for p = inf there is max_pool(jnp.abs(x), ...).",
    ),
    "p of several numbers": (
        lambda: ops.lp_pool(X, ones(4), (2, 2)),
        ValueError,
        "lp_pool: p must be a number; it has shape (4,).",
    ),
    "global of nothing": (
        lambda: ops.global_max_pool(ones(2, 0, 4), 1),
        ValueError,
        "global_max_pool: x has no position to pool (x has shape (2, 0, 4), rank=1).",
    ),
    "rank": (lambda: ops.global_avg_pool(X, 0), ValueError, "global_avg_pool: rank=0 must be at least 1."),
    "adaptive size": (
        lambda: ops.adaptive_avg_pool(X, (3, 0)),
        ValueError,
        "adaptive_avg_pool: size[1]=0 must be at least 1.",
    ),
    "adaptive size without a rank": (
        lambda: ops.adaptive_max_pool(X, 3),
        TypeError,
        "adaptive_max_pool: size=3 must be a sequence with an int per spatial axis: its length says how many "
        "spatial axes "
        "there are.",
    ),
    "indices of another shape": (
        lambda: ops.max_unpool(ones(4, 4), jnp.zeros((4, 3), int), (2,), size=(8,)),
        ValueError,
        "max_unpool: indices must have the shape of y, (4, 4); they have (4, 3).",
    ),
    "indices of another kind": (
        lambda: ops.max_unpool(ones(4, 4), ones(4, 4), (2,), size=(8,)),
        TypeError,
        "max_unpool: indices must be integers; they have dtype float32.",
    ),
    "outputs of another size": (
        lambda: ops.max_unpool(ones(4, 4), jnp.zeros((4, 4), int), (2,), size=(10,)),
        ValueError,
        "max_unpool: of size=(10,), max_pool makes (5,) outputs; y must be (*batch, *outputs, channels) and has shape "
        "(4, 4) (window=(2,), stride=None, padding='VALID', dilation=1, ceil_mode=False).",
    ),
    "patches of another size": (
        lambda: ops.fold(ones(4, 3, 2), (7,)),
        ValueError,
        "fold: of size=(7,), unfold makes (5,) patches, and here are (4,) (patches have shape (4, 3, 2), stride=1, "
        "padding='VALID', dilation=1).",
    ),
    "patches with too few axes": (
        lambda: ops.fold(ones(4, 3), (6,)),
        ValueError,
        "fold: patches must be (*batch, *outputs, *window, channels) with 1 spatial axes, as size=(6,) says; they have "
        "shape (4, 3).",
    ),
    "window over the input": (
        lambda: ops.unfold(LINE, (10,)),
        ValueError,
        "unfold: the kernel's window (10,) spans (10,) with dilation=(1,), which does not fit in the padded input (9,) "
        "(input (9,), padding ((0, 0),)). Pad more, or use a smaller kernel.",
    ),
    "channels that make no cells": (
        lambda: ops.pixel_shuffle(X, (3, 2)),
        ValueError,
        "pixel_shuffle: the channels of x, 4, must be a multiple of 6 for factor=(3, 2) (x has shape (2, 9, 8, 4)).",
    ),
    "positions that make no cells": (
        lambda: ops.pixel_unshuffle(X, (2, 2)),
        ValueError,
        "pixel_unshuffle: the spatial sizes (9, 8) must be multiples of factor=(2, 2) (x has shape (2, 9, 8, 4)). "
        "Pad or "
        "crop x first.",
    ),
    "blur over the input": (
        lambda: ops.blur_pool(LINE, (10,), padding="VALID"),
        ValueError,
        "blur_pool: the kernel's window (10,) spans (10,) with dilation=(1,), which does not fit in the padded "
        "input (9,) "
        "(input (9,), padding ((0, 0),)). Pad more, or use a smaller kernel.",
    ),
    "dense kernel": (
        lambda: ops.depthwise_conv(X, KERNEL),
        ValueError,
        "depthwise_conv: the kernel must be (*window, 1, c * m) for the c=4 channels of x and a multiplier m; it "
        "has shape "
        "(3, 3, 4, 6) (x has shape (2, 9, 8, 4)).",
    ),
    "pointwise matrix": (
        lambda: ops.separable_conv(X, ones(3, 3, 1, 4), ones(4, 5)),
        ValueError,
        "separable_conv: pointwise_kernel must be (*ones, c_mid, c_out) with 2 axes of length 1, as many as the "
        "depthwise "
        "kernel of shape (3, 3, 1, 4) has window axes; it has shape (4, 5). A matrix becomes one by matrix[(None,) "
        "* 2].",
    ),
    "padding of time": (
        lambda: ops.causal_conv(LINE, ones(3, 4, 6), padding=1),
        ValueError,
        "causal_conv: padding=1 is for the spatial axes after the first, and the kernel has but one window axis "
        "(kernel "
        "has shape (3, 4, 6)). Leave it out.",
    ),
    "padding that repeats, causal": (
        lambda: ops.causal_conv(X, KERNEL, padding="CIRCULAR"),
        ValueError,
        "causal_conv: for padding='CIRCULAR' write padding='SAME' and padding_mode='wrap'.",
    ),
    "scale and size": (
        lambda: ops.resize_conv(X, KERNEL),
        ValueError,
        "resize_conv: give scale or size, not both or neither (scale=None, size=None).",
    ),
    "method": (
        lambda: ops.resize_conv(X, KERNEL, scale=2, method="nearst"),
        ValueError,
        "resize_conv: method='nearst' is not one of 'nearest', 'linear', 'cubic', 'lanczos3', 'lanczos5'. Did you mean "
        "'nearest'?",
    ),
    "long kernel of conv": (
        lambda: ops.long_conv(LINE, ones(9, 1, 4)),
        ValueError,
        "long_conv: kernel must be (taps, c) with one tap or more and the c=4 channels of x; it has shape (9, 1, 4) "
        "(x has shape (9, 4)). One of jconv.conv, (taps, 1, c), becomes one by kernel[::-1, 0].",
    ),
    "sequence without channels": (
        lambda: ops.long_conv(ones(9), ones(9, 1)),
        ValueError,
        "long_conv: x must be (*batch, length, c); it has shape (9,).",
    ),
    "skip": (
        lambda: ops.long_conv(LINE, LINE, skip=ones(9)),
        ValueError,
        "long_conv: skip must be a number or (c,) with c=4; it has shape (9,).",
    ),
    "gate": (
        lambda: ops.long_conv(LINE, LINE, gate=ones(8, 4)),
        ValueError,
        "long_conv: gate must broadcast to the shape of x, (9, 4); it has shape (8, 4).",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_message(name):
    call, kind, message = CASES[name]
    with pytest.raises(kind) as raised:
        jax.eval_shape(call)
    assert str(raised.value) == message
