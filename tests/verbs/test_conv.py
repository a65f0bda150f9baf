"""jconv.conv against np.pad and the oracle, on whole numbers: every equality is exact."""

from dataclasses import replace
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import EVERYWHERE, numpy_conv, whole
from jax import lax
from paths import primitives

import jconv
from jconv._algorithms import ALGORITHMS

SIZE, CHANNELS, FEATURES = 7, 2, 3


def spread(rank, value):
    return value if isinstance(value, tuple) else (value,) * rank


def truth(x, kernel, pairs, *, stride=1, dilation=1, groups=1, modes="zeros"):
    """numpy_conv with ints and words spread to all axes."""
    rank = kernel.ndim - 2
    per_axis = {name: spread(rank, value) for name, value in {"stride": stride, "dilation": dilation}.items()}
    return numpy_conv(x, kernel, pairs=pairs, groups=groups, modes=spread(rank, modes), **per_axis)


def conv_all(x, kernels, options):
    """One program for many convolutions of x: kernels[i] with options[i]."""
    return jax.jit(lambda x, kernels: [jconv.conv(x, k, **o) for k, o in zip(kernels, options, strict=True)])(
        x, kernels
    )


def test_conv_is_cross_correlation():
    x, kernel = np.array([1.0, 2, 4, 8]), np.array([1.0, 10])
    y = jconv.conv(x[:, None], kernel[:, None, None])
    np.testing.assert_array_equal(y[:, 0], np.correlate(x, kernel))


# ---- padding


def word_pairs(word, size, span, stride):
    """What the words mean, without jconv."""
    match word:
        case "FULL":
            return span - 1, span - 1
        case "CAUSAL":
            return span - 1, 0
        case "CIRCULAR" | "REFLECT":  # as flax.linen.Conv and flax.nnx.Conv have it
            return (span - 1) // 2, span // 2
        case _:
            return tuple(map(int, lax.padtype_to_pads((size,), (span,), (stride,), word)[0]))


WORDS = ("VALID", "SAME", "SAME_LOWER", "FULL", "CAUSAL", "CIRCULAR", "REFLECT")


@pytest.mark.parametrize("word", WORDS)
def test_padding_word_with_every_window_stride_and_dilation(word):
    x = whole((2, SIZE, CHANNELS))
    grid = list(product((1, 2, 3, 4), (1, 2, 3), (1, 2)))
    kernels = [whole((window, CHANNELS, FEATURES), i) for i, (window, _, _) in enumerate(grid)]
    options = [dict(stride=s, dilation=d, padding=word) for _, s, d in grid]
    mode = {"CIRCULAR": "wrap", "REFLECT": "reflect"}.get(word, "zeros")
    for y, kernel, (window, s, d) in zip(conv_all(x, kernels, options), kernels, grid, strict=True):
        pairs = (word_pairs(word, SIZE, d * (window - 1) + 1, s),)
        want = truth(x, kernel, pairs, stride=s, dilation=d, modes=mode)
        np.testing.assert_array_equal(y, want, f"window {window}, stride {s}, dilation {d}")


@pytest.mark.parametrize("word", WORDS)
def test_padding_words_may_be_written_in_small_letters(word):
    x, kernel = whole((SIZE, 1)), whole((3, 1, 1), 1)
    np.testing.assert_array_equal(jconv.conv(x, kernel, padding=word.lower()), jconv.conv(x, kernel, padding=word))


