"""What convolutions whose kernel, positions or sites vary say to wrong arguments at trace time."""

import jax
import jax.numpy as jnp
import pytest

from jconv import ops

X = jnp.ones((2, 9, 8, 4))
KERNEL = jnp.ones((3, 3, 4, 6))


def ones(*shape):
    return jnp.ones(shape)


CASES = {
    "one kernel for all examples": (
        lambda: ops.dynamic_conv(X, KERNEL),
        ValueError,
        "dynamic_conv: x must be (*batch, *spatial, c_in) and kernel (*batch, *window, c_in // groups, c_out), with as "
        "many spatial as window axes and the same batch axes; they have shapes (2, 9, 8, 4) and (3, 3, 4, 6). Without "
        "`rank` there is one batch axis; one kernel for all examples is jconv.conv's.",
    ),
    "kernels for other outputs": (
        lambda: ops.involution(X, ones(2, 9, 8, 3, 3, 2), padding="VALID"),
        ValueError,
        "involution: kernel must be (*batch, *outputs, *window, groups) = (2, 7, 6, 3, 3) and a divisor of the c=4 "
        "channels of x; it has shape (2, 9, 8, 3, 3, 2) (x has shape (2, 9, 8, 4)).",
    ),
    "groups of an involution": (
        lambda: ops.involution(X, ones(2, 9, 8, 3, 3, 3)),
        ValueError,
        "involution: kernel must be (*batch, *outputs, *window, groups) = (2, 9, 8, 3, 3) and a divisor of the c=4 "
        "channels of x; it has shape (2, 9, 8, 3, 3, 3) (x has shape (2, 9, 8, 4)).",
    ),
    "an involution without a window": (
        lambda: ops.involution(X, X),
        ValueError,
        "involution: kernel must be (*batch, *outputs, *window, groups) for x (*batch, *spatial, c), so that it has a "
        "window axis more per spatial axis; they have shapes (2, 9, 8, 4) and (2, 9, 8, 4).",
    ),
    "an upsampling by a half": (
        lambda: ops.carafe(X, ones(2, 9, 12, 9), (3, 3)),
        ValueError,
        "carafe: kernel must be (*batch, *outputs, prod(window) * groups) for x (*batch, *spatial, c) and "
        "window=(3, 3), its outputs multiples of the spatial sizes; they have shapes (2, 9, 12, 9) and (2, 9, 8, 4).",
    ),
    "local outputs": (
        lambda: ops.local_conv(X, ones(9, 8, 3, 3, 4, 6)),
        ValueError,
        "local_conv: the windows make (7, 6) outputs, and the kernel is for (9, 8) (kernel has shape "
        "(9, 8, 3, 3, 4, 6), x has shape (2, 9, 8, 4), stride=1, padding='VALID', dilation=1).",
    ),
    "a kernel of conv": (
        lambda: ops.local_conv(X, KERNEL[0]),
        ValueError,
        "local_conv: kernel must be (*outputs, *window, c_in // groups, c_out) for x (*batch, *spatial, c_in), with an "
        "output and a window axis per spatial axis; they have shapes (3, 4, 6) and (2, 9, 8, 4).",
    ),
    "a kernel and no mix": (
        lambda: ops.spatially_varying_conv(X[0, 0], KERNEL[0], ones(8, 1)),
        ValueError,
        "spatially_varying_conv: kernels must be (b, *window, c_in // groups, c_out); they have shape (3, 4, 6). One "
        "kernel becomes a mix of one by kernel[None].",
    ),
    "weights of the inputs": (
        lambda: ops.spatially_varying_conv(X, KERNEL[None], ones(7, 6, 1)),
        ValueError,
        "spatially_varying_conv: weights must be (9, 8, 1), a number per position of the inputs and per kernel; they "
        "have shape (7, 6, 1).",
    ),
    "what is weighed": (
        lambda: ops.spatially_varying_conv(X, KERNEL[None], ones(9, 8, 1), weigh="output"),
        ValueError,
        "spatially_varying_conv: weigh='output' is not one of 'inputs', 'outputs'. Did you mean 'outputs'?",
    ),
    "a kind of mask": (
        lambda: ops.masked_conv(X, KERNEL, kind="C"),
        ValueError,
        "masked_conv: kind='C' is not one of 'A', 'B'",
    ),
    "colours": (
        lambda: ops.masked_conv(X, KERNEL, channel_groups=3),
        ValueError,
        "masked_conv: channel_groups=3 must divide c_in=4 and c_out=6.",
    ),
    "an order of the taps": (
        lambda: ops.masked_conv(X, KERNEL, order=ones(3, 3)),
        ValueError,
        "masked_conv: order must be a number per position, (9, 8) or (2, 9, 8); it has shape (3, 3).",
    ),
    "a mask without channels": (
        lambda: ops.partial_conv(X, KERNEL, ones(9, 8)),
        ValueError,
        "partial_conv: mask must be (*batch, *spatial, channels) with the spatial sizes (9, 8) of x and 1 or c_in=4 "
        "channels; it has shape (9, 8) (x has shape (2, 9, 8, 4)).",
    ),
    "a bias of the inputs": (
        lambda: ops.partial_conv(X, KERNEL, ones(9, 8, 1), bias=ones(4)),
        ValueError,
        "partial_conv: bias must be (c_out,) = (6,); it has shape (4,).",
    ),
    "an even window": (
        lambda: ops.submanifold_conv(X, KERNEL[:2], ones(9, 8, 1)),
        ValueError,
        "submanifold_conv: the kernel's window (2, 3) must be odd on every axis, for a site is its centre.",
    ),
    "sites per channel": (
        lambda: ops.submanifold_conv(X, KERNEL, X),
        ValueError,
        "submanifold_conv: active must be (*batch, *spatial, channels) with the spatial sizes (9, 8) of x and 1 "
        "channel; it has shape (2, 9, 8, 4) (x has shape (2, 9, 8, 4)).",
    ),
    "offsets of another size": (
        lambda: ops.deformable_conv(X, KERNEL, ones(2, 9, 8, 18)),
        ValueError,
        "deformable_conv: offsets must be (*batch, *outputs, offset_groups * taps * rank) = (2, 7, 6) and a multiple "
        "of 18, the number of groups a divisor of c_in=4; they have shape (2, 9, 8, 18) (x has shape (2, 9, 8, 4), "
        "window=(3, 3)).",
    ),
    "a mask of another size": (
        lambda: ops.deformable_conv(X, KERNEL, ones(2, 7, 6, 36), ones(2, 7, 6, 9)),
        ValueError,
        "deformable_conv: mask must be (*batch, *outputs, offset_groups * taps), a number per tap that is moved, which "
        "are (2, 7, 6, 18); it has shape (2, 7, 6, 9).",
    ),
    "padding that repeats": (
        lambda: ops.deformable_conv(X, KERNEL, ones(2, 9, 8, 18), padding="REFLECT"),
        ValueError,
        "deformable_conv: padding='REFLECT' repeats the input beyond its border; here stand zeros there.",
    ),
    "complex offsets": (
        lambda: ops.deformable_conv(X, KERNEL, ones(2, 7, 6, 18) + 1j),
        TypeError,
        "deformable_conv: offsets must be real; they have dtype complex64.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_message(name):
    call, kind, message = CASES[name]
    with pytest.raises(kind) as raised:
        jax.eval_shape(call)
    assert str(raised.value).startswith(message)
