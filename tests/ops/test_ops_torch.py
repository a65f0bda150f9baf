"""Values and gradients are PyTorch's, on random cases of every operation that it has or that is written in it."""

from functools import partial
from typing import NamedTuple

import jax
import numpy as np
import pytest
from agreement import QUICK_COMPILE, whole
from family_cases import OPERATIONS as ELSEWHERE  # held to NumPy, and where PyTorch has one to that, in test_family

from jconv import ops

torch = pytest.importorskip("torch", reason="PyTorch is not installed: its results are not compared")
functional = torch.nn.functional


class Case(NamedTuple):
    """Arrays, and a function of them in each library: PyTorch's takes tensors laid out as the arrays are."""

    words: str
    arrays: tuple
    ours: object
    theirs: object


def channels_first(a):
    return a.movedim(-1, 1)


def channels_last(a):
    return a.movedim(1, -1)


def weight(kernel):
    """(*window, c_in // groups, c_out) to (c_out, c_in // groups, *window)."""
    return kernel.movedim((-1, -2), (0, 1))


def named(name, rank):
    return getattr(functional, f"{name}{rank}d")


def pool_words(rng, *, most_dilation=1, padded=True):
    """A placing that PyTorch admits, and in which every window sees some of x."""
    while True:
        rank = int(rng.integers(1, 4))
        sizes = tuple(map(int, rng.integers(3, {1: 14, 2: 10, 3: 7}[rank], rank)))
        window = tuple(map(int, rng.integers(1, 5, rank)))
        stride = tuple(map(int, rng.integers(1, 4, rank)))
        padding = tuple(int(rng.integers(0, k // 2 + 1)) if padded else 0 for k in window)
        dilation = tuple(map(int, rng.integers(1, most_dilation + 1, rank)))
        words = dict(stride=stride, padding=padding, dilation=dilation, ceil_mode=bool(rng.integers(2)))
        try:
            jax.eval_shape(lambda x, w=window, o=words: ops.max_pool(x, w, **o), np.zeros((*sizes, 1)))
        except ValueError:
            continue
        return rank, whole((2, *sizes, 2), int(rng.integers(1 << 30)), np.float64), window, words


def max_pool(rng):
    rank, x, window, words = pool_words(rng, most_dilation=2)
    theirs = partial(named("max_pool", rank), kernel_size=window, **words)
    ours = partial(ops.max_pool, window=window, **words)
    return Case(f"{x.shape} {window} {words}", (x,), ours, lambda x: channels_last(theirs(channels_first(x))))


def indices(rng):
    rank, x, window, words = pool_words(rng, most_dilation=2)
    theirs = partial(named("max_pool", rank), kernel_size=window, return_indices=True, **words)
    ours = partial(ops.max_pool_with_indices, window=window, **words)
    return Case(
        f"{x.shape} {window} {words}",
        (x,),
        lambda x: ours(x)[1].astype(x.dtype),
        lambda x: channels_last(theirs(channels_first(x))[1]).to(x.dtype) + 0 * x.sum(),
    )


def avg_pool(rng):
    rank, x, window, words = pool_words(rng)
    del words["dilation"]
    words |= dict(count_include_pad=bool(rng.integers(2)))
    if rank > 1 and rng.integers(3) == 0:
        words |= dict(divisor_override=int(rng.integers(1, 9)))
    theirs = partial(named("avg_pool", rank), kernel_size=window, **words)
    ours = partial(ops.avg_pool, window=window, **words)
    return Case(f"{x.shape} {window} {words}", (x,), ours, lambda x: channels_last(theirs(channels_first(x))))


def lp_pool(rng):
    rank, x, window, words = pool_words(rng, padded=False)
    p, words = int(rng.integers(1, 5)), {name: words[name] for name in ("stride", "ceil_mode")}
    x = np.abs(x) if p % 2 else x  # PyTorch takes odd powers of negative numbers as they are
    of_one = window[0] if rank == 1 else window  # lp_pool1d wants ints
    given = dict(words, stride=words["stride"][0]) if rank == 1 else words
    theirs = partial(named("lp_pool", rank), norm_type=p, kernel_size=of_one, **given)
    ours = partial(ops.lp_pool, p=p, window=window, **words)
    return Case(f"{x.shape} {p} {window} {words}", (x,), ours, lambda x: channels_last(theirs(channels_first(x))))


def adaptive(name, rng):
    rank = int(rng.integers(1, 4))
    sizes, size = (
        rng.integers(1, 9 if rank < 3 else 6, rank),
        tuple(map(int, rng.integers(1, 9 if rank < 3 else 5, rank))),
    )
    x = whole((2, *map(int, sizes), 2), int(rng.integers(1 << 30)), np.float64)
    theirs = partial(named(name, rank), output_size=size)
    ours = partial(getattr(ops, name), size=size)
    return Case(f"{x.shape} {size}", (x,), ours, lambda x: channels_last(theirs(channels_first(x))))


def global_pool(name, rng):
    rank = int(rng.integers(1, 4))
    x = whole((2, *map(int, rng.integers(1, 7, rank)), 2), int(rng.integers(1 << 30)), np.float64)
    theirs = partial(named(name.replace("global", "adaptive"), rank), output_size=1)
    ours = partial(getattr(ops, name), rank=rank)
    return Case(f"{x.shape}", (x,), ours, lambda x: theirs(channels_first(x)).flatten(1))


def max_unpool(rng):
    """Windows that do not overlap: where they do, PyTorch leaves open which value stands."""
    while True:
        rank, x, window, words = pool_words(rng)
        words["stride"] = tuple(max(s, k) for s, k in zip(words["stride"], window, strict=True))
        del words["dilation"], words["ceil_mode"]
        try:
            y, at = ops.max_pool_with_indices(x, window, **words)
        except ValueError:
            continue
        break
    size, theirs_words = x.shape[1:-1], words | dict(output_size=x.shape[1:-1])
    theirs = partial(named("max_unpool", rank), kernel_size=window, **theirs_words)
    at_first = channels_first(torch.from_numpy(np.array(at)).long())
    return Case(
        f"{x.shape} {window} {words}",
        (whole(y.shape, 3, np.float64),),
        lambda y: ops.max_unpool(y, at, window, size=size, **words),
        lambda y: channels_last(theirs(channels_first(y), at_first)),
    )


def patch_words(rng):
    while True:
        sizes, window = rng.integers(3, 10, 2), rng.integers(1, 4, 2)
        stride, padding, dilation = rng.integers(1, 4, 2), rng.integers(0, 3, 2), rng.integers(1, 3, 2)
        if (sizes + 2 * padding >= dilation * (window - 1) + 1).all():
            break
    x = whole((2, *map(int, sizes), 2), int(rng.integers(1 << 30)), np.float64)
    words = {n: tuple(map(int, v)) for n, v in dict(stride=stride, padding=padding, dilation=dilation).items()}
    return x, tuple(map(int, window)), words


def as_patches(columns, outputs, window, c):
    """PyTorch's (n, c * K, O) to (n, *outputs, *window, c)."""
    return columns.reshape(-1, c, *window, *outputs).permute(0, 4, 5, 2, 3, 1)


def unfold(rng):
    x, window, words = patch_words(rng)
    ours = partial(ops.unfold, window=window, **words)
    outputs = jax.eval_shape(ours, x).shape[1:3]
    theirs = partial(functional.unfold, kernel_size=window, **words)
    back = partial(as_patches, outputs=outputs, window=window, c=x.shape[-1])
    return Case(f"{x.shape} {window} {words}", (x,), ours, lambda x: back(theirs(channels_first(x))))


def fold(rng):
    x, window, words = patch_words(rng)
    shape, size = jax.eval_shape(partial(ops.unfold, window=window, **words), x).shape, x.shape[1:-1]
    theirs = partial(functional.fold, output_size=size, kernel_size=window, **words)
    columns = lambda p: p.permute(0, 5, 3, 4, 1, 2).reshape(2, x.shape[-1] * int(np.prod(window)), -1)  # noqa: E731
    return Case(
        f"{x.shape} {window} {words}",
        (whole(shape, 5, np.float64),),
        partial(ops.fold, size=size, **words),
        lambda p: channels_last(theirs(columns(p))),
    )


def pixels(name, rng):
    factor, sizes, c = int(rng.integers(1, 4)), rng.integers(1, 5, 2), int(rng.integers(1, 4))
    shape = (*map(int, sizes), c * factor**2) if name == "pixel_shuffle" else (*map(int, sizes * factor), c)
    x = whole((2, *shape), int(rng.integers(1 << 30)), np.float64)
    theirs = getattr(functional, name)
    ours = partial(getattr(ops, name), factor=(factor, factor))
    return Case(f"{x.shape} {factor}", (x,), ours, lambda x: channels_last(theirs(channels_first(x), factor)))


def conv_arrays(rng, *, groups=False):
    rank = int(rng.integers(1, 4))
    sizes = tuple(map(int, rng.integers(4, 9 if rank < 3 else 6, rank)))
    window, stride, dilation = (tuple(map(int, rng.integers(1, most, rank))) for most in (4, 3, 3))
    x = whole((2, *sizes, 2), int(rng.integers(1 << 30)), np.float64)
    kernel = whole((*window, 1 if groups else 2, 4), int(rng.integers(1 << 30)), np.float64)
    return rank, x, kernel, dict(stride=stride, dilation=dilation)


def depthwise_conv(rng):
    rank, x, kernel, words = conv_arrays(rng, groups=True)
    padding = tuple(d * (k - 1) for d, k in zip(words["dilation"], kernel.shape, strict=False))
    words |= dict(padding=padding)
    theirs = partial(named("conv", rank), groups=2, **words)
    ours = partial(ops.depthwise_conv, **words)
    words = f"{x.shape} {kernel.shape} {words}"
    return Case(words, (x, kernel), ours, lambda x, k: channels_last(theirs(channels_first(x), weight(k))))


def separable_conv(rng):
    rank, x, kernel, words = conv_arrays(rng, groups=True)
    words |= dict(padding=tuple(d * (k - 1) for d, k in zip(words["dilation"], kernel.shape, strict=False)))
    conv, pointwise = named("conv", rank), whole((*(1,) * rank, 4, 3), 3, np.float64)

    def theirs(x, k, p):
        return channels_last(conv(conv(channels_first(x), weight(k), groups=2, **words), weight(p)))

    return Case(
        f"{x.shape} {kernel.shape} {words}", (x, kernel, pointwise), partial(ops.separable_conv, **words), theirs
    )


def causal_conv(rng):
    rank, x, kernel, words = conv_arrays(rng)
    reach = [d * (k - 1) for d, k in zip(words["dilation"], kernel.shape, strict=False)]
    pairs = [(reach[0], 0), *((n, n) for n in reach[1:])]
    pads = [n for pair in reversed(pairs) for n in pair]

    def theirs(x, k):
        return channels_last(named("conv", rank)(functional.pad(channels_first(x), pads), weight(k), **words))

    ours = partial(ops.causal_conv, **words, **({} if rank == 1 else dict(padding=tuple(pairs[1:]))))
    return Case(f"{x.shape} {kernel.shape} {words}", (x, kernel), ours, theirs)


def resize_conv(rng):
    rank, x, kernel, _ = conv_arrays(rng)
    scale, method = int(rng.integers(1, 4)), ("nearest", "linear", "cubic")[int(rng.integers(3 if rank == 2 else 2))]
    modes = {"linear": {1: "linear", 2: "bilinear", 3: "trilinear"}[rank], "cubic": "bicubic", "nearest": "nearest"}
    method = "linear" if method == "cubic" else method  # the two have other cubic splines
    aligned = {} if method == "nearest" else dict(align_corners=False)

    def theirs(x, k):
        resized = functional.interpolate(channels_first(x), scale_factor=scale, mode=modes[method], **aligned)
        return channels_last(named("conv", rank)(resized, weight(k)))

    ours = partial(ops.resize_conv, scale=scale, method=method, padding="VALID")
    return Case(f"{x.shape} {kernel.shape} {scale} {method}", (x, kernel), ours, theirs)


def blur_pool(rng):
    """As in github.com/adobe/antialiased-cnns: reflection, then a depthwise strided convolution."""
    x = whole((2, *map(int, rng.integers(5, 10, 2)), 2), int(rng.integers(1 << 30)), np.float64)
    k, stride = int(rng.integers(1, 7)), int(rng.integers(1, 4))
    row = np.array([1.0])
    for _ in range(k - 1):
        row = np.convolve(row, [1, 1])
    kernel = torch.from_numpy(np.outer(row, row) / row.sum() ** 2).expand(2, 1, k, k)
    pads = ((k - 1) // 2, -(-(k - 1) // 2)) * 2

    def theirs(x):
        padded = functional.pad(channels_first(x), pads, mode="reflect")
        return channels_last(functional.conv2d(padded, kernel, stride=stride, groups=2))

    return Case(f"{x.shape} {k} {stride}", (x,), partial(ops.blur_pool, window=(k, k), stride=stride), theirs)


def long_conv(rng):
    n, c, taps = int(rng.integers(1, 40)), int(rng.choice([1, 3, 4])), int(rng.integers(1, 40))
    shapes = (2, n, c), (taps, c), (2, n, c), (c,)
    arrays = tuple(whole(shape, int(rng.integers(1 << 30)), np.float64) for shape in shapes)

    def theirs(x, kernel, gate, skip):
        length = n + taps
        spectra = torch.fft.rfft(x, n=length, dim=1) * torch.fft.rfft(kernel, n=length, dim=0)
        return gate * (torch.fft.irfft(spectra, n=length, dim=1)[:, :n] + skip * x)

    return Case(f"{shapes}", arrays, lambda x, k, gate, skip: ops.long_conv(x, k, gate=gate, skip=skip), theirs)


OPERATIONS = {
    "max_pool": max_pool,
    "max_pool_with_indices": indices,
    "avg_pool": avg_pool,
    "lp_pool": lp_pool,
    "adaptive_avg_pool": partial(adaptive, "adaptive_avg_pool"),
    "adaptive_max_pool": partial(adaptive, "adaptive_max_pool"),
    "global_avg_pool": partial(global_pool, "global_avg_pool"),
    "global_max_pool": partial(global_pool, "global_max_pool"),
    "max_unpool": max_unpool,
    "unfold": unfold,
    "fold": fold,
    "pixel_shuffle": partial(pixels, "pixel_shuffle"),
    "pixel_unshuffle": partial(pixels, "pixel_unshuffle"),
    "depthwise_conv": depthwise_conv,
    "separable_conv": separable_conv,
    "causal_conv": causal_conv,
    "resize_conv": resize_conv,
    "blur_pool": blur_pool,
    "long_conv": long_conv,
}


def compare(cases):
    """Hold all cases to PyTorch in one program: values, and gradients of every array."""

    def ours(arrays):
        return [back_and_forth(case.ours, a) for case, a in zip(cases, arrays, strict=True)]

    def back_and_forth(function, arrays):
        y, back = jax.vjp(function, *arrays)
        return y, back(bar_like(y))

    arrays = [case.arrays for case in cases]
    found = jax.jit(ours).lower(arrays).compile(compiler_options=QUICK_COMPILE)(arrays)
    for case, (y, gradients) in zip(cases, found, strict=True):
        tensors = [torch.from_numpy(a.copy()).requires_grad_() for a in case.arrays]
        theirs = case.theirs(*tensors)
        theirs.backward(torch.from_numpy(bar_like(y)))
        for got, want in zip((y, *gradients), (theirs.detach(), *(t.grad for t in tensors)), strict=True):
            scale = max(1, np.abs(want.numpy()).max(initial=0))
            np.testing.assert_allclose(got, want.numpy(), rtol=0, atol=1e-12 * scale, err_msg=case.words)


def bar_like(y):
    return (np.arange(np.prod(y.shape)) % 7 - 3.0).reshape(y.shape)


def test_every_operation_of_torch_is_compared():
    assert set(OPERATIONS) == {name for name in dir(ops) if not name.startswith("_")} - set(ELSEWHERE)


def test_values_and_gradients_are_torchs(x64):
    rng = np.random.default_rng(0)
    compare([make(rng) for make in OPERATIONS.values() for _ in range(2)])


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_two_hundred_random_cases(name, x64):
    rng = np.random.default_rng(1)
    for _ in range(10):
        compare([OPERATIONS[name](rng) for _ in range(20)])
