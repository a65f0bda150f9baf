"""A cropped full convolution over some axes of two arrays, written as the core's equation."""

from functools import partial
from math import prod
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from jconv._equation.problem import ConvProblem
from jconv._primitive.conv_p import bind
from jconv._typing import Array, DType, Ints, Pairs

# Full products everywhere, as SciPy's are; on CPU they are so anyway.
PRECISION = (lax.Precision.HIGHEST, lax.Precision.HIGHEST)


class Roles(NamedTuple):
    """What each axis is to the core: convolved, of in1 alone, of both side by side, or of in2 alone."""

    spatial: Ints
    batch: Ints
    groups: Ints
    features: Ints

    @classmethod
    def of(cls, shape1: Ints, shape2: Ints, axes: Ints) -> "Roles":
        """The roles of all axes; those beside `axes` are equal, or 1 in one of the arrays."""
        rest = [a for a in range(len(shape1)) if a not in axes]
        batch = tuple(a for a in rest if shape2[a] == 1)
        features = tuple(a for a in rest if shape1[a] == 1 and shape2[a] != 1)
        return cls(axes, batch, tuple(a for a in rest if a not in batch + features), features)


def posed(shape1: Ints, shape2: Ints, axes: Ints, crop: Pairs, dtype: DType, algorithm: str) -> ConvProblem:
    """The problem of the convolution, with in1 as x and in2 as the kernel.

    z[n] = sum over k of  in1[k] * in2[n - k]  is the equation with flipped taps and lo = K - 1 - first.
    """
    roles, one = Roles.of(shape1, shape2, axes), (1,) * len(axes)
    return ConvProblem(
        batch=prod(shape1[a] for a in roles.batch),
        groups=prod(shape1[a] for a in roles.groups),
        c_in=1,
        c_out=prod(shape2[a] for a in roles.features),
        input_size=tuple(shape1[a] for a in axes),
        window=tuple(shape2[a] for a in axes),
        output_size=tuple(size for _, size in crop),
        stride=one,
        input_dilation=one,
        dilation=one,
        low=tuple(shape2[a] - 1 - first for a, (first, _) in zip(axes, crop, strict=True)),
        x_dtype=dtype,
        w_dtype=dtype,
        dtype=dtype,
        precision=None if algorithm == "auto" else PRECISION,
        algorithm=algorithm,
    )


def smaller_second(shape1: Ints, shape2: Ints, axes: Ints) -> bool:
    """Whether in2 has fewer taps, and so is the kernel; convolution commutes."""
    return prod(shape2[a] for a in axes) <= prod(shape1[a] for a in axes)


@partial(jax.jit, static_argnums=(2, 3, 4), inline=True)
def convolution(in1: Array, in2: Array, axes: Ints, crop: Pairs, algorithm: str) -> Array:
    """The full convolution over `axes`, at the positions (first, size) of `crop`; other axes as if multiplied.

    Args:
        in1: any shape; its dtype is that of in2.
        in2: as many axes as in1; beside `axes` equal to in1's, or 1 in one of the two.
        axes: the axes convolved, in any order.
        crop: (first, size) per axis of `axes`, as `crops` gives them.
        algorithm: "direct" or "fft".

    Returns:
        Array with the axes of in1 in their order.
    """
    if not smaller_second(in1.shape, in2.shape, axes):
        in1, in2 = in2, in1
    problem = posed(in1.shape, in2.shape, axes, crop, in1.dtype, algorithm)
    roles = Roles.of(in1.shape, in2.shape, axes)
    x = in1.transpose(*roles.batch, *axes, *roles.groups, *roles.features).reshape(problem.x_shape)
    w = lax.rev(in2, axes).transpose(*roles.batch, *axes, *roles.groups, *roles.features).reshape(problem.w_shape)
    y = bind(x, w, problem)
    shapes = [[max(in1.shape[a], in2.shape[a]) for a in role] for role in roles[1:]]
    y = y.reshape(*shapes[0], *problem.output_size, *shapes[1], *shapes[2])
    order = (*roles.batch, *axes, *roles.groups, *roles.features)
    return y.transpose(*(order.index(a) for a in range(in1.ndim)))


@partial(jax.jit, static_argnums=(2, 3, 4), static_argnames=("up", "down"), inline=True)
def on_one_axis(x: Array, taps: Array, axis: int, first: int, size: int, *, up: int = 1, down: int = 1) -> Array:
    """y[j] = sum over i of  taps[first + down*j - up*i] * x[i]  along one axis, for 0 <= j < size, by direct sums.

    Args:
        x: any shape.
        taps: (length,), of x's dtype.
        axis: counted from the front.
        first: the position in the full convolution that j = 0 is.
        size: how many positions.
        up: distance between neighbouring inputs.
        down: distance between neighbouring outputs.

    Returns:
        Array of x's shape, but for `size` along the axis.
    """
    shape, length = x.shape, taps.shape[0]
    before, after = prod(shape[:axis]), prod(shape[axis + 1 :])
    # Along the last axis there is one spatial axis; else a second, idle one, so that nothing is transposed.
    idle = (after,) if after > 1 else ()
    one = (1,) * len(idle)
    problem = ConvProblem(
        batch=before,
        groups=1,
        c_in=1,
        c_out=1,
        input_size=(shape[axis], *idle),
        window=(length, *one),
        output_size=(size, *idle),
        stride=(down, *one),
        input_dilation=(up, *one),
        dilation=(1, *one),
        low=(length - 1 - first, *(0 for _ in idle)),
        x_dtype=x.dtype,
        w_dtype=x.dtype,
        dtype=x.dtype,
        precision=PRECISION,
        algorithm="direct",
    )
    y = bind(x.reshape(problem.x_shape), jnp.flip(taps).reshape(problem.w_shape), problem)
    return y.reshape(*shape[:axis], size, *shape[axis + 1 :])
