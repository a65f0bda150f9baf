"""Packed sequences are convolved as if each were alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import numpy_pad, whole
from derivatives import check_derivatives

from jconv.ops import causal_conv, packed_conv
from jconv.testing.oracles import streams

QUICK, ALL = 5, 200


def check(k):
    rng = np.random.default_rng(k)
    rank, causal = int(rng.choice([1, 1, 2])), bool(rng.integers(2))
    window, dilation = (tuple(int(n) for n in rng.integers(1, top, rank)) for top in (5, 3))
    length, n = int(rng.integers(1, 12)), int(rng.integers(1, 3))
    c, m = rng.integers(1, 4, 2)
    x = whole((n, length, *(4,) * (rank - 1), c), k)
    kernel = whole((*window, c, m), k + 1)
    ids = np.sort(rng.integers(0, 4, (n, length)), 1)
    span = [d * (t - 1) for d, t in zip(dilation[1:], window[1:], strict=True)]
    mode = "reflect" if span == [2] else "zeros"
    pairs = [(s // 2, s - s // 2) for s in span]
    padded = numpy_pad(x, pairs, (mode,) * len(pairs))
    want = streams.packed_conv(padded, kernel, ids, dilation, causal)
    options = {"padding_mode": ("zeros", mode)} if rank == 2 else {}
    got = packed_conv(x, kernel, segment_ids=ids, causal=causal, dilation=dilation, **options)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("k", range(QUICK))
def test_a_few_packs_are_numpys_sum(k):
    check(k)


@pytest.mark.slow
@pytest.mark.parametrize("k", range(QUICK, ALL + QUICK))
def test_hundreds_of_packs_are_numpys_sum(k):
    check(k)


def test_each_segment_is_as_it_is_alone_and_nothing_leaks():
    x, kernel = jnp.asarray(whole((2, 10, 4))), whole((4, 1, 4), 1)
    ids = jnp.array([5, 5, 5, 2, 2, 2, 2, 9, 9, 9])
    y = packed_conv(x, kernel, segment_ids=ids, dilation=2, groups=4)
    for part in (slice(0, 3), slice(3, 7), slice(7, 10)):
        np.testing.assert_array_equal(y[:, part], causal_conv(x[:, part], kernel, dilation=2, groups=4))
    spoiled = packed_conv(x.at[:, 3:7].set(jnp.nan), kernel, segment_ids=ids, dilation=2, groups=4)
    assert jnp.isnan(spoiled[:, 3:7]).all()
    np.testing.assert_array_equal(spoiled[:, 7:], y[:, 7:])
    gradient = jax.grad(lambda x: packed_conv(x, kernel, segment_ids=ids, groups=4)[:, 7:].sum())(x)
    assert (gradient[:, :7] == 0).all() and (gradient[:, 7:] != 0).any()


def test_dtypes_strict_promotion_and_vmap(strict):
    ids = jnp.array([[0, 0, 1, 1, 1], [0, 1, 1, 2, 2]])
    for dtype in ("bfloat16", "int32", "complex64"):
        x, kernel = (jnp.asarray(whole(s, 1), dtype) for s in ((2, 5, 3), (3, 3, 2)))
        y = packed_conv(x, kernel, segment_ids=ids)
        assert y.dtype == x.dtype
        want = streams.packed_conv(x.real.astype(np.float32), kernel.real.astype(np.float32), ids, (1,), True)
        np.testing.assert_array_equal(y.real.astype(np.float32), want)
    mapped = jax.vmap(lambda x, ids: packed_conv(x, kernel, segment_ids=ids))(x, ids)
    np.testing.assert_array_equal(mapped, y)


def test_derivatives_of_packed_conv_and_its_adjoint(x64):
    x, kernel = whole((1, 6, 2), dtype=np.float64), whole((3, 2, 2), 1, np.float64)
    ids = jnp.array([0, 0, 1, 1, 1, 2])
    check_derivatives(lambda x, k: packed_conv(x, k, segment_ids=ids), x, kernel)
    y, back = jax.vjp(lambda x: packed_conv(x, kernel, segment_ids=ids, causal=False), x)
    bar = jnp.asarray(whole(y.shape, 3, np.float64))
    np.testing.assert_allclose(jnp.vdot(y, bar), jnp.vdot(x, back(bar)[0]), rtol=1e-12)


X, KERNEL, IDS = jnp.ones((2, 8, 4)), jnp.ones((3, 4, 6)), jnp.zeros(8, int)
REFUSED = {
    "fractions": (
        lambda: packed_conv(X, KERNEL, segment_ids=IDS.astype(float)),
        TypeError,
        "packed_conv: segment_ids must be integers; they have dtype float32",
    ),
    "another length": (
        lambda: packed_conv(X, KERNEL, segment_ids=IDS[:5]),
        ValueError,
        r"packed_conv: segment_ids must be \(\*batch, time\) = \(2, 8\), or \(time,\) = \(8,\); .* \(5,\)",
    ),
    "padding of time": (
        lambda: packed_conv(X, KERNEL, segment_ids=IDS, padding=1),
        ValueError,
        "packed_conv: padding=1 is for the spatial axes after the first",
    ),
    "a mode in time": (
        lambda: packed_conv(X, KERNEL, segment_ids=IDS, padding_mode="edge"),
        ValueError,
        "packed_conv: padding_mode='edge': before a segment in time stand zeros",
    ),
    "channels": (
        lambda: packed_conv(X, KERNEL[:, :3], segment_ids=IDS),
        ValueError,
        "packed_conv: the kernel takes",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_packed_conv_refuses(name):
    call, kind, message = REFUSED[name]
    with pytest.raises(kind, match=message):
        call()
