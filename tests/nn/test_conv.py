"""The layers are Flax's, with jconv inside: parameters, values and checkpoints interchange both ways."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import whole
from flax import nnx
from paths import primitives

import jconv
from jconv import kernels
from jconv.nn import Conv, ConvTranspose, DepthwiseConv, FixedFilter, SeparableConv

INIT = dict(
    kernel_init=lambda key, shape, dtype, *_: jnp.asarray(whole(shape, 1, dtype)),
    bias_init=lambda key, shape, dtype, *_: jnp.asarray(whole(shape, 2, dtype)),
)
CONVS = {  # spatial sizes, kernel_size, options of both
    "plain": ((7, 8), (3, 3), dict()),
    "strided": ((9, 8), (3, 2), dict(strides=(2, 3))),
    "dilated": ((9, 8), (3, 2), dict(kernel_dilation=(2, 3))),
    "input dilation": ((5,), (3,), dict(input_dilation=2, padding=((2, 2),))),
    "groups": ((7,), (3,), dict(feature_group_count=2, padding="VALID")),
    "an int of padding": ((7, 6), (3, 2), dict(padding=1, use_bias=False)),
    "CIRCULAR": ((7, 6), (3, 4), dict(padding="CIRCULAR")),
    "REFLECT, strided": ((7, 6), (3, 4), dict(padding="REFLECT", strides=2)),
    "CAUSAL": ((9,), 3, dict(padding="CAUSAL", kernel_dilation=2)),
    "three axes": ((3, 4, 5), (2, 3, 2), dict()),
    "float16 inside": ((7,), (3,), dict(dtype=jnp.float16)),
}
TRANSPOSES = {
    "plain": ((5, 4), (3, 3), dict(strides=2)),
    "VALID": ((5, 4), (3, 2), dict(strides=(2, 3), padding="VALID")),
    "window within stride": ((4,), (2,), dict(strides=3, padding="VALID")),
    "SAME, window within stride": ((4,), (2,), dict(strides=3)),
    "pairs": ((5,), (4,), dict(strides=2, padding=((2, 1),))),
    "dilated": ((5,), (3,), dict(strides=2, kernel_dilation=2)),
    "unit stride": ((5, 4), (3, 2), dict()),
    "transposed kernel": ((5, 4), (3, 2), dict(strides=2, transpose_kernel=True)),
    "CIRCULAR": ((6,), (3,), dict(strides=2, padding="CIRCULAR")),
    "no bias": ((6,), (3,), dict(strides=2, use_bias=False)),
}


def value_and_gradients(layer, x):
    graph, parameters = nnx.split(layer)
    y, pullback = jax.vjp(lambda p, x: nnx.merge(graph, p)(x), parameters, x)
    return y, *pullback(jnp.asarray(whole(y.shape, 3, y.dtype)))


def arrays(tree):
    return jax.tree.map(jnp.asarray, nnx.to_pure_dict(tree) if isinstance(tree, nnx.State) else tree)


def check_same(theirs, ours, x):
    """Parameters, value and gradients are the same; whole numbers are, bit for bit."""
    chex.assert_trees_all_equal(arrays(nnx.state(theirs, nnx.Param)), arrays(nnx.state(ours, nnx.Param)), strict=True)
    want, got = jax.jit(value_and_gradients)(theirs, x), jax.jit(value_and_gradients)(ours, x)
    chex.assert_trees_all_equal(tuple(map(arrays, want)), tuple(map(arrays, got)), strict=True)


@pytest.mark.parametrize("name", CONVS)
def test_conv_is_flaxs(name):
    sizes, window, options = CONVS[name]
    layers = (kind(4, 8, window, **options, **INIT, rngs=nnx.Rngs(0)) for kind in (nnx.Conv, Conv))
    check_same(*layers, whole((2, *sizes, 4)))


@pytest.mark.parametrize("name", TRANSPOSES)
def test_conv_transpose_is_flaxs(name):
    sizes, window, options = TRANSPOSES[name]
    layers = (kind(4, 6, window, **options, **INIT, rngs=nnx.Rngs(0)) for kind in (nnx.ConvTranspose, ConvTranspose))
    check_same(*layers, whole((2, *sizes, 4)))


@pytest.mark.parametrize(("theirs", "ours"), [(nnx.Conv, Conv), (nnx.ConvTranspose, ConvTranspose)])
def test_first_parameters_and_checkpoints_interchange(theirs, ours):
    one, other = theirs(3, 8, (3, 3), rngs=nnx.Rngs(1)), ours(3, 8, (3, 3), rngs=nnx.Rngs(1))
    chex.assert_trees_all_equal(arrays(nnx.state(one, nnx.Param)), arrays(nnx.state(other, nnx.Param)), strict=True)
    for source, goal in ((theirs, ours), (ours, theirs)):
        saved = nnx.to_pure_dict(nnx.state(source(3, 8, (3, 3), rngs=nnx.Rngs(2)), nnx.Param))
        layer = goal(3, 8, (3, 3), rngs=nnx.Rngs(3))
        state = nnx.state(layer, nnx.Param)
        nnx.replace_by_pure_dict(state, saved)
        nnx.update(layer, state)
        np.testing.assert_array_equal(layer.kernel[...], saved["kernel"])


def test_any_number_of_batch_axes_and_jconvs_primitive():
    layer, x = Conv(4, 8, (3, 3), rngs=nnx.Rngs(0)), whole((2, 3, 7, 6, 4))
    graph, state = nnx.split(layer)
    jaxpr = jax.make_jaxpr(lambda state, x: nnx.merge(graph, state)(x))(state, x)
    assert "jconv" in primitives(jaxpr.jaxpr)
    np.testing.assert_allclose(layer(x)[1, 2], layer(x[1, 2]), rtol=1e-5, atol=1e-5)


def test_padding_modes_per_axis_and_algorithm_are_convs():
    layer = Conv(4, 8, (3, 4), padding_mode=("reflect", "wrap"), algorithm="taps", use_bias=False, rngs=nnx.Rngs(0))
    x = whole((2, 7, 6, 4))
    want = jconv.conv(x, layer.kernel[...], padding="SAME", padding_mode=("reflect", "wrap"))
    np.testing.assert_allclose(layer(x), want, rtol=1e-5, atol=1e-5)
    graph, state = nnx.split(layer)
    assert "stablehlo.convolution" not in jax.jit(lambda s, x: nnx.merge(graph, s)(x)).lower(state, x).as_text()


def test_output_padding_adds_positions_on_the_high_side():
    plain, longer = (ConvTranspose(4, 6, 3, 2, output_padding=p, **INIT, rngs=nnx.Rngs(0)) for p in (0, 1))
    x = whole((2, 5, 4))
    assert longer(x).shape == (2, 11, 6)
    np.testing.assert_array_equal(longer(x)[:, :10], plain(x))


def test_depthwise_and_separable():
    x = whole((2, 7, 6, 4))
    layer = DepthwiseConv(4, (3, 3), multiplier=2, rngs=nnx.Rngs(0))
    want = nnx.Conv(4, 8, (3, 3), feature_group_count=4, rngs=nnx.Rngs(0))
    np.testing.assert_allclose(layer(x), want(x), rtol=1e-5, atol=1e-5)
    separable = SeparableConv(4, 5, (3, 3), strides=2, rngs=nnx.Rngs(0))
    assert separable(x).shape == (2, 4, 3, 5)
    assert sum(p.size for p in jax.tree.leaves(nnx.state(separable, nnx.Param))) == 9 * 4 + 4 * 5 + 5


def test_both_parts_of_a_separable_layer_compute_in_the_dtype_and_way_asked_for():
    words = dict(dtype=jnp.bfloat16, param_dtype=jnp.float16, precision="highest", algorithm="taps")
    layer, x = SeparableConv(4, 5, (3, 3), **words, rngs=nnx.Rngs(0)), whole((2, 7, 6, 4))
    assert layer(x).dtype == jnp.bfloat16
    assert {p.dtype for p in jax.tree.leaves(nnx.state(layer, nnx.Param))} == {jnp.dtype(jnp.float16)}
    graph, state = nnx.split(layer)
    program = jax.jit(lambda s, x: nnx.merge(graph, s)(x)).lower(state, x).as_text()
    assert "stablehlo.convolution" not in program
    assert (layer.pointwise.precision, layer.pointwise.algorithm) == ("highest", "taps")
    wide = SeparableConv(4, 5, 3, dtype=jnp.bfloat16, preferred_element_type=jnp.float32, rngs=nnx.Rngs(0))
    assert wide(x[0]).dtype == jnp.float32


def test_a_fixed_filter_is_its_kernel_and_is_not_trained():
    x = whole((2, 7, 6, 3))
    layer = FixedFilter(kernels.sobel(axis=-1), padding_mode="reflect")
    kernel = jnp.asarray(kernels.sobel(axis=-1))[..., None, None]
    for c in range(3):
        want = jconv.conv(x[..., c : c + 1], kernel, padding="SAME", padding_mode="reflect")
        np.testing.assert_allclose(layer(x)[..., c : c + 1], want, rtol=1e-6, atol=1e-5)
    assert jax.tree.leaves(nnx.state(layer, nnx.Param)) == []
    assert len(jax.tree.leaves(nnx.state(FixedFilter(np.ones(3), trained=True), nnx.Param))) == 1


REFUSED = {
    "a mode beside input dilation": (
        lambda: Conv(1, 1, 3, input_dilation=2, padding_mode="wrap", rngs=nnx.Rngs(0)),
        "Conv: padding_mode='wrap' has no meaning with input_dilation=2",
    ),
    "an unknown mode": (
        lambda: Conv(1, 1, 3, padding_mode="mirror", rngs=nnx.Rngs(0)),
        "Conv: padding_mode='mirror' is not one of",
    ),
    "an unknown algorithm": (
        lambda: ConvTranspose(1, 1, 3, algorithm="tap", rngs=nnx.Rngs(0)),
        "ConvTranspose: algorithm='tap' is not one of .* Did you mean 'taps'",
    ),
    "output padding around a circle": (
        lambda: ConvTranspose(1, 1, 3, padding="CIRCULAR", output_padding=1, rngs=nnx.Rngs(0)),
        "ConvTranspose: output_padding has no meaning",
    ),
    "a word that lax has not": (
        lambda: ConvTranspose(1, 1, 3, padding="FULL", rngs=nnx.Rngs(0))(jnp.ones((1, 4, 1))),
        "ConvTranspose: padding='FULL' is not one of 'SAME', 'VALID', 'CIRCULAR', or pairs",
    ),
    "scalar taps": (lambda: FixedFilter(1.0), r"FixedFilter: taps must be \(\*window,\)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    call, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        call()
