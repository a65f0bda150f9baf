"""Kernels as functions of position, and coordinates as channels, against NumPy's loops."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal, numpy_conv, numpy_pad, whole
from derivatives import check_derivatives

import jconv
from jconv.ops import continuous_conv, continuous_kernel, coord_conv, spline_kernel
from jconv.testing.oracles import convs
from jconv.testing.oracles import coordinates as oracle

QUICK, ALL = 4, 200


def check_continuous(k):
    rng = np.random.default_rng(k)
    rank, degree, groups = int(rng.integers(1, 4)), int(rng.integers(0, 4)), int(rng.choice([1, 1, 2]))
    c, m = int(rng.integers(1, 3)), groups * int(rng.integers(1, 3))
    control = normal((*rng.integers(degree + 1, degree + 4, rank), c, m), k)
    size, reference = (tuple(int(n) for n in rng.integers(1, 6, rank)) for _ in range(2))
    widths = rng.uniform(0.3, 2, rank)
    kernel = oracle.sampled(lambda p: oracle.spline(control, degree, p), size, reference, widths)
    function = spline_kernel(control, degree=degree)
    got = continuous_kernel(function, size, reference=reference, mask_width=widths.astype(np.float32))
    # Steps may fall to either side by rounding; splines of higher degree are continuous.
    if degree:
        np.testing.assert_allclose(got, kernel, rtol=0, atol=2e-5 * np.abs(kernel).max())
    x = normal((1, *(5,) * rank, c * groups), k + 1)
    want = numpy_conv(
        x, np.asarray(got), stride=(1,) * rank, dilation=(1,) * rank, groups=groups,
        pairs=[((n - 1) // 2, n // 2) for n in size],
    )  # fmt: skip
    options = dict(size=size, reference=reference, mask_width=widths.astype(np.float32), groups=groups)
    y = continuous_conv(x, function, **options)
    np.testing.assert_allclose(y, want, rtol=0, atol=1e-5 * (1 + np.abs(want).max()))


def check_coord(k):
    rng = np.random.default_rng(k)
    rank, radius = int(rng.integers(1, 4)), bool(rng.integers(2))
    sizes, window = (tuple(int(n) for n in rng.integers(1, top, rank)) for top in (6, 4))
    stride, dilation = ([int(n) for n in rng.integers(1, 3, rank)] for _ in range(2))
    c, m, n = (int(n) for n in rng.integers(1, 3, 3))
    x, kernel = normal((n, *sizes, c), k), normal((*window, c + rank + radius, m), k + 1)
    pairs = [(d * (t - 1), 1) for d, t in zip(dilation, window, strict=True)]
    mode = str(rng.choice(["zeros", "edge"]))
    places = np.broadcast_to(oracle.coordinates(sizes, radius), (n, *sizes, rank + radius))
    want = numpy_conv(
        np.concatenate([x, places], -1), kernel, stride=stride, pairs=pairs, dilation=dilation, modes=(mode,) * rank
    )
    options = dict(stride=stride, padding=pairs, dilation=dilation, padding_mode=mode)
    got = coord_conv(x, kernel, radius=radius, **options)
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-5 * (1 + np.abs(want).max()))


@pytest.mark.parametrize("k", range(QUICK))
@pytest.mark.parametrize("check", [check_continuous, check_coord])
def test_a_few(check, k):
    check(k)


@pytest.mark.slow
@pytest.mark.parametrize("k", range(QUICK, ALL + QUICK))
@pytest.mark.parametrize("check", [check_continuous, check_coord])
def test_hundreds(check, k):
    check(k)


def test_steps_are_the_control_values():
    control = whole((4, 1, 1))
    np.testing.assert_array_equal(continuous_kernel(spline_kernel(control, degree=0), (4,)), control)
    finer = continuous_kernel(spline_kernel(control, degree=0), (8,), reference=(4,))
    np.testing.assert_array_equal(finer, np.repeat(control, 2, 0) / 2)


def test_a_finer_signal_and_as_many_times_more_taps_give_the_same_sums():
    """A constant piece of x is as long again in samples: with 3 times the taps the result is the same."""
    x, control = whole((12, 2)), normal((6, 2, 3), 1)
    coarse = continuous_conv(x, spline_kernel(control), size=(5,), padding="VALID")
    fine = continuous_conv(
        convs.repeat(x[None], (3,))[0], spline_kernel(control), size=(15,), reference=(5,), padding="VALID"
    )[::3]
    at = coarse.shape[0]
    # Each tap becomes the mean of three, which a smooth kernel hardly notices.
    np.testing.assert_allclose(fine[:at], coarse, atol=0.1 * np.abs(coarse).max())


def test_derivatives_in_x_and_in_the_function(x64):
    x, control = normal((1, 6, 2), dtype=np.float64), normal((4, 2, 2), 1, np.float64)
    width = np.array([0.7])

    def run(x, control, width):
        return continuous_conv(x, spline_kernel(control), size=(3,), mask_width=width)

    check_derivatives(run, x, control, width)
    y, back = jax.vjp(lambda x: run(x, control, width), x)
    bar = jnp.asarray(normal(y.shape, 3, np.float64))
    np.testing.assert_allclose(jnp.vdot(y, bar), jnp.vdot(x, back(bar)[0]), rtol=1e-12)
    kernel = normal((3, 3, 2), 2, np.float64)
    check_derivatives(lambda x, k: coord_conv(x, k), x, kernel)
    # What coordinates add does not depend on x: the difference is linear.
    moved = coord_conv(x, kernel) - coord_conv(np.zeros_like(x), kernel)
    np.testing.assert_allclose(moved, jconv.conv(x, kernel[:, :2], padding="SAME"), atol=1e-12)


def test_dtypes_strict_promotion_and_vmap(strict):
    x, kernel = jnp.asarray(whole((3, 6, 5, 2)), "bfloat16"), jnp.asarray(whole((3, 3, 4, 2), 1), "bfloat16")
    assert coord_conv(x, kernel).dtype == jnp.bfloat16
    mapped = jax.vmap(lambda x: coord_conv(x, kernel))(x)
    np.testing.assert_array_equal(mapped, coord_conv(x, kernel))
    y = continuous_conv(x.astype("float32"), spline_kernel(normal((4, 4, 2, 3))), size=(3, 3), mask_width=0.5)
    assert y.shape == (3, 6, 5, 3)
    assert numpy_pad(np.ones((1, 2, 1)), [(1, 0)], ("zeros",)).shape == (1, 3, 1)


REFUSED = {
    "values of another shape": (
        lambda: continuous_kernel(lambda p: p, (3, 3)),
        ValueError,
        r"continuous_kernel: function must take positions \(3, 3, 2\) to values .* gave shape \(3, 3, 2\)",
    ),
    "a size without a rank": (lambda: continuous_kernel(jnp.sin, 3), TypeError, "continuous_kernel: size=3 must be a"),
    "a mask of another rank": (
        lambda: continuous_conv(np.ones((5, 1)), lambda p: p[..., None], size=(3,), mask_width=np.ones(2)),
        ValueError,
        "continuous_conv: mask_width must be a number, or one per axis",
    ),
    "too few control values": (
        lambda: spline_kernel(np.ones((3, 1, 1))),
        ValueError,
        "spline_kernel: control must be .* at least degree . 1 = 4",
    ),
    "no place for coordinates": (
        lambda: coord_conv(np.ones((5, 5, 2)), np.ones((3, 3, 2, 1))),
        ValueError,
        "coord_conv: the kernel must take c_in=2 channels of x and 2 coordinates; it takes 2",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    call, kind, message = REFUSED[name]
    with pytest.raises(kind, match=message):
        call()
