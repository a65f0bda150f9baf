"""What picks values rather than sums them: extremes, ranks and grey morphology."""

from functools import partial
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.ndimage
from jax.test_util import check_grads

from jconv import ndimage
from jconv.ndimage._network import from_ordered_bits, ordered_bits, selection_network

RNG = np.random.default_rng(0)


def numbers(*shape):
    """All different, and farther apart than a finite difference reaches."""
    return jnp.asarray(RNG.permutation(np.prod(shape)).reshape(shape) + 0.25)


@pytest.mark.parametrize("count", range(1, 10))
def test_a_selection_network_selects_from_every_row_of_zeros_and_ones(count):
    """Which is proof for all numbers: the 0-1 principle."""
    for rank in range(count):
        rows = np.array(list(product([0, 1], repeat=count))).T.copy()
        for i, j, low, high in selection_network(count, rank):
            a, b = rows[i].copy(), rows[j].copy()
            rows[i] = np.minimum(a, b) if low else -1  # what is not needed must not be used
            rows[j] = np.maximum(a, b) if high else -1
        np.testing.assert_array_equal(rows[rank], np.sort(np.array(list(product([0, 1], repeat=count))))[:, rank])


INCREASING = {
    "bool": [0, 1],
    "uint8": [0, 1, 128, 255],
    "int16": [-(2**15), -3, -1, 0, 7, 2**15 - 1],
    "uint32": [0, 1, 2**31, 2**32 - 1],
    "bfloat16": [-np.inf, -300, -1, -0.0, 0.0, 2, 90, np.inf, np.nan],
    "float32": [-np.inf, -7e4, -3, -1e-30, -0.0, 0.0, 1e-30, 2, 7e4, np.inf, np.nan],
}


@pytest.mark.parametrize("dtype", INCREASING)
def test_ordered_bits_are_in_order_and_come_back(dtype):
    x = np.array(INCREASING[dtype]).astype(dtype if dtype != "bfloat16" else jnp.bfloat16)
    keys = ordered_bits(jnp.asarray(x))
    assert (np.diff(np.asarray(keys, np.int64)) > 0).all()
    found = np.asarray(from_ordered_bits(keys, x.dtype))
    assert found.dtype == x.dtype
    np.testing.assert_array_equal(found.astype(np.float64), x.astype(np.float64))  # NumPy knows no NaN of bfloat16


def test_large_windows_are_searched_bit_by_bit_with_the_same_result():
    for dtype, size in (("float32", (8, 9)), ("int16", (5, 13)), ("uint8", 9)):
        x = (RNG.normal(size=(12, 14)) * 60).astype(dtype)
        np.testing.assert_array_equal(ndimage.median_filter(x, size), scipy.ndimage.median_filter(x, size))
        np.testing.assert_array_equal(ndimage.rank_filter(x, 11, size), scipy.ndimage.rank_filter(x, 11, size))


def test_nan_ranks_as_the_largest():
    x = jnp.array([1.0, jnp.nan, 2.0, 3.0, -jnp.nan])
    np.testing.assert_array_equal(ndimage.median_filter(x, 3, mode="nearest"), [1.0, 2.0, 3.0, 3.0, np.nan])


PICKERS = {
    "maximum_filter": partial(ndimage.maximum_filter, size=(2, 5), mode="wrap"),
    "minimum_filter": partial(ndimage.minimum_filter, footprint=[[1, 0, 1], [0, 1, 1]], mode="nearest"),
    "median_filter": partial(ndimage.median_filter, size=3),
    "large percentile_filter": partial(ndimage.percentile_filter, percentile=30, size=(8, 9), mode="mirror"),
}


@pytest.mark.parametrize("name", PICKERS)
def test_derivatives_of_what_is_picked_are_right_in_both_modes_to_the_second_order(name, x64):
    check_grads(jax.jit(PICKERS[name]), (numbers(4, 5),), order=2, modes=("fwd", "rev"), eps=1e-3)


def test_grey_morphology_is_differentiable_in_the_structure_too(x64):
    def moved(x, structure, high):
        y = ndimage.grey_erosion(x, structure=structure, mode="constant", cval=1.5)
        return y + ndimage.grey_dilation(x, structure=high, footprint=[[1, 1, 0], [0, 1, 1]])

    arguments = numbers(4, 5), numbers(2, 3) / 7, numbers(2, 3) / 11
    check_grads(jax.jit(moved), arguments, order=2, modes=("fwd", "rev"), eps=1e-3)


def test_neighbours_that_tie_share_the_derivative():
    x = jnp.array([1.0, 1.0, 0.0, 0.0, 0.0])
    for rank in (1, 2):
        gradient = jax.grad(lambda x, rank=rank: ndimage.rank_filter(x, rank, footprint=[1, 1, 0, 1])[2])(x)
        np.testing.assert_array_equal(gradient, [0.5, 0.5, 0.0, 0.0, 0.0])


def test_integers_have_results_beside_differentiated_floats():
    def loss(x):
        return (x * ndimage.median_filter(jnp.arange(6), 3)).sum()

    np.testing.assert_array_equal(jax.grad(loss)(jnp.ones(6)), [0, 1, 2, 3, 4, 5])


def test_a_batch_is_filtered_by_vmap_as_one_by_one():
    batch = RNG.normal(size=(3, 6, 7)).astype("float32")
    for find, scipys in (
        (partial(ndimage.median_filter, size=3), partial(scipy.ndimage.median_filter, size=3)),
        (partial(ndimage.maximum_filter, size=4), partial(scipy.ndimage.maximum_filter, size=4)),
    ):
        np.testing.assert_array_equal(jax.vmap(find)(batch), [scipys(x) for x in batch])
