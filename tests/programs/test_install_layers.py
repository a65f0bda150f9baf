"""install reaches layers that nobody here wrote: same values and gradients, with and without."""

from functools import partial

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal
from flax import nnx
from served import assert_same, is_served

import jconv

# Every way in which these layers call lax.
OPTIONS = {
    "strided": dict(strides=2),
    "causal": dict(kernel_size=(3,), padding="CAUSAL"),
    "circular": dict(padding="CIRCULAR"),
    "reflect": dict(padding="REFLECT"),
    "dilated": dict(kernel_dilation=2),
    "input dilation": dict(input_dilation=2, padding=((1, 2), (2, 1))),
    "grouped": dict(feature_group_count=2),
    "depthwise": dict(feature_group_count=4),
    "3-D": dict(kernel_size=(2, 3, 2)),
}
TRANSPOSED = {
    "transposed": dict(strides=2),
    "transposed, valid": dict(strides=(2, 3), padding="VALID", kernel_dilation=2),
    "transposed, its own kernel transposed": dict(strides=2, transpose_kernel=True),
    "transposed, circular": dict(strides=2, padding="CIRCULAR"),
}


def image(options, channels=4):
    rank = len(options.get("kernel_size", (3, 3)))
    return normal((2, *(6, 7, 5)[:rank], channels))


def nnx_layer(kind, options, features):
    layer = kind(4, features, **{"kernel_size": (3, 3)} | options, rngs=nnx.Rngs(0))
    graph, state = nnx.split(layer)
    return (lambda state, x: nnx.merge(graph, state)(x)), state


def linen_layer(kind, options, features):
    layer = kind(features, **{"kernel_size": (3, 3)} | options)
    return layer.apply, layer.init(jax.random.key(0), image(options))


@pytest.mark.parametrize("name", OPTIONS)
def test_flax_nnx_conv(name):
    f, state = nnx_layer(nnx.Conv, OPTIONS[name], 4)
    assert_same(f, state, image(OPTIONS[name]))


@pytest.mark.parametrize("name", TRANSPOSED)
def test_flax_nnx_conv_transpose(name):
    f, state = nnx_layer(nnx.ConvTranspose, TRANSPOSED[name], 3)
    assert_same(f, state, image(TRANSPOSED[name]))


@pytest.mark.parametrize("name", ["strided", "depthwise"])
def test_flax_linen_conv(name):
    f, variables = linen_layer(flax.linen.Conv, OPTIONS[name], 4)
    assert_same(f, variables, image(OPTIONS[name]))


def test_flax_linen_conv_transpose():
    f, variables = linen_layer(flax.linen.ConvTranspose, TRANSPOSED["transposed"], 3)
    assert_same(f, variables, image({}))


def test_flax_linen_conv_local_which_makes_patches_by_a_convolution():
    f, variables = linen_layer(flax.linen.ConvLocal, {}, 3)
    assert_same(f, variables, image({}), layers=2)


@pytest.mark.parametrize(("name", "mode"), [("convolve", "full"), ("correlate", "same"), ("convolve2d", "valid")])
def test_jax_scipy_signal(name, mode):
    rank = 2 if name == "convolve2d" else 3
    f = partial(getattr(jax.scipy.signal, name), mode=mode)
    assert_same(f, normal((6, 5, 7)[:rank]), normal((2, 3, 2)[:rank], 1))


def test_jax_numpy_convolve():
    assert_same(jnp.convolve, normal((30,)), normal((5,), 1))


@pytest.fixture
def equinox():
    return pytest.importorskip("equinox", reason="Equinox is an extra of the tests")


@pytest.mark.parametrize(
    "options",
    [dict(stride=2, padding=1), dict(groups=2, dilation=2), dict(padding="SAME", padding_mode="REFLECT")],
)
def test_equinox_conv(options, equinox):
    layer = equinox.nn.Conv2d(4, 6, 3, key=jax.random.key(0), **options)
    weights, rest = equinox.partition(layer, equinox.is_array)
    assert_same(lambda weights, x: jax.vmap(equinox.combine(weights, rest))(x), weights, normal((2, 4, 7, 8)))


@pytest.mark.parametrize("options", [dict(stride=2, padding=1, output_padding=1), dict(groups=2, dilation=2)])
def test_equinox_conv_transpose(options, equinox):
    layer = equinox.nn.ConvTranspose2d(4, 6, 3, key=jax.random.key(0), **options)
    weights, rest = equinox.partition(layer, equinox.is_array)
    assert_same(lambda weights, x: jax.vmap(equinox.combine(weights, rest))(x), weights, normal((2, 4, 5, 6)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["Conv2D", "DepthwiseConv2D", "Conv2DTranspose", "SeparableConv1D"])
def test_keras_on_jax(kind, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras", reason="Keras is heavy, and no part of the test extra")
    if keras.backend.backend() != "jax":
        pytest.skip("Keras was imported with another backend")
    options = dict(strides=2, padding="same") | ({} if kind == "DepthwiseConv2D" else dict(filters=6))
    layer = getattr(keras.layers, kind)(kernel_size=3, **options)
    x = normal((2, 8, 4)) if "1D" in kind else normal((2, 8, 7, 4))
    layer.build(x.shape)
    weights = [np.asarray(v.value) for v in layer.trainable_variables]
    assert_same(lambda weights, x: layer.stateless_call(weights, [], x)[0], weights, x, layers=2)


def test_training_in_a_loop_goes_the_same_way():
    f, state = nnx_layer(nnx.Conv, OPTIONS["depthwise"], 4)
    x = image({})

    @jax.jit
    def train(state):
        def step(state, _):
            loss, gradient = jax.value_and_grad(lambda state: jnp.mean(f(state, x) ** 2))(state)
            return jax.tree.map(lambda p, g: p - g, state, gradient), loss

        return jax.lax.scan(step, state, None, length=5)

    without = jax.tree.leaves(train(state))
    with jconv.installed():
        assert is_served(train, state)
        got = jax.tree.leaves(train(state))
    assert without[-1][0] > 2 * without[-1][-1]  # it does learn
    for one, other in zip(without, got, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
