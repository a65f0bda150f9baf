"""The verbs agree with PyTorch's conv1d to conv3d and conv_transpose1d to 3d, on whole numbers exactly."""

from itertools import product

import jax
import numpy as np
import pytest
from agreement import whole

import jconv

torch = pytest.importorskip("torch", reason="PyTorch is not installed: its results are not compared")
functional = torch.nn.functional

RANKS = {1: (9,), 2: (6, 7), 3: (4, 5, 4)}
WINDOWS = {1: (3,), 2: (3, 2), 3: (2, 3, 2)}
CONV = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
CONV_TRANSPOSE = {
    1: functional.conv_transpose1d,
    2: functional.conv_transpose2d,
    3: functional.conv_transpose3d,
}


def channels_first(a):
    return torch.from_numpy(np.moveaxis(a, -1, 1).copy())


def channels_last(a):
    return np.moveaxis(a.detach().numpy(), 1, -1)


def torch_weight(kernel):
    """(*window, c_in // groups, c_out) to (c_out, c_in // groups, *window)."""
    return torch.from_numpy(np.moveaxis(kernel, (-1, -2), (0, 1)).copy())


def run_all(verb, x, kernels, options):
    """One program for many calls of a verb."""
    return jax.jit(lambda x, kernels: [verb(x, k, **o) for k, o in zip(kernels, options, strict=True)])(x, kernels)


@pytest.mark.parametrize("rank", RANKS)
def test_conv_equals_torch_in_every_combination_of_arguments(rank):
    x = whole((2, *RANKS[rank], 4))
    grid = list(product((1, 2), (0, 1, 2), (1, 2), (1, 2, 4)))  # stride, padding, dilation, groups
    kernels = [whole((*WINDOWS[rank], 4 // groups, 4), i) for i, (*_, groups) in enumerate(grid)]
    names = ("stride", "padding", "dilation", "groups")
    options = [dict(zip(names, values, strict=True)) for values in grid]
    fits = [
        all(n + 2 * o["padding"] > o["dilation"] * (k - 1) for n, k in zip(RANKS[rank], WINDOWS[rank], strict=True))
        for o in options
    ]
    kernels, options = ([a for a, fit in zip(each, fits, strict=True) if fit] for each in (kernels, options))
    assert len(options) > 15
    for y, kernel, keywords in zip(run_all(jconv.conv, x, kernels, options), kernels, options, strict=True):
        want = CONV[rank](channels_first(x), torch_weight(kernel), **keywords)
        np.testing.assert_array_equal(y, channels_last(want), str(keywords))


@pytest.mark.parametrize("rank", RANKS)
def test_conv_transpose_equals_torch_in_combinations_of_arguments(rank):
    """Their weight has the channels of their input first: those are the c_out of the conv transposed."""
    y = whole((2, *RANKS[rank], 4))
    grid = [
        (stride, padding, output_padding, dilation, groups)
        for stride, padding, dilation, groups in product((1, 2, 3), (0, 1), (1, 2), (1, 2, 4))
        for output_padding in range(max(stride, dilation))
        if rank == 1 or (groups == 2 and padding == 1)
    ]
    names = ("stride", "padding", "output_padding", "dilation", "groups")
    kernels = [whole((*WINDOWS[rank], 3, 4), i) for i, _ in enumerate(grid)]
    options = [dict(zip(names, values, strict=True)) for values in grid]
    for x, kernel, keywords in zip(run_all(jconv.conv_transpose, y, kernels, options), kernels, options, strict=True):
        want = CONV_TRANSPOSE[rank](channels_first(y), torch_weight(kernel), **keywords)
        np.testing.assert_array_equal(x, channels_last(want), str(keywords))


def test_arguments_per_axis_equal_torch():
    x, y, kernel = whole((2, 6, 7, 4)), whole((2, 4, 3, 6), 1), whole((3, 2, 2, 6), 2)
    options = dict(stride=(2, 3), padding=(1, 0), dilation=(1, 2), groups=2)
    want = functional.conv2d(channels_first(x), torch_weight(kernel), **options)
    np.testing.assert_array_equal(jconv.conv(x, kernel, **options), channels_last(want))
    want = functional.conv_transpose2d(channels_first(y), torch_weight(kernel), output_padding=(1, 2), **options)
    got = jconv.conv_transpose(y, kernel, output_padding=(1, 2), **options)
    np.testing.assert_array_equal(got, channels_last(want))


MODES = ("zeros", "reflect", "replicate", "circular")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rank", RANKS)
def test_padding_modes_equal_those_of_torchs_layers(rank, mode):
    x, kernel = whole((2, *RANKS[rank], 4)), whole((*WINDOWS[rank], 2, 4), 1)
    layer_of = {1: torch.nn.Conv1d, 2: torch.nn.Conv2d, 3: torch.nn.Conv3d}[rank]
    layer = layer_of(4, 4, WINDOWS[rank], stride=2, padding=2, groups=2, bias=False, padding_mode=mode)
    with torch.no_grad():
        layer.weight.copy_(torch_weight(kernel))
    y = jconv.conv(x, kernel, stride=2, padding=2, groups=2, padding_mode=mode)
    np.testing.assert_array_equal(y, channels_last(layer(channels_first(x))))


@pytest.mark.parametrize("rank", RANKS)
def test_same_equals_torchs_same(rank):
    x, kernel = whole((2, *RANKS[rank], 4)), whole((*WINDOWS[rank], 4, 3), 1)
    want = CONV[rank](channels_first(x), torch_weight(kernel), padding="same", dilation=2)
    np.testing.assert_array_equal(jconv.conv(x, kernel, padding="SAME", dilation=2), channels_last(want))


@pytest.mark.parametrize("verb", ["conv", "conv_transpose"])
def test_gradients_equal_torchs(verb):
    x, kernel = whole((2, 6, 7, 4)), whole((3, 2, 2, 4), 2)
    options = dict(stride=2, padding=1, dilation=2, groups=2)
    functions = {"conv": functional.conv2d, "conv_transpose": functional.conv_transpose2d}
    theirs_x, theirs_kernel = (a.requires_grad_() for a in (channels_first(x), torch_weight(kernel)))
    theirs = functions[verb](theirs_x, theirs_kernel, **options)
    ours, pullback = jax.vjp(lambda x, k: getattr(jconv, verb)(x, k, **options), x, kernel)
    cotangent = whole(ours.shape, 3)
    theirs.backward(channels_first(cotangent))
    of_x, of_kernel = pullback(cotangent)
    np.testing.assert_array_equal(ours, channels_last(theirs))
    np.testing.assert_array_equal(of_x, channels_last(theirs_x.grad))
    np.testing.assert_array_equal(np.moveaxis(np.asarray(of_kernel), (-1, -2), (0, 1)), theirs_kernel.grad.numpy())