WRITTEN = {  # every way to write amounts for two axes, and the pairs that are meant
    "int": (1, ((1, 1), (1, 1))),
    "int per axis": ((1, 2), ((1, 1), (2, 2))),
    "list": ([0, 1], ((0, 0), (1, 1))),
    "pairs": (((1, 0), (2, 3)), ((1, 0), (2, 3))),
    "lists of lists": ([[1, 0], [2, 3]], ((1, 0), (2, 3))),
    "numpy ints": (np.array([1, 2]), ((1, 1), (2, 2))),
    "numpy pairs": (np.array([[1, 0], [2, 3]]), ((1, 0), (2, 3))),
    "negative int": (-1, ((-1, -1), (-1, -1))),
    "negative pairs": (((-1, 2), (1, -2)), ((-1, 2), (1, -2))),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_padding_amounts_may_be_written_in_every_usual_way(name):
    padding, pairs = WRITTEN[name]
    x, kernel = whole((5, 6, CHANNELS)), whole((2, 3, CHANNELS, FEATURES), 1)
    np.testing.assert_array_equal(jconv.conv(x, kernel, padding=padding), truth(x, kernel, pairs))


MODES = ("zeros", "reflect", "symmetric", "edge", "wrap")


@pytest.mark.parametrize("mode", MODES)
def test_padding_mode_with_every_padding(mode):
    x = whole((2, SIZE, CHANNELS))
    paddings = [(word, None) for word in ("SAME", "SAME_LOWER", "FULL", "CAUSAL", "VALID")]
    paddings += [(pair, pair) for pair in ((2, 1), (0, 3), (9, 8), (-2, 1), (3, -2), (-1, -1))]
    if mode != "zeros":  # which is refused where there is nothing to fill
        paddings = [(word, pair) for word, pair in paddings if word not in ("VALID", (-1, -1))]
    grid = list(product(paddings, ((3, 1, 1), (4, 2, 1), (2, 1, 3))))
    kernels = [whole((window, CHANNELS, FEATURES), i) for i, (_, (window, _, _)) in enumerate(grid)]
    options = [
        dict(stride=s, dilation=d, padding=word if pair is None else (pair,), padding_mode=mode)
        for (word, pair), (_, s, d) in grid
    ]
    for y, kernel, ((word, pair), (window, s, d)) in zip(conv_all(x, kernels, options), kernels, grid, strict=True):
        pairs = (pair or word_pairs(word, SIZE, d * (window - 1) + 1, s),)
        want = truth(x, kernel, pairs, stride=s, dilation=d, modes=mode)
        np.testing.assert_array_equal(y, want, f"{word}, window {window}, stride {s}, dilation {d}")


def test_padding_modes_per_axis():
    x, kernel = whole((2, 4, 5, CHANNELS)), whole((3, 2, CHANNELS, FEATURES), 1)
    pairs = ((2, 3), (1, 2))
    grid = list(product(MODES, MODES))
    options = [dict(padding=pairs, padding_mode=modes, stride=(1, 2)) for modes in grid]
    for y, modes in zip(conv_all(x, [kernel] * len(grid), options), grid, strict=True):
        np.testing.assert_array_equal(y, truth(x, kernel, pairs, stride=(1, 2), modes=modes), str(modes))


SYNONYMS = {
    "circular": "wrap",
    "replicate": "edge",
    "constant": "zeros",
    "REFLECT": "reflect",
    "Wrap": "wrap",
}


@pytest.mark.parametrize("word", SYNONYMS)
def test_the_words_of_other_libraries_name_the_same_modes(word):
    x, kernel = whole((SIZE, 1)), whole((3, 1, 1), 1)
    got = jconv.conv(x, kernel, padding="FULL", padding_mode=word)
    np.testing.assert_array_equal(got, truth(x, kernel, ((2, 2),), modes=SYNONYMS[word]))


def test_zero_padding_makes_no_padded_copy_and_other_modes_make_one():
    x, kernel = jnp.ones((SIZE, 1)), jnp.ones((3, 1, 1))

    def named(mode):
        f = jax.make_jaxpr(lambda x, k: jconv.conv(x, k, padding="SAME", padding_mode=mode))
        return primitives(f(x, kernel).jaxpr)

    assert named("zeros") & {"pad", "concatenate"} == set()
    assert named("wrap") & {"pad", "concatenate"} != set()


# ---- shapes


RANKS = {  # spatial sizes, window, and a value per axis of everything else
    1: ((9,), (4,), (2,), (2,), ((3, 1),)),
    2: ((6, 7), (3, 2), (2, 1), (1, 3), ((1, 2), (0, 3))),
    3: ((4, 5, 3), (2, 3, 2), (1, 2, 1), (2, 1, 1), ((1, 1), (2, 0), (-1, 1))),
    4: ((3, 2, 4, 3), (2, 1, 2, 3), (1, 1, 2, 1), (1, 2, 1, 1), ((0, 1), (1, 0), (1, 1), (1, 1))),
}


@pytest.mark.parametrize("rank", RANKS)
def test_every_argument_per_axis_in_rank_by_every_algorithm(rank):
    sizes, window, stride, dilation, pairs = RANKS[rank]
    x, kernel = whole((2, *sizes, 4)), whole((*window, 2, 6), 1)
    options = dict(stride=stride, dilation=dilation, padding=pairs, groups=2)
    results = conv_all(x, [kernel] * len(EVERYWHERE), [options | dict(algorithm=a) for a in EVERYWHERE])
    want = truth(x, kernel, pairs, stride=stride, dilation=dilation, groups=2)
    for y, algorithm in zip(results, EVERYWHERE, strict=True):
        np.testing.assert_array_equal(y, want, algorithm)


@pytest.mark.parametrize("verb", [jconv.conv, jconv.conv_transpose])
@pytest.mark.parametrize("batch", [(), (1,), (2,), (2, 3), (1, 2, 2), (0,), (2, 0)], ids=str)
def test_any_number_of_batch_axes(verb, batch):
    x, kernel = whole((*batch, SIZE, 4)), whole((3, 2, 4), 1)
    y = verb(x, kernel, groups=2, stride=2, padding=1)
    one = verb(np.zeros((SIZE, 4), np.float32), kernel, groups=2, stride=2, padding=1)
    assert y.shape == (*batch, *one.shape)
    for index in np.ndindex(batch):
        np.testing.assert_array_equal(y[index], verb(x[index], kernel, groups=2, stride=2, padding=1))


def test_an_algorithm_of_ones_own_computes_value_and_gradients():
    """Here: `taps`, but with every product doubled."""
    taps = ALGORITHMS["taps"]
    doubled = replace(taps, name="doubled", compute=lambda x, w, problem: 2 * taps.compute(x, w, problem))
    x, kernel = whole((SIZE, 2)), whole((3, 2, 2), 1)

    def all_of_it(algorithm):
        y, pullback = jax.vjp(lambda x, k: jconv.conv(x, k, algorithm=algorithm), x, kernel)
        return y, *pullback(jnp.ones_like(y))

    for own, want in zip(all_of_it(doubled), all_of_it("taps"), strict=True):
        np.testing.assert_array_equal(own, 2 * want)


GROUPS = {"dense": (1, 4, 6), "two": (2, 4, 6), "depthwise": (4, 4, 4), "depthwise, multiplier 3": (4, 4, 12)}


@pytest.mark.parametrize("name", GROUPS)
def test_groups_equal_separate_convolutions(name):
    groups, c_in, c_out = GROUPS[name]
    x, kernel = whole((2, SIZE, c_in)), whole((3, c_in // groups, c_out), 1)
    parts = [
        truth(part, part_kernel, ((1, 1),))
        for part, part_kernel in zip(np.split(x, groups, -1), np.split(kernel, groups, -1), strict=True)
    ]
    got = jconv.conv(x, kernel, padding="SAME", groups=groups)
    np.testing.assert_array_equal(got, np.concatenate(parts, -1))


def test_no_channels_sum_to_zero_and_no_features_make_nothing():
    assert not jconv.conv(np.ones((5, 0)), np.ones((3, 0, 2))).any()
    assert jconv.conv(np.ones((5, 2)), np.ones((3, 2, 0))).shape == (3, 0)


# ---- dtypes


PROMOTED = {
    ("int32", "float32"): "float32",
    ("bfloat16", "float32"): "float32",
    ("bfloat16", "float16"): "float32",
    ("int8", "bfloat16"): "bfloat16",
    ("float32", "complex64"): "complex64",
    ("int8", "int32"): "int32",
    ("uint8", "int8"): "int16",
    ("float32", "float64"): "float64",
    ("complex64", "float64"): "complex128",
}


@pytest.mark.parametrize("verb", [jconv.conv, jconv.conv_transpose])
@pytest.mark.parametrize(("first", "second"), PROMOTED)
def test_operands_are_promoted_as_in_jax_numpy(verb, first, second, x64):
    x, kernel = np.arange(6).reshape(3, 2), np.arange(8).reshape(2, 2, 2)
    want = verb(x.astype("int32"), kernel.astype("int32"))
    for dtypes in ((first, second), (second, first)):
        y = verb(x.astype(jnp.dtype(dtypes[0])), kernel.astype(jnp.dtype(dtypes[1])))
        assert y.dtype == PROMOTED[first, second] == jnp.promote_types(*dtypes)
        np.testing.assert_array_equal(np.asarray(y).astype("complex128"), want)


def test_lists_and_numpy_doubles_are_taken_as_jax_takes_them():
    y = jconv.conv([[1.0], [2.0], [4.0]], np.ones((2, 1, 1)))
    assert y.dtype == "float32"
    np.testing.assert_array_equal(y, [[3], [6]])


@pytest.mark.parametrize("algorithm", EVERYWHERE)
@pytest.mark.parametrize(
    ("dtype", "preferred"),
    [
        ("bfloat16", "float32"),
        ("float16", "bfloat16"),
        ("float32", "float16"),
        ("int8", "int32"),
        ("int32", "float32"),
        ("uint8", "bfloat16"),
        ("uint32", "int32"),
        ("complex64", "complex64"),
    ],
)
def test_preferred_element_type_is_the_dtype_of_the_result(dtype, preferred, algorithm):
    x, kernel = (np.abs(whole(shape, i)) for i, shape in enumerate([(SIZE, 8), (3, 8, 8)]))
    y = jconv.conv(
        x.astype(jnp.dtype(dtype)),
        kernel.astype(jnp.dtype(dtype)),
        preferred_element_type=preferred,
        algorithm=algorithm,
    )
    assert y.dtype == preferred
    np.testing.assert_array_equal(np.asarray(y).astype("complex64"), truth(x, kernel, ((0, 0),)))


def test_a_wider_result_keeps_what_the_operands_dtype_could_not_hold():
    x, kernel = np.full((1, 300), 1, "bfloat16"), np.full((1, 300, 1), 1, "bfloat16")
    assert jconv.conv(x, kernel, preferred_element_type="float32")[0, 0] == 300
    x, kernel = np.full((1, 3), 100, "int8"), np.full((1, 3, 1), 100, "int8")
    assert jconv.conv(x, kernel, preferred_element_type="int32")[0, 0] == 30000


def test_a_narrowed_float64_is_said_aloud():
    x, kernel = np.ones((3, 1), np.float32), np.ones((2, 1, 1), np.float32)
    with pytest.warns(UserWarning, match="^conv: preferred_element_type=float64 needs jax_enable_x64; the result is"):
        assert jconv.conv(x, kernel, preferred_element_type="float64").dtype == "float32"
