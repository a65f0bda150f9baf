"""The convolutions that are timed: 24 layers of well-known networks, as calls of lax's conv_general_dilated."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

DIRECTIONS = ("forward", "input gradient", "kernel gradient")


@dataclass(frozen=True)
class Workload:
    """One convolution: channels-last x, and the arguments of `conv_general_dilated`.

    `padding` belongs to the convolution; for a transposed one (`transposed`), to its adjoint, with
    `output_padding` as in PyTorch. `per_sample` maps over pairs of one example and one kernel.
    """

    name: str
    batch: int
    spatial: tuple[int, ...]
    c_in: int
    c_out: int
    window: tuple[int, ...]
    stride: int = 1
    dilation: int = 1
    groups: int = 1
    padding: tuple[tuple[int, int], ...] | None = None  # None: SAME
    transposed: bool = False
    output_padding: int = 0
    per_sample: bool = False
    dtype: str = "float32"

    @property
    def rank(self) -> int:
        """Number of spatial axes."""
        return len(self.spatial)

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The padding, as (low, high) pairs."""
        if self.padding is not None:
            return self.padding
        return tuple(
            (self.dilation * (k - 1) // 2, self.dilation * (k - 1) - self.dilation * (k - 1) // 2) for k in self.window
        )

    def arguments(self) -> dict:
        """Keyword arguments of `conv_general_dilated`."""
        spatial = "DHW"[-self.rank :]
        pairs, strides, input_dilation = self.pairs, (self.stride,) * self.rank, (1,) * self.rank
        if self.transposed:
            spans = [self.dilation * (k - 1) for k in self.window]
            pairs = tuple((r - lo, r - hi + self.output_padding) for r, (lo, hi) in zip(spans, self.pairs, strict=True))
            strides, input_dilation = input_dilation, strides
        return {
            "window_strides": strides,
            "padding": pairs,
            "lhs_dilation": input_dilation,
            "rhs_dilation": (self.dilation,) * self.rank,
            "dimension_numbers": (f"N{spatial}C", f"{spatial}IO", f"N{spatial}C"),
            "feature_group_count": self.groups,
        }

    def convolve(self, conv_general_dilated):
        """(x, kernel) -> y by the given function, which takes lax's arguments."""
        one = partial(conv_general_dilated, **self.arguments())
        return jax.vmap(one) if self.per_sample else one

    def operands(self) -> tuple[jax.Array, jax.Array]:
        """x and kernel: normal numbers, the kernel scaled so that y is of order one."""
        generator = np.random.default_rng(0)
        x_shape = (self.batch, *self.spatial, self.c_in)
        kernel_shape = (*self.window, self.c_in // self.groups, self.c_out)
        if self.per_sample:
            x_shape, kernel_shape = (self.batch, 1, *self.spatial, self.c_in), (self.batch, *kernel_shape)
        fan_in = int(np.prod(self.window)) * self.c_in // self.groups
        x = generator.normal(size=x_shape)
        kernel = generator.normal(size=kernel_shape) / np.sqrt(fan_in)
        return jnp.asarray(x, self.dtype), jnp.asarray(kernel, self.dtype)


def directed(convolve, direction: str):
    """(x, kernel, cotangent of y) -> the value, or one of the two gradients, alone."""
    if direction == "forward":
        return lambda x, kernel, cotangent: convolve(x, kernel)
    if direction == "input gradient":
        return lambda x, kernel, cotangent: jax.vjp(lambda x: convolve(x, kernel), x)[1](cotangent)[0]
    return lambda x, kernel, cotangent: jax.vjp(lambda kernel: convolve(x, kernel), kernel)[1](cotangent)[0]


def causal(window: int) -> tuple[tuple[int, int], ...]:
    """Padding that lets an output see no later input."""
    return ((window - 1, 0),)


NONE_1, NONE_2 = ((0, 0),), ((0, 0),) * 2

WORKLOADS = (
    Workload("resnet-56", 8, (56, 56), 64, 64, (3, 3)),
    Workload("resnet-14", 8, (14, 14), 256, 256, (3, 3)),
    Workload("stem", 4, (224, 224), 3, 64, (7, 7), stride=2, padding=((3, 3),) * 2),
    Workload("pointwise", 8, (28, 28), 256, 256, (1, 1)),
    Workload("filter-3", 1, (512, 512), 1, 1, (3, 3)),
    Workload("filter-15", 1, (512, 512), 1, 1, (15, 15)),
    Workload("depthwise-3", 8, (56, 56), 128, 128, (3, 3), groups=128),
    Workload("convnext", 4, (56, 56), 128, 128, (7, 7), groups=128),
    Workload("replknet", 1, (56, 56), 64, 64, (31, 31), groups=64),
    Workload("resnext", 8, (28, 28), 128, 128, (3, 3), groups=32),
    Workload("dilated", 4, (56, 56), 64, 64, (3, 3), dilation=2),
    Workload("speech", 8, (4096,), 64, 64, (5,)),
    Workload("mamba", 4, (2048,), 256, 256, (4,), groups=256, padding=causal(4)),
    Workload("long", 1, (4096,), 16, 16, (1023,), groups=16),
    Workload("hyena", 2, (8192,), 32, 32, (8192,), groups=32, padding=causal(8192)),
    Workload("volume", 2, (32, 32, 32), 16, 16, (3, 3, 3)),
    Workload("unet-up", 8, (28, 28), 64, 64, (4, 4), stride=2, padding=((1, 1),) * 2, transposed=True),
    Workload(
        "decoder",
        8,
        (28, 28),
        64,
        64,
        (3, 3),
        stride=2,
        padding=((1, 1),) * 2,
        transposed=True,
        output_padding=1,
    ),
    Workload("vocoder", 4, (512,), 64, 64, (16,), stride=8, padding=((4, 4),), transposed=True),
    Workload("istft", 1, (60,), 513, 1, (1024,), stride=512, padding=NONE_1, transposed=True),
    Workload(
        "volume-up",
        1,
        (24, 24, 24),
        32,
        1,
        (3, 3, 3),
        stride=2,
        padding=((1, 1),) * 3,
        transposed=True,
        output_padding=1,
    ),
    Workload("patchify", 4, (224, 224), 3, 192, (16, 16), stride=16, padding=NONE_2),
    Workload("per-sample", 8, (32, 32), 16, 16, (3, 3), per_sample=True),
    Workload("bf16", 8, (56, 56), 64, 64, (3, 3), dtype="bfloat16"),
)
