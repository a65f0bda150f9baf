"""Convolutions in costume, against the sums that their docstrings give."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import numpy_pad, whole
from derivatives import check_derivatives

from jconv import ops
from jconv._verbs.conv import conv
from jconv.testing.oracles import blur_pool as blur_oracle
from jconv.testing.oracles import convs as oracle

# ---- depthwise and separable


@pytest.mark.parametrize(
    ("sizes", "window", "options"),
    [
        ((9,), (3,), dict(stride=2, padding=1)),
        ((6, 7), (3, 2), dict(padding=((1, 1), (0, 1)), dilation=(1, 2))),
        ((4, 3, 4), (2, 2, 3), dict(stride=(1, 1, 2))),
    ],
)
def test_depthwise_conv(sizes, window, options):
    x, kernel, rank = whole((2, *sizes, 3)), whole((*window, 1, 6), 1), len(sizes)
    pairs = options.get("padding", 0)
    pairs = pairs if isinstance(pairs, tuple) else ((pairs, pairs),) * rank
    spread = (np.broadcast_to(options.get(name, 1), rank).tolist() for name in ("stride", "dilation"))
    want = oracle.depthwise_conv(numpy_pad(x, pairs, ("zeros",) * rank), kernel, *spread)
    np.testing.assert_array_equal(ops.depthwise_conv(x, kernel, **options), want)


def test_separable_conv_is_the_convolution_by_the_product_of_its_kernels():
    x, depthwise, pointwise = whole((2, 6, 7, 3)), whole((3, 2, 1, 6), 1), whole((1, 1, 6, 4), 2)
    options = dict(stride=(2, 1), padding="SAME", padding_mode="edge")
    # kernel[k, c, o] = sum over j of depthwise[k, c, j] * pointwise[c, j, o]
    kernel = np.einsum("ijcm,cmo->ijco", depthwise.reshape(3, 2, 3, 2), pointwise.reshape(3, 2, 4))
    np.testing.assert_array_equal(ops.separable_conv(x, depthwise, pointwise, **options), conv(x, kernel, **options))


def test_derivatives_of_depthwise_and_separable_conv(x64):
    x, depthwise, pointwise = (whole(s, dtype=np.float64) for s in ((1, 5, 4, 2), (2, 2, 1, 4), (1, 1, 4, 3)))
    check_derivatives(lambda x, k: ops.depthwise_conv(x, k, stride=2), x, depthwise)
    check_derivatives(lambda x, a, b: ops.separable_conv(x, a, b, padding="SAME"), x, depthwise, pointwise)


# ---- causal


@pytest.mark.parametrize(
    ("sizes", "window", "stride", "dilation", "padding"),
    [
        ((9,), (3,), (1,), (1,), "SAME"),
        ((9,), (3,), (2,), (3,), "SAME"),
        ((5,), (4,), (3,), (4,), "SAME"),
        ((6, 5), (2, 3), (1, 1), (2, 1), "SAME"),
        ((6, 5), (3, 2), (2, 2), (1, 2), ((1, 0),)),
        ((4, 3, 4), (2, 2, 3), (1, 1, 2), (1, 1, 1), "VALID"),
    ],
)
def test_causal_conv(sizes, window, stride, dilation, padding):
    x, kernel = whole((2, *sizes, 3)), whole((*window, 3, 4), 1)
    y = ops.causal_conv(x, kernel, stride=stride, dilation=dilation, padding=padding)
    named = zip(sizes[1:], window[1:], stride[1:], dilation[1:], strict=True)
    if padding == "SAME":
        reach = [max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0) for n, k, s, d in named]
        pairs = [(n // 2, n - n // 2) for n in reach]
    else:
        pairs = [(0, 0)] * (len(sizes) - 1) if padding == "VALID" else padding
    padded = numpy_pad(x, ((0, 0), *pairs), ("zeros",) * len(sizes))
    np.testing.assert_array_equal(y, oracle.causal_conv(padded, kernel, stride, dilation))


def test_causal_conv_sees_no_future():
    x, kernel = jnp.asarray(whole((8, 4, 2))), whole((3, 3, 2, 2), 1)
    changed = x.at[5:].add(1)
    for mode in ("zeros", "edge", "symmetric"):
        before, after = (ops.causal_conv(a, kernel, dilation=(2, 1), padding_mode=mode) for a in (x, changed))
        np.testing.assert_array_equal(before[:5], after[:5])
        assert (before[5:] != after[5:]).any()


def test_what_stands_before_the_first_input_may_be_chosen_for_time_alone():
    x, kernel = whole((4, 3, 1)), whole((3, 3, 1, 1), 1)
    repeated = np.concatenate([x[:1], x[:1], x])
    want = conv(repeated, kernel, padding=((0, 0), (1, 1)))
    np.testing.assert_array_equal(ops.causal_conv(x, kernel, padding_mode=("edge", "zeros")), want)


def test_causal_conv_is_that_of_depthwise_kernels_too():
    x, kernel = whole((2, 9, 4)), whole((4, 1, 4), 1)
    want = conv(x, kernel, padding="CAUSAL", groups=4)
    np.testing.assert_array_equal(ops.causal_conv(x, kernel, groups=4), want)


def test_derivatives_of_causal_conv(x64):
    x, kernel = whole((1, 5, 4, 2), dtype=np.float64), whole((2, 3, 2, 3), 1, np.float64)
    check_derivatives(lambda x, k: ops.causal_conv(x, k, stride=(2, 1), dilation=(2, 1)), x, kernel)


# ---- blurred and resized


@pytest.mark.parametrize(
    ("sizes", "window", "stride", "padding", "mode"),
    [
        ((8,), (3,), 2, "REFLECT", "reflect"),
        ((7, 6), (3, 4), (2, 3), "REFLECT", "reflect"),
        ((6, 5), (2, 5), 2, 1, "edge"),
    ],
)
def test_blur_pool(sizes, window, stride, padding, mode):
    x = whole((2, *sizes, 3))
    pairs = [((k - 1) // 2, k // 2) for k in window] if padding == "REFLECT" else [(1, 1)] * len(window)
    padded = numpy_pad(x, pairs, (mode,) * len(sizes))
    want = blur_oracle.blur_pool(padded, window, np.broadcast_to(stride, len(sizes)).tolist())
    options = {} if padding == "REFLECT" else {"padding_mode": mode}
    np.testing.assert_allclose(ops.blur_pool(x, window, stride=stride, padding=padding, **options), want, rtol=1e-6)


def test_blur_pool_keeps_constants_and_dtypes():
    for dtype in ("float32", "bfloat16"):
        y = ops.blur_pool(jnp.full((9, 8, 2), 3, dtype), (3, 5))
        assert y.dtype == jnp.dtype(dtype) and (y == 3).all() and y.shape == (5, 4, 2)
    assert ops.blur_pool(np.arange(8)[:, None], (3,)).dtype == np.float32


@pytest.mark.parametrize(("sizes", "scale"), [((5,), (3,)), ((3, 4), (2, 2)), ((2, 3, 2), (1, 2, 3))])
def test_resize_conv_by_nearest_neighbours(sizes, scale):
    x, kernel = whole((2, *sizes, 2)), whole((3,) * len(sizes) + (2, 3), 1)
    want = conv(oracle.repeat(x, scale), kernel, padding="SAME", padding_mode="edge")
    y = ops.resize_conv(x, kernel, scale=scale, padding_mode="edge")
    np.testing.assert_array_equal(y, want)
    size = tuple(n * f for n, f in zip(sizes, scale, strict=True))
    np.testing.assert_array_equal(ops.resize_conv(x, kernel, size=size, padding_mode="edge"), y)


def test_resize_conv_linear_is_exact_on_a_ramp():
    """Half-pixel centres: between the outermost old centres a ramp stays one."""
    ramp = np.arange(5, dtype=np.float32)[:, None]
    y = ops.resize_conv(ramp, np.ones((1, 1, 1), np.float32), scale=4, method="linear").ravel()
    want = (np.arange(20) + 0.5) / 4 - 0.5
    np.testing.assert_allclose(y[2:-2], want[2:-2], rtol=1e-6)


def test_derivatives_of_blur_pool_and_resize_conv(x64):
    x, kernel = whole((1, 5, 4, 2), dtype=np.float64), whole((3, 3, 2, 2), 1, np.float64)
    check_derivatives(lambda x: ops.blur_pool(x, (3, 4)), x, linear=True)
    check_derivatives(lambda x, k: ops.resize_conv(x, k, scale=2, method="cubic"), x, kernel)


# ---- long


def operands(shape, taps, dtype=np.float32):
    x, kernel, gate, skip = whole(shape), whole((taps, shape[-1]), 1), whole(shape, 2), whole(shape[-1:], 3)
    return tuple(a.astype(dtype) for a in (x, kernel, gate, skip))


@pytest.mark.parametrize(
    ("shape", "taps"),
    [((2, 18, 4), 18), ((1, 19, 3), 19), ((2, 24, 8), 17), ((2, 16, 8), 5), ((3, 7, 1), 20), ((1, 1, 4), 1)],
)
def test_long_conv(shape, taps):
    x, kernel, gate, skip = operands(shape, taps)
    largest = np.abs(oracle.long_conv(np.abs(x), np.abs(kernel), np.abs(gate), np.abs(skip))).max()
    want = oracle.long_conv(x, kernel, gate, skip)
    assert np.abs(ops.long_conv(x, kernel, gate=gate, skip=skip) - want).max() < 8 * 2**-23 * largest
    ones, zeros = np.ones(shape), np.zeros(shape[-1])
    want = oracle.long_conv(x, kernel, ones, zeros)
    assert np.abs(ops.long_conv(x, kernel) - want).max() < 8 * 2**-23 * largest
    causal = ops.causal_conv(x, kernel[::-1, None, :], groups=shape[-1])
    np.testing.assert_allclose(ops.long_conv(x, kernel), causal, rtol=0, atol=8 * 2**-23 * largest)


def test_a_few_taps_are_direct_sums():
    """A NaN reaches the outputs whose taps see it, and no others."""
    x = whole((20, 2)).astype(np.float32)
    x[7, 1] = np.nan
    found = np.isnan(ops.long_conv(x, np.ones((3, 2), np.float32)))
    assert np.argwhere(found).tolist() == [[7, 1], [8, 1], [9, 1]]


def test_long_conv_of_other_numbers(x64):
    x, kernel, gate, skip = operands((2, 20, 4), 20, np.float64)
    want = oracle.long_conv(x, kernel, gate, skip)
    np.testing.assert_allclose(ops.long_conv(x, kernel, gate=gate, skip=skip), want, rtol=0, atol=1e-12)
    turned = x * (1 + 2j), kernel * (2 - 1j)
    got = ops.long_conv(*turned, gate=gate, skip=skip)
    np.testing.assert_allclose(got, oracle.long_conv(*turned, gate, skip), rtol=0, atol=1e-12)
    half = [jnp.asarray(a, "bfloat16") for a in (x, kernel, gate, skip)]
    got = ops.long_conv(*half[:2], gate=half[2], skip=half[3])
    assert got.dtype == jnp.bfloat16
    np.testing.assert_allclose(got.astype(np.float64), want, rtol=2**-8, atol=1e-4)
    assert ops.long_conv(np.ones((4, 1), np.int32), np.ones((4, 1), np.int32)).dtype == np.float64


def test_long_conv_gates_and_skips_by_what_broadcasts():
    x, kernel, _, _ = operands((2, 6, 4), 6)
    plain = ops.long_conv(x, kernel)
    np.testing.assert_array_equal(ops.long_conv(x, kernel, gate=2.0), 2 * plain)
    gate = whole((6, 1), 5)
    np.testing.assert_array_equal(ops.long_conv(x, kernel, gate=gate), gate * plain)
    np.testing.assert_allclose(ops.long_conv(x, kernel, skip=3.0), plain + 3 * x, rtol=0, atol=1e-4)


def test_long_conv_batch_axes_and_vmap():
    x, kernel, gate, skip = operands((6, 18, 4), 18)
    together = ops.long_conv(x, kernel, gate=gate, skip=skip)
    apart = ops.long_conv(x.reshape(2, 3, 18, 4), kernel, gate=gate.reshape(2, 3, 18, 4), skip=skip)
    np.testing.assert_allclose(apart.reshape(x.shape), together, atol=1e-5)
    mapped = jax.vmap(lambda x, gate: ops.long_conv(x, kernel, gate=gate, skip=skip))(x, gate)
    np.testing.assert_allclose(mapped, together, atol=1e-5)
    assert ops.long_conv(np.zeros((0, 10, 4)), kernel).shape == (0, 10, 4)


@pytest.mark.parametrize("taps", [3, 17])
def test_derivatives_of_long_conv(taps, x64):
    x, kernel, gate, skip = operands((1, taps, 4), taps, np.float64)
    check_derivatives(lambda x, k, g, s: ops.long_conv(x, k, gate=g, skip=s), x, kernel, gate, skip)


def test_a_gradient_of_long_conv_takes_six_transforms_per_part():
    """Three forward, of x, kernel and cotangent, and three back: spectra are not made twice."""
    x, kernel, gate, skip = map(jnp.asarray, operands((2, 18, 4), 18))

    def both(x, kernel, gate, skip):
        y, back = jax.vjp(lambda x, k, g, s: ops.long_conv(x, k, gate=g, skip=s), x, kernel, gate, skip)
        return y, back(y)

    text = jax.jit(both).lower(x, kernel, gate, skip).compile().as_text()
    assert text.count(" fft(") == 6 * 4
