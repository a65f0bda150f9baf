"""Random cases of the convolutions whose kernel, positions or sites vary, each with its truth in NumPy."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
from agreement import QUICK_COMPILE, normal, numpy_pad, whole

from jconv import ops
from jconv.testing.oracles.deformable import deformable_conv
from jconv.testing.oracles.dynamic import dynamic_conv
from jconv.testing.oracles.involution import carafe, involution
from jconv.testing.oracles.local import local_conv
from jconv.testing.oracles.masked import masked_conv
from jconv.testing.oracles.partial import partial_conv
from jconv.testing.oracles.spatially_varying import spatially_varying_conv
from jconv.testing.oracles.submanifold import submanifold_conv

MODES = ("zeros", "zeros", "edge", "reflect", "symmetric", "wrap")


class Case(NamedTuple):
    """Arrays, x the first, a function of them, and what it gives; whether it is linear in x."""

    words: str
    arrays: tuple
    ours: Callable
    want: object
    linear: bool = True


class Placing(NamedTuple):
    """Windows over an input of two examples."""

    sizes: tuple
    window: tuple
    stride: tuple
    dilation: tuple
    pairs: tuple
    outputs: tuple

    @property
    def words(self):
        return dict(stride=self.stride, dilation=self.dilation, padding=self.pairs)


def ints(rng, low, high, rank):
    return tuple(map(int, rng.integers(low, high, rank)))


def placing(rng) -> Placing:
    """Windows of which one fits at least."""
    while True:
        rank = int(rng.integers(1, 4))
        sizes, window = ints(rng, 2, {1: 9, 2: 6, 3: 4}[rank], rank), ints(rng, 1, {1: 5, 2: 4, 3: 3}[rank], rank)
        stride, dilation = ints(rng, 1, 4, rank), ints(rng, 1, 3, rank)
        pairs = tuple(zip(ints(rng, 0, 3, rank), ints(rng, 0, 3, rank), strict=True))
        named = zip(sizes, pairs, window, dilation, stride, strict=True)
        outputs = tuple(len(range(0, n + sum(pair) - d * (k - 1), s)) for n, pair, k, d, s in named)
        if all(outputs):
            return Placing(sizes, window, stride, dilation, pairs, outputs)


def channels(rng):
    """Groups, and channels in and out that they divide."""
    groups = int(rng.choice([1, 1, 2, 3]))
    return groups, groups * int(rng.integers(1, 3)), groups * int(rng.integers(1, 3))


def drawn(rng, *shape):
    return whole(shape, int(rng.integers(1 << 30)), np.float64)


def mode_for(rng, place):
    """A padding mode that the sizes admit; zeros where there is nothing to fill."""
    return str(rng.choice(MODES)) if any(map(any, place.pairs)) else "zeros"


def padded(x, place, mode):
    return numpy_pad(x, place.pairs, (mode,) * len(place.sizes))


def dynamic_case(rng):
    place, (groups, c, m) = placing(rng), channels(rng)
    mode = mode_for(rng, place)
    x, kernel = drawn(rng, 2, *place.sizes, c), drawn(rng, 2, *place.window, c // groups, m)
    words = place.words | dict(groups=groups, padding_mode=mode)
    want = dynamic_conv(padded(x, place, mode), kernel, place.stride, place.dilation, groups)
    return Case(f"{place} {words}", (x, kernel), lambda x, k: ops.dynamic_conv(x, k, **words), want)


def involution_case(rng):
    place, (groups, c, _) = placing(rng), channels(rng)
    mode = mode_for(rng, place)
    x, kernel = drawn(rng, 2, *place.sizes, c), drawn(rng, 2, *place.outputs, *place.window, groups)
    words = place.words | dict(padding_mode=mode)
    want = involution(padded(x, place, mode), kernel, place.stride, place.dilation)
    return Case(f"{place} {words} {groups}", (x, kernel), lambda x, k: ops.involution(x, k, **words), want)


def carafe_case(rng):
    rank, (groups, c, _) = int(rng.integers(1, 4)), channels(rng)
    sizes, window, factor = ints(rng, 1, {1: 7, 2: 5, 3: 4}[rank], rank), ints(rng, 1, 4, rank), ints(rng, 1, 4, rank)
    outputs = (n * f for n, f in zip(sizes, factor, strict=True))
    x, kernel = drawn(rng, 2, *sizes, c), drawn(rng, 2, *outputs, int(np.prod(window)) * groups)
    pairs = tuple(((k - 1) // 2, k // 2) for k in window)
    mode = "edge" if any(k > 1 for k in window) and rng.integers(2) else "zeros"
    want = carafe(numpy_pad(x, pairs, (mode,) * rank), kernel, window)
    ours = lambda x, k: ops.carafe(x, k, window, padding_mode=mode)  # noqa: E731
    return Case(f"{sizes} {window} {factor} {groups} {mode}", (x, kernel), ours, want)


def local_case(rng):
    place, (groups, c, m) = placing(rng), channels(rng)
    mode = mode_for(rng, place)
    x, kernel = drawn(rng, 2, *place.sizes, c), drawn(rng, *place.outputs, *place.window, c // groups, m)
    words = place.words | dict(groups=groups, padding_mode=mode)
    want = local_conv(padded(x, place, mode), kernel, place.stride, place.dilation, groups)
    return Case(f"{place} {words}", (x, kernel), lambda x, k: ops.local_conv(x, k, **words), want)


def spatially_varying_case(rng):
    place, inputs, count = placing(rng), bool(rng.integers(2)), int(rng.integers(1, 4))
    x, kernels = drawn(rng, 2, *place.sizes, 2), drawn(rng, count, *place.window, 2, 3)
    weights = drawn(rng, *(place.sizes if inputs else place.outputs), count)
    words = place.words | dict(weigh="inputs" if inputs else "outputs")
    placed = (place.stride, place.dilation, [lo for lo, _ in place.pairs], place.outputs)
    want = spatially_varying_conv(x, kernels, weights, *placed, inputs)
    ours = lambda x, k, w: ops.spatially_varying_conv(x, k, w, **words)  # noqa: E731
    return Case(f"{place} {words}", (x, kernels, weights), ours, want)


def masked_case(rng):
    rank, groups, colours = int(rng.integers(1, 4)), int(rng.choice([1, 1, 2])), int(rng.integers(1, 4))
    sizes, window, dilation = ints(rng, 1, {1: 9, 2: 5, 3: 4}[rank], rank), ints(rng, 1, 4, rank), ints(rng, 1, 3, rank)
    c, m = (groups * colours * int(rng.integers(1, 3)) for _ in range(2))
    x, kernel, kind = drawn(rng, 2, *sizes, c), drawn(rng, *window, c // groups, m), str(rng.choice(["A", "B"]))
    order = rng.permutation(int(np.prod(sizes))).reshape(sizes) // int(rng.integers(1, 3)) if rng.integers(2) else None
    words = dict(kind=kind, order=order, channel_groups=colours, dilation=dilation, groups=groups)
    raster = np.arange(np.prod(sizes)).reshape(sizes)
    want = masked_conv(x, kernel, raster if order is None else order, kind, colours, dilation, groups)
    return Case(f"{sizes} {window} {words}", (x, kernel), lambda x, k: ops.masked_conv(x, k, **words), want)


def partial_case(rng):
    place, (groups, c, m) = placing(rng), channels(rng)
    mode, many = mode_for(rng, place), bool(rng.integers(2))
    x, kernel, bias = drawn(rng, 2, *place.sizes, c), drawn(rng, *place.window, c // groups, m), drawn(rng, m)
    mask = rng.random((2, *place.sizes, c if many else 1)) < rng.choice([0.2, 0.6])
    words = place.words | dict(groups=groups, padding_mode=mode)
    parts = padded(x, place, mode), kernel, padded(mask, place, mode), bias
    y, there = partial_conv(*parts, place.stride, place.dilation, groups)
    there = there.astype(bool)
    want = y, there if many and c > 1 else there[..., :1]
    ours = lambda x, k, b: ops.partial_conv(x, k, mask, bias=b, **words)  # noqa: E731
    return Case(f"{place} {words} {many}", (x, kernel, bias), ours, want, linear=False)


def submanifold_case(rng):
    rank = int(rng.integers(1, 4))
    sizes, dilation = ints(rng, 1, {1: 9, 2: 6, 3: 4}[rank], rank), ints(rng, 1, 3, rank)
    window = tuple(map(int, rng.choice([1, 3, 5], rank)))
    x, kernel, bias = drawn(rng, 2, *sizes, 2), drawn(rng, *window, 2, 3), drawn(rng, 3)
    active = rng.random((2, *sizes, 1)) < 0.5
    want = submanifold_conv(x, kernel, active, bias, dilation)
    ours = lambda x, k, b: ops.submanifold_conv(x, k, active, bias=b, dilation=dilation)  # noqa: E731
    return Case(f"{sizes} {window} {dilation}", (x, kernel, bias), ours, want, linear=False)


def deformable_case(rng):
    place, (groups, c, m), offset_groups = placing(rng), channels(rng), int(rng.choice([1, 1, 2]))
    c, taps = c * offset_groups, int(np.prod(place.window)) * offset_groups
    x, kernel = drawn(rng, 2, *place.sizes, c), drawn(rng, *place.window, c // groups, m)
    far = float(rng.choice([0.5, 2.0]))  # also far beyond the border
    offsets = far * normal((2, *place.outputs, taps * len(place.sizes)), int(rng.integers(1 << 30)), np.float64)
    mask = normal((2, *place.outputs, taps), int(rng.integers(1 << 30)), np.float64) if rng.integers(2) else None
    words = place.words | dict(groups=groups)
    placed = place.stride, [lo for lo, _ in place.pairs], place.outputs, place.dilation, groups
    want = deformable_conv(x, kernel, offsets, np.ones((2, *place.outputs, taps)) if mask is None else mask, *placed)
    arrays = (x, kernel, offsets) if mask is None else (x, kernel, offsets, mask)
    return Case(f"{place} {words}", arrays, lambda *a: ops.deformable_conv(*a, **words), want)


OPERATIONS = {
    "carafe": carafe_case,
    "deformable_conv": deformable_case,
    "dynamic_conv": dynamic_case,
    "involution": involution_case,
    "local_conv": local_case,
    "masked_conv": masked_case,
    "partial_conv": partial_case,
    "spatially_varying_conv": spatially_varying_case,
    "submanifold_conv": submanifold_case,
}


def compare(cases):
    """Hold all cases to their truths in one program; of linear ones, the adjoint in x to the function too."""

    def everything(arrays):
        return [of_one(case, a) for case, a in zip(cases, arrays, strict=True)]

    def of_one(case, arrays):
        y = case.ours(*arrays)
        if not case.linear:
            return y, 0.0
        _, back = jax.vjp(lambda x: case.ours(x, *arrays[1:]), arrays[0])
        bar = whole(y.shape, 7, np.float64)
        return y, (bar * y).sum() - (back(bar)[0] * arrays[0]).sum()

    arrays = [case.arrays for case in cases]
    found = jax.jit(everything).lower(arrays).compile(compiler_options=QUICK_COMPILE)(arrays)
    for case, (y, apart) in zip(cases, found, strict=True):
        for got, want in zip(jax.tree.leaves(y), jax.tree.leaves(case.want), strict=True):
            assert got.shape == want.shape, case.words
            scale = max(1.0, np.abs(want).max(initial=0))
            np.testing.assert_allclose(got, want, rtol=0, atol=1e-12 * scale, err_msg=case.words)
        assert abs(apart) < 1e-9, case.words
