"""Kernels as sums of separable terms, against NumPy's own decomposition and the convolution by the whole kernel."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal, numpy_conv
from derivatives import check_derivatives

import jconv
from jconv.ops import low_rank, low_rank_conv

QUICK, ALL = 4, 200


def put_together(factors, groups, window, c, m):
    """The kernel (*window, c, m) of the factors, term by term, in NumPy."""
    factors = [np.asarray(a, np.float64) for a in factors]
    n, each = len(window), m // groups
    terms = factors[0].shape[-1] // groups
    kernel = np.zeros((*window, c, m))
    for g in range(groups):
        for r in range(terms):
            term = factors[0][..., g * terms + r]  # [K1, 1, ..., c]
            for factor in factors[1:-1]:
                term = term * factor[..., 0, g * terms + r][..., None]
            last = factors[-1][..., r, g * each : (g + 1) * each]
            kernel[..., g * each : (g + 1) * each] += term[..., None] * last[..., None, :]
    assert n == factors[0].ndim - 2
    return kernel


def check(k):
    rng = np.random.default_rng(k)
    rank, groups = int(rng.choice([1, 2, 2, 3])), int(rng.choice([1, 1, 2]))
    window = tuple(int(n) for n in rng.integers(1, 4, rank))
    c, each = (int(n) for n in rng.integers(1, 4, 2))
    kernel = normal((*window, c, groups * each), k)
    sides = (window[0] * c, (window[-1] if rank > 1 else 1) * each)
    terms = int(rng.integers(1, min(sides) + 1)) if rank < 3 else int(rng.integers(1, 4))
    factors, error = low_rank(kernel, terms, groups=groups, sweeps=20)
    made = put_together(factors, groups, window, c, groups * each)
    assert abs(np.linalg.norm(kernel - made) / np.linalg.norm(kernel) - error) < 1e-4
    if rank < 3:  # no sum of so many terms is nearer
        best = 0.0
        for g in range(groups):
            part = kernel[..., g * each : (g + 1) * each]
            matrix = part.reshape(sides) if rank == 1 else part.transpose(0, 2, 1, 3).reshape(sides)
            best += (np.linalg.svd(matrix.astype(np.float64), compute_uv=False)[terms:] ** 2).sum()
        assert abs(np.sqrt(best) / np.linalg.norm(kernel) - error) < 1e-4
    stride, dilation = ([int(n) for n in rng.integers(1, 3, rank)] for _ in range(2))
    pairs = [(int(lo), int(hi)) for lo, hi in rng.integers(0, 2, (rank, 2))]
    drawn = rng.choice(["zeros", "edge", "wrap"], rank)
    modes = tuple(str(mode) if any(pair) else "zeros" for mode, pair in zip(drawn, pairs, strict=True))
    x = normal((1, *(6,) * rank, c * groups), k + 1)
    want = numpy_conv(x, made, stride=stride, pairs=pairs, dilation=dilation, groups=groups, modes=modes)
    got = low_rank_conv(x, factors, stride=stride, padding=pairs, dilation=dilation, padding_mode=modes)
    np.testing.assert_allclose(got, want, rtol=0, atol=2e-5 * (1 + np.abs(want).max()))


@pytest.mark.parametrize("k", range(QUICK))
def test_a_few_kernels(k):
    check(k)


@pytest.mark.slow
@pytest.mark.parametrize("k", range(QUICK, ALL + QUICK))
def test_hundreds_of_kernels(k):
    check(k)


def test_a_kernel_of_few_terms_is_found_on_three_axes():
    a, b, c = normal((3, 2, 2), 1), normal((4, 2), 2), normal((3, 2, 5), 3)
    kernel = np.einsum("icr,jr,krm->ijkcm", a, b, c)
    assert float(low_rank(kernel, 2).error) < 1e-3
    assert float(low_rank(kernel, 1).error) > 0.1


def test_jit_vmap_and_dtypes():
    kernels = normal((2, 3, 3, 2, 4))
    together = jax.jit(jax.vmap(lambda kernel: low_rank(kernel, 2).error))(kernels)
    np.testing.assert_allclose(together[1], low_rank(kernels[1], 2).error, rtol=1e-5)
    factors, _ = low_rank(jnp.asarray(kernels[0], "bfloat16"), 2)
    assert {a.dtype for a in factors} == {jnp.dtype("bfloat16")}


def test_derivatives_of_low_rank_conv_and_of_a_decomposition(x64):
    kernel, x = normal((2, 2, 1, 2), dtype=np.float64), normal((1, 4, 4, 1), 1, np.float64)
    factors = low_rank(kernel, 1).factors
    check_derivatives(lambda x, a, b: low_rank_conv(x, (a, b), padding="SAME"), x, *factors)
    check_derivatives(lambda kernel: low_rank(kernel, 1).error, kernel, tolerance=1e-5)
    y, back = jax.vjp(lambda x: low_rank_conv(x, factors, stride=2), x)
    bar = jnp.asarray(normal(y.shape, 3, np.float64))
    np.testing.assert_allclose(jnp.vdot(y, bar), jnp.vdot(x, back(bar)[0]), rtol=1e-12)
    whole = low_rank(kernel, 2)
    np.testing.assert_allclose(low_rank_conv(x, whole.factors), jconv.conv(x, kernel), atol=1e-12)


REFUSED = {
    "more terms than there are": (
        lambda: low_rank(np.ones((3, 3, 1, 1)), 4),
        ValueError,
        "low_rank: terms=4 must be at most 3",
    ),
    "complex": (lambda: low_rank(np.ones((3, 3, 1, 1)) * 1j, 1), TypeError, "low_rank: kernel has dtype complex"),
    "groups": (lambda: low_rank(np.ones((3, 3, 1, 4)), 1, groups=3), ValueError, "low_rank: groups=3 must divide"),
    "channels": (
        lambda: low_rank_conv(np.ones((8, 8, 3)), low_rank(np.ones((3, 3, 2, 1)), 1).factors),
        ValueError,
        "low_rank_conv: factor 0 of shape .* takes 2 channels per group",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    call, kind, message = REFUSED[name]
    with pytest.raises(kind, match=message):
        call()
