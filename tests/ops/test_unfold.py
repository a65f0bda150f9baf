"""Patches and what undoes them; channels moved into space and back."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import QUICK_COMPILE, numpy_pad, whole
from derivatives import check_derivatives

from jconv import ops
from jconv._verbs.conv import conv
from jconv.testing.oracles import pixel_shuffle as shuffle_oracle
from jconv.testing.oracles import unfold as oracle

# (spatial sizes, window, stride, padding pairs, dilation, padding mode)
PLACINGS = {
    "3x2": ((5, 6), (3, 2), (1, 1), ((0, 0), (0, 0)), (1, 1), "zeros"),
    "side by side": ((6, 8), (3, 4), (3, 4), ((0, 0), (0, 0)), (1, 1), "zeros"),
    "strided, padded": ((7, 6), (3, 3), (2, 2), ((1, 1), (0, 2)), (1, 1), "zeros"),
    "dilated": ((8, 7), (2, 3), (3, 1), ((1, 1), (1, 1)), (3, 2), "zeros"),
    "stride over window": ((8, 7), (1, 2), (2, 4), ((0, 0), (0, 1)), (1, 1), "zeros"),
    "cropped": ((8, 7), (2, 2), (1, 2), ((-1, 0), (-2, 1)), (1, 1), "zeros"),
    "mirrored": ((6, 5), (3, 3), (2, 1), ((1, 1), (2, 2)), (1, 1), "reflect"),
    "wrapped": ((7,), (4,), (3,), ((2, 1),), (1,), "wrap"),
    "three axes": ((4, 5, 3), (2, 3, 2), (2, 1, 1), ((0, 0), (1, 1), (0, 1)), (1, 1, 1), "zeros"),
}


def patched(name, dtype=np.float32):
    """x, the words of its placing, x padded by NumPy, and the placing for the oracle."""
    sizes, window, stride, pairs, dilation, mode = PLACINGS[name]
    x = whole((2, *sizes, 3), 1, dtype)
    options = dict(stride=stride, padding=pairs, dilation=dilation, padding_mode=mode)
    return x, window, options, numpy_pad(x, pairs, (mode,) * len(sizes)), (stride, dilation)


@pytest.fixture(scope="module")
def everything():
    """All placings in one program: unfold, its gradient, fold, and the gradient of that."""
    given = {}
    for name in PLACINGS:
        x, window, _, padded, placing = patched(name)
        patches = oracle.unfold(padded, window, *placing)
        given[name] = x, whole(patches.shape, 2)

    def all_patches(given):
        found = {}
        for name, (x, bar) in given.items():
            _, window, options, *_ = patched(name)
            y, unfold_back = jax.vjp(lambda x, w=window, o=options: ops.unfold(x, w, **o), x)
            z, fold_back = jax.vjp(lambda p, s=x.shape[1:-1], o=options: ops.fold(p, s, **o), bar)
            found[name] = y, unfold_back(bar)[0], z, fold_back(x)[0]
        return found

    return jax.jit(all_patches).lower(given).compile(compiler_options=QUICK_COMPILE)(given), given


@pytest.mark.parametrize("name", PLACINGS)
def test_unfold_and_fold_and_that_each_is_the_others_adjoint(everything, name):
    found, given = everything
    y, back_of_unfold, z, back_of_fold = found[name]
    (x, bar), (_, window, options, padded, placing) = given[name], patched(name)
    np.testing.assert_array_equal(y, oracle.unfold(padded, window, *placing))
    if options["padding_mode"] == "zeros":
        added = oracle.fold(bar, padded.shape[1:-1], *placing)
        inside = numpy_pad(added, tuple((-lo, -hi) for lo, hi in options["padding"]), ("zeros",) * (x.ndim - 2))
        np.testing.assert_array_equal(z, inside)
    np.testing.assert_array_equal(back_of_unfold, z)
    np.testing.assert_array_equal(back_of_fold, y)
    assert float(np.vdot(y, bar)) == float(np.vdot(x, z))


def test_conv_is_a_product_with_patches():
    x, window, options, *_ = patched("strided, padded")
    kernel = whole((*window, 3, 4), 3)
    product = jnp.tensordot(ops.unfold(x, window, **options), kernel, 3)
    np.testing.assert_array_equal(product, conv(x, kernel, **options))


def test_fold_divided_by_the_fold_of_ones_is_the_inverse_of_unfold():
    x, window, options, *_ = patched("3x2")
    patches = ops.unfold(x, window, **options)
    size = x.shape[1:-1]
    restored = ops.fold(patches, size, **options) / ops.fold(jnp.ones_like(patches), size, **options)
    np.testing.assert_allclose(restored, x, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["bfloat16", "int32", "complex64", "bool"])
def test_patches_are_moved_in_every_dtype(dtype):
    x = (whole((6, 5, 2)) > 0).astype(dtype) if dtype == "bool" else whole((6, 5, 2), dtype=dtype)
    y = ops.unfold(x, (2, 2), stride=2)
    assert y.dtype == x.dtype
    np.testing.assert_array_equal(y, oracle.unfold(x[None], (2, 2), (2, 2), (1, 1))[0])
    if dtype != "bool":
        np.testing.assert_array_equal(ops.fold(y, (6, 5), stride=2)[:, :4], x[:, :4])


def test_derivatives(x64):
    x, window, options, *_ = patched("dilated", np.float64)
    check_derivatives(lambda x: ops.unfold(x, window, **options), x, linear=True)
    patches = oracle.unfold(patched("dilated", np.float64)[3], window, options["stride"], options["dilation"])
    check_derivatives(lambda p: ops.fold(p, x.shape[1:-1], **options), patches, linear=True)


def test_batch_axes_and_vmap():
    x = whole((2, 3, 6, 5, 2))
    unfold = lambda x: ops.unfold(x, (3, 2), stride=2, padding=1)  # noqa: E731
    fold = lambda p: ops.fold(p, (6, 5), stride=2, padding=1)  # noqa: E731
    patches = unfold(x)
    np.testing.assert_array_equal(jax.vmap(jax.vmap(unfold))(x), patches)
    np.testing.assert_array_equal(unfold(x[1, 2]), patches[1, 2])
    np.testing.assert_array_equal(jax.vmap(jax.vmap(fold))(patches), fold(patches))
    assert ops.unfold(np.zeros((0, 6, 5, 2)), (3, 2)).shape == (0, 4, 4, 3, 2, 2)


# ---- pixels


@pytest.mark.parametrize(("sizes", "factor"), [((3,), (2,)), ((2, 3), (2, 3)), ((2, 1, 3), (2, 2, 1))])
def test_pixel_shuffle_and_its_inverse(sizes, factor):
    x = whole((2, *sizes, 3 * int(np.prod(factor))))
    y = ops.pixel_shuffle(x, factor)
    np.testing.assert_array_equal(y, shuffle_oracle.pixel_shuffle(x, factor))
    np.testing.assert_array_equal(ops.pixel_unshuffle(y, factor), x)
    np.testing.assert_array_equal(jax.vmap(lambda x: ops.pixel_shuffle(x, factor))(x), y)
    np.testing.assert_array_equal(ops.pixel_shuffle(x[None], factor)[0], y)


def test_derivatives_of_pixel_shuffle(x64):
    check_derivatives(lambda x: ops.pixel_shuffle(x, (2, 2)), whole((1, 2, 3, 4), dtype=np.float64), linear=True)
    check_derivatives(lambda x: ops.pixel_unshuffle(x, (2, 3)), whole((1, 4, 3, 2), dtype=np.float64), linear=True)
